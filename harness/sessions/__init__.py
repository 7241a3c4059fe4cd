"""One connection on one thread, with at most one step under way.

A program runs unmodified on its session's thread. SQLAlchemy's own connection events hold it before
every statement, commit and rollback until somebody says go. What happens between two holds is one
*step*: the statement's round trip and whatever the program computes before its next statement.
"""
