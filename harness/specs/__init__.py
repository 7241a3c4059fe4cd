"""PostgreSQL's isolation-test specifications, read, conducted and explored.

A *spec* names the *sessions* of a test and their *steps*, each a block of SQL; a *permutation*
lists steps in the order in which they are to be sent. Where a spec lists permutations they are
conducted and told in the isolation tester's own words, so that `diff` can compare the two; where it
lists none, every possible interleaving is explored.
"""
