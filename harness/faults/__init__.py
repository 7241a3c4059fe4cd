"""What is broken on purpose, and at which moment.

Terms: a *moment* is when a kill comes, in words that can be read again; a *trigger* waits for that
moment among the writers' own steps. Signals themselves are sent by `harness.servers`.
"""
