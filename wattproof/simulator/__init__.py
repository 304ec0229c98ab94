"""Charge points that are not there: real WebSocket frames from a seeded fleet or a table.

What is deterministic given a seed: who charges where and when, every value, every message id.
"""
