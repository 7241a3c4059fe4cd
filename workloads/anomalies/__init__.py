"""The textbook anomalies, each as programs that could show it and a rule that sees it.

The cases, their names and their statements are those of Hermitage (Kleppmann 2014); the definitions
are those of Adya ("Weak Consistency", 1999), Berenson et al. ("A Critique of ANSI SQL Isolation
Levels", 1995), Bailis et al. ("Highly Available Transactions", 2014) and Fekete et al. ("Making
Snapshot Isolation Serializable", 2005). Hermitage runs each case in one order, by hand; here an
anomaly is *prevented* when no possible interleaving of the programs shows it.

Terms: a *script* is a program that asks fixed statements; an *order* is a sequence of turns,
whether or not a server would allow it; an order is *dangerous* if the anomaly shows when the
statements simply take effect in it, with no concurrency control at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from workloads.anomalies.anomaly import Anomaly
from workloads.anomalies.dirty import DIRTY
from workloads.anomalies.predicates import PREDICATES
from workloads.anomalies.skew import SKEW


def anomalies() -> Sequence[Anomaly]:
    """What the entry point brings: all, in the order of Hermitage's tables."""
    return [*DIRTY, *PREDICATES, *SKEW]
