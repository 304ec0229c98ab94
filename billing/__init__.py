"""The reckoning: what a message meant, what a session is, what it costs, what an invoice is.

Pure values in, pure values out. This room knows no socket, file, clock, random number or float.
"""
