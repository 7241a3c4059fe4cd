"""From what happened to a verdict. Pure: no connection, no clock.

A check never asks a server; it compares values that were read before. *Unknown* is a value and
never turns into fine.
"""
