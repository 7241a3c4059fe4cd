"""Programs at volume: how long they take, who waits, what they log and lock, and what they lose.

The small exploration (`harness.interleave`) says what can happen; a measurement says how much of it
does, on so many rows, and what a fix costs. Every trial begins with equal rows, put back inside the
server, and its end is compared with what is right.

Terms: a *measurement* has *cases* (a variant, with a number of jobs or of rows for each commit); a
case has *trials*, each measured once; a *job* is a batch program in a process of its own; a
*stream* is requests of online programs, which arrive whether or not those before them are done.
"""
