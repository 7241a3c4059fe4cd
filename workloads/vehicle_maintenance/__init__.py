"""The programs of the vehicle maintenance system (2024 autumn exam, afternoon II, question 1).

A program is a plain function over a SQLAlchemy `Connection` which ends its own transactions. It
knows nothing of the harness: the same function is explored step by step, replayed at speed and
killed in the middle of the batch night.
"""
