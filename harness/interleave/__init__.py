"""Drive programs through every possible interleaving on a live server.

A *conductor* runs one *schedule*: at each *turn* it releases one step of one session and waits
until every session is at *rest*: held before its next step, finished, or reported waiting by the
server. A *scheduler* says whose turn is next and sees only the sessions that can move. One run of
the programs from the fixture to the end is an *execution*; to *explore* is to run many.
"""
