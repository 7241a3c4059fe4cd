"""CRUD conformance: what programs are meant to do to which tables, and what they really do.

The room knows no program: a package brings a *subject* (programs, tables, expectations). Each
program runs on a live server while its statements are *captured* at its connection; their texts
say which tables they touch and how, in four *letters*: C adds rows, R reads, U updates, D deletes.

One convention: what a statement reads of the very table it changes (the rows its WHERE finds, the
highest number so far) belongs to the change and is no R of its own.
"""
