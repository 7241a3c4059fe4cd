"""The tables of the two systems, their data and their invariants.

This room knows SQLAlchemy and nothing of the harness, so that its tables can be created and
its rules be checked by anything that has a connection. Engines are named in `dialect` only.
"""
