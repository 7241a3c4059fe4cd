"""The batch night: jobs in a network with milestones, run on a live server and recorded outside it.

A *job* is an application program run once in the night. *Milestones* (T1, T2, …) cut the night into
*windows*: window k lies between T(k) and T(k+1). A *placement* says which job runs in which window;
it is data, and jobs that nothing orders run at once. What happened is in a *ledger*, a file beside
the server: it says after a crash which jobs had ended, which had begun, and which milestones were
passed. How each job stands then is its *standing*, from which `harness.planning` plans what to run
again.

    night.py     what a package brings: jobs, placements, programs
    network.py   the graph, and what is wrong with one
    ledger.py    the record outside the server
    standing.py  how each job stands, read from the ledger
    runner.py    the night on a live server
"""
