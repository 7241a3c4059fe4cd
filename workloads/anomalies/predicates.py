"""Reads and writes of whatever matches a condition: predicate-many-preceders (PMP).

PMP: two reads of one transaction by overlapping predicates are answered as of different sets of
transactions (Bailis et al. 2014, appendix A). A DELETE with a condition reads by a predicate too.
"""

from __future__ import annotations

from workloads.anomalies.anomaly import Anomaly, Reads, Values
from workloads.anomalies.script import Script

_ADD_TEN = Script.of("add 10 to every row", "update test set value = value + 10")


def predicate_many_preceders(reads: Reads, _final: Values) -> str | None:
    """PMP of two reads: the row (3, 30) matches both, and one saw it (Bailis et al. 2014)."""
    first, second = reads["T1"]
    if (3 in first) != (3 in second):
        when = "only later" if 3 in second else "only at first"
        return f"T1 saw 3 => 30 {when}, though it matches both of its conditions"
    return None


def many_preceders_of_a_write(reads: Reads, final: Values) -> str | None:
    """PMP of a read, a delete and a read: T1 was before some and behind others (Bailis 2014).

    If T1 ran before, T2 deletes row 1, which has become 20; if after, T2 deletes row 2.
    """
    first, second = reads["T2"]
    before = ({1: 10, 2: 20}, {1: 10}, {1: 20})
    after = ({1: 20, 2: 30}, {2: 30}, {2: 30})
    if (first, second, final) in (before, after):
        return None
    return (
        f"T2 read {_rows(first)}, deleted all with value 20, and read {_rows(second)}; "
        f"left are {_rows(final)}"
    )


def many_preceders_of_a_delete(reads: Reads, _final: Values) -> str | None:
    """PMP of a delete and a read by one predicate: what is left to match? (Bailis 2014)."""
    (left,) = reads["T2"]
    if left:
        return f"T2 deleted all with value 20, and then read {_rows(left)}"
    return None


def _rows(values: Values) -> str:
    return ", ".join(f"{key} => {value}" for key, value in sorted(values.items())) or "nothing"


PREDICATES = (
    Anomaly(
        "pmp",
        "predicate-many-preceders",
        predicate_many_preceders,
        {
            "T1": Script.of(
                "read by two conditions",
                "select * from test where value = 30",
                "select * from test where value % 3 = 0",
            ),
            "T2": Script.of("insert 30", "insert into test (id, value) values (3, 30)"),
        },
    ),
    Anomaly(
        "pmp-write",
        "PMP of a write, after a read",
        many_preceders_of_a_write,
        {
            "T1": _ADD_TEN,
            "T2": Script.of(
                "read, delete 20, read",
                "select * from test",
                "delete from test where value = 20",
                "select * from test",
            ),
        },
    ),
    Anomaly(
        "pmp-delete",
        "PMP of a write, with no read before",
        many_preceders_of_a_delete,
        {
            "T1": _ADD_TEN,
            "T2": Script.of(
                "delete 20, read",
                "delete from test where value = 20",
                "select * from test where value = 20",
            ),
        },
    ),
)
