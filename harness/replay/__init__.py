"""Many programs at speed: requests that arrive when they will, whatever the server does.

A *replay* is open-loop: when each request is meant to start is known before the first one does, and
a slow server does not make later requests come later. *Latency* is counted from the intended start,
so what a request waited before it could begin is in it (no coordinated omission); *lag* is that
part alone, by which one sees whether the generator kept up. Online programs run on *pools*, one for
each program in each process; batch jobs run in *stages*, one after the other.
"""
