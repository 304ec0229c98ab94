"""Answers: pure functions of (call, view, now), one per action and OCPP version.

`reply.reply` reads a frame, finds the function in `table` and writes the answer's frame. Nothing
here waits, remembers or knows the time, so every answer can be replayed from the log.
"""
