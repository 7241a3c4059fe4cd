"""What is left after a kill, and how long it takes: the ledger's comparison, the time in parts.

The one rule: what the server promised is written down outside the server, in the moment it is
promised, and the tables are compared with that. A process that is killed is not a machine that
loses its power: what the operating system had been given is still there afterwards, so a kill says
nothing about disks.

Terms: a *ticket* names one transaction; a *promise* is how it ended, as its program was told; a
*load* is a set of transactions that leave their tickets in the tables; a *drill* is a rehearsal
with a verdict.
"""
