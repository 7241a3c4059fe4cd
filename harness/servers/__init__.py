"""Where a server comes from, and its life: start, stop, kill, pause, restart, its log, its tools.

The one room with processes and signals. Whatever is started here listens on 127.0.0.1 only, has a
random password that reaches no log, carries a label, and is gone after success, failure, Ctrl-C or
SIGTERM.
"""
