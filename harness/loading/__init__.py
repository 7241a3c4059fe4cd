"""Large data into empty tables, and the proof that all of it arrived.

A *dataset* yields rows block by block; a *spool* is a part of them as files, one line a row; the
loader sends spools through the engine's own way to take files. A *digest* of a table does not
depend on the order of its rows: it is added up while the lines are written and asked of the server
afterwards, and equal digests say that the tables hold what was sent.
"""
