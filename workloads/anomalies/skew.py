"""Reads that go out of date: lost update, read skew, write skew (P4, G-single, G2-item, G2).

All are cycles of DSG(H) with anti-dependencies: T1 -rw-> T2 says that T2 overwrote what T1 read.
"""

from __future__ import annotations

from workloads.anomalies.anomaly import Anomaly, Reads, Values
from workloads.anomalies.script import Script

_WRITE_BOTH = (
    "update test set value = 12 where id = 1",
    "update test set value = 18 where id = 2",
)


def lost_update(reads: Reads, final: Values) -> str | None:
    """P4: both read a row, both write it, both commit: one wrote what was out of date.

    Berenson et al. 1995, 4.1; a cycle T1 -rw-> T2 -ww-> T1 on one row, so a case of G-single.
    """
    (seen_by_1,), (seen_by_2,) = reads["T1"], reads["T2"]
    if seen_by_1[1] == seen_by_2[1] == 10:
        return f"both read 1 => 10 and committed an update; what stayed is {final[1]}"
    return None


def read_skew(reads: Reads, _final: Values) -> str | None:
    """G-single: DSG(H) has a directed cycle with exactly one anti-dependency (Adya 1999, 4.1.1).

    T1 saw T2 in one row (T2 -wr-> T1) and not in the other (T1 -rw-> T2).
    """
    first, second = reads["T1"]
    if (first[1] == 12) != (second[2] == 18):
        return f"T1 read 1 => {first[1]} and 2 => {second[2]}: one with T2, one without"
    return None


def read_skew_by_predicates(reads: Reads, _final: Values) -> str | None:
    """G-single, where the anti-dependency is by a predicate (Adya 1999, 4.1.1).

    Row 1 is 10 without T2 and 12 with it: it matches exactly one of T1's two conditions.
    """
    by_five, by_three = reads["T1"]
    if (1 in by_five) == (1 in by_three):
        seen = "both" if 1 in by_five else "neither"
        return f"T1 found row 1 by {seen} of 'value % 5 = 0' and 'value % 3 = 0'"
    return None


def read_skew_seen_after_a_write(reads: Reads, _final: Values) -> str | None:
    """G-single, where T1's delete saw T2 and its first read did not (Adya 1999, 4.1.1).

    Without T2 the delete takes row 2 away; T1 looks whether it is still there.
    """
    first, left = reads["T1"]
    if first[1] == 10 and 2 in left:
        return f"T1 read 1 => 10, deleted all with value 20, and still read 2 => {left[2]}"
    return None


def read_skew_left_by_a_write(reads: Reads, final: Values) -> str | None:
    """G-single, where T1's delete saw T2 and its read did not, by the table (Adya 1999, 4.1.1)."""
    (first,) = reads["T1"]
    if first[1] == 10 and 2 in final:
        return f"T1 read 1 => 10 and deleted all with value 20; left is 2 => {final[2]}"
    return None


def write_skew(reads: Reads, _final: Values) -> str | None:
    """G2-item: DSG(H) has a directed cycle with an anti-dependency by an item (Adya 1999, 3.2.4).

    T1 -rw-> T2 -rw-> T1: each read the row that the other went on to write.
    """
    (seen_by_1,), (seen_by_2,) = reads["T1"], reads["T2"]
    if seen_by_1[2] == 20 and seen_by_2[1] == 10:
        return "T1 read 2 => 20 and T2 read 1 => 10: neither saw the other, and both wrote"
    return None


def anti_dependency_cycle(reads: Reads, _final: Values) -> str | None:
    """G2: DSG(H) has a directed cycle with one or more anti-dependencies (Adya 1999, 3.2.3).

    T1 -rw-> T2 -rw-> T1 by a predicate: each inserted a row that the other's read would match.
    """
    (seen_by_1,), (seen_by_2,) = reads["T1"], reads["T2"]
    if not seen_by_1 and not seen_by_2:
        return "T1 and T2 both read nothing, and both inserted a row that the other looked for"
    return None


def two_anti_dependencies(reads: Reads, _final: Values) -> str | None:
    """G2 with two anti-dependencies and a reader between: T1 -rw-> T2 -wr-> T3 -rw-> T1.

    T1 and T2 alone are serializable in any order; the reader closes the cycle (Fekete et al. 2005).
    """
    (seen_by_1,), (seen_by_3,) = reads["T1"], reads["T3"]
    if seen_by_1[2] == 20 and seen_by_3 == {1: 10, 2: 25}:
        return "T3 saw T2 and not T1, though T1 had not seen T2"
    return None


def _read_then_write(value: int) -> Script:
    return Script.of(
        f"read, then write {value}",
        "select * from test where id = 1",
        f"update test set value = {value} where id = 1",
    )


def _read_both_then_write(row: int, value: int) -> Script:
    return Script.of(
        f"read both, write row {row}",
        "select * from test where id in (1, 2)",
        f"update test set value = {value} where id = {row}",
    )


def _look_then_insert(row: int, value: int) -> Script:
    return Script.of(
        f"look for thirds, insert {value}",
        "select * from test where value % 3 = 0",
        f"insert into test (id, value) values ({row}, {value})",
    )


_READ_ALL_THEN_WRITE_BOTH = Script.of("read all, write both", "select * from test", *_WRITE_BOTH)

SKEW = (
    Anomaly(
        "p4", "lost update", lost_update, {"T1": _read_then_write(11), "T2": _read_then_write(12)}
    ),
    Anomaly(
        "g-single",
        "read skew",
        read_skew,
        {
            "T1": Script.of(
                "read 1, then 2",
                "select * from test where id = 1",
                "select * from test where id = 2",
            ),
            "T2": Script.of(
                "read both, write both",
                "select * from test where id = 1",
                "select * from test where id = 2",
                *_WRITE_BOTH,
            ),
        },
    ),
    Anomaly(
        "g-single-dependencies",
        "read skew by predicates",
        read_skew_by_predicates,
        {
            "T1": Script.of(
                "read by two conditions",
                "select * from test where value % 5 = 0",
                "select * from test where value % 3 = 0",
            ),
            "T2": Script.of("10 becomes 12", "update test set value = 12 where value = 10"),
        },
    ),
    Anomaly(
        "g-single-write-1",
        "read skew of a write, seen",
        read_skew_seen_after_a_write,
        {
            "T1": Script.of(
                "read 1, delete 20, read 2",
                "select * from test where id = 1",
                "delete from test where value = 20",
                "select * from test where id = 2",
            ),
            "T2": _READ_ALL_THEN_WRITE_BOTH,
        },
    ),
    Anomaly(
        "g-single-write-2",
        "read skew of a write, left",
        read_skew_left_by_a_write,
        {
            "T1": Script.of(
                "read 1, delete 20",
                "select * from test where id = 1",
                "delete from test where value = 20",
            ),
            "T2": _READ_ALL_THEN_WRITE_BOTH,
        },
    ),
    Anomaly(
        "g2-item",
        "write skew",
        write_skew,
        {"T1": _read_both_then_write(1, 11), "T2": _read_both_then_write(2, 21)},
    ),
    Anomaly(
        "g2",
        "write skew by predicates",
        anti_dependency_cycle,
        {"T1": _look_then_insert(3, 30), "T2": _look_then_insert(4, 42)},
    ),
    Anomaly(
        "g2-two-edges",
        "two anti-dependencies",
        two_anti_dependencies,
        {
            "T1": Script.of(
                "read all, write row 1",
                "select * from test",
                "update test set value = 0 where id = 1",
            ),
            "T2": Script.of("add 5 to row 2", "update test set value = value + 5 where id = 2"),
            "T3": Script.of("read all", "select * from test"),
        },
    ),
)
