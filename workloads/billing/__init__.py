"""The programs of the billing system (2010 spring exam, afternoon I, question 3).

A program is a plain function over a SQLAlchemy `Connection` which ends its own transactions. It
knows nothing of the harness. Where the exam's figures are lost, what is assumed says so.
"""
