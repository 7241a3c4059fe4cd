"""A server watched while work goes on: figures, lock waits, deadlocks, its log, its life.

    with Monitor(engine, url, server) as monitor:
        ...                                   # whatever is to be watched
    report = monitor.report()

The rule of this room: what was not seen is said to be not seen. A figure that an engine does not
have is told with a sentence and is never 0; a wait that began and ended between two samples is in
no table, and the report says how far apart the samples were.

Terms: a *sample* is all that was asked at one moment; a *figure*, see `engines.monitoring`; a
*spell* is a time during which the server answered, or did not; a *program* is the name under which
a connection is told.
"""

from harness.operations.monitor import Monitor
from harness.operations.report import Report

__all__ = ["Monitor", "Report"]
