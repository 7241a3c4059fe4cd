"""What READ COMMITTED must prevent: writes and reads of what is not committed, G0 to OTV.

DSG(H) is the direct serialization graph of a history: its nodes are the committed transactions, its
edges *write-dependencies* (ww: writes the next version of a row), *read-dependencies* (wr: reads a
version that the other wrote) and *anti-dependencies* (rw: overwrites a version that the other read)
(Adya 1999, 3.1).
"""

from __future__ import annotations

from workloads.anomalies.anomaly import Anomaly, Reads, Values
from workloads.anomalies.script import ROLLBACK, Script

_FIRST = {1: 10, 2: 20}


def write_cycle(_reads: Reads, final: Values) -> str | None:
    """G0: DSG(H) has a directed cycle that consists of write-dependencies only (Adya 1999, 3.2.1).

    T1 and T2 each write both rows; a table that holds one value of each is a cycle.
    """
    if final in ({1: 11, 2: 22}, {1: 12, 2: 21}):
        return f"the table holds 1 => {final[1]} and 2 => {final[2]}: one write of each"
    return None


def aborted_read(reads: Reads, _final: Values) -> str | None:
    """G1a: a committed transaction has read what an aborted one wrote (Adya 1999, 3.2.2)."""
    if any(rows.get(1) == 101 for rows in reads["T2"]):
        return "T2 read 1 => 101, which T1 rolled back"
    return None


def intermediate_read(reads: Reads, _final: Values) -> str | None:
    """G1b: a transaction has read what was not its writer's last version (Adya 1999, 3.2.2)."""
    if any(rows.get(1) == 101 for rows in reads["T2"]):
        return "T2 read 1 => 101, which T1 never committed: it went on to 11"
    return None


def circular_information_flow(reads: Reads, _final: Values) -> str | None:
    """G1c: DSG(H) has a directed cycle of write- and read-dependencies only (Adya 1999, 3.2.2)."""
    (seen_by_1,), (seen_by_2,) = reads["T1"], reads["T2"]
    if seen_by_1[2] == 22 and seen_by_2[1] == 11:
        return "T1 read 2 => 22 of T2, and T2 read 1 => 11 of T1: each saw the other"
    return None


_WRITTEN = {"T1": {1: 11, 2: 19}, "T2": {1: 12, 2: 18}}
"""What each writer of OTV leaves in the two rows."""


def observed_transaction_vanishes(reads: Reads, final: Values) -> str | None:
    """OTV: a transaction reads x as another left it, and then y as it was before the other.

    A cycle of one read-dependency by x and, by y, of at least one anti-dependency the other way,
    where the read of x comes first (Bailis et al. 2014, appendix A). T3 reads row 1, then row 2.
    """
    writers = [name for name in _WRITTEN if name in reads]

    def age(row: int, value: int) -> int:
        """0 for what was there at first; the version that stayed is the youngest."""
        return 0 if value == _FIRST[row] else len(writers) if value == final[row] else 1

    first, second = reads["T3"]
    for name in writers:
        wrote = _WRITTEN[name]
        if first[1] == wrote[1] and age(2, second[2]) < age(2, wrote[2]):
            return (
                f"T3 read 1 => {first[1]} of {name}, then 2 => {second[2]}, "
                f"which is older than the {wrote[2]} of {name}"
            )
    return None


DIRTY = (
    Anomaly(
        "g0",
        "write cycle",
        write_cycle,
        {
            "T1": Script.of(
                "write 11 and 21",
                "update test set value = 11 where id = 1",
                "update test set value = 21 where id = 2",
            ),
            "T2": Script.of(
                "write 12 and 22",
                "update test set value = 12 where id = 1",
                "update test set value = 22 where id = 2",
            ),
        },
    ),
    Anomaly(
        "g1a",
        "aborted read",
        aborted_read,
        {
            "T1": Script.of(
                "write and roll back", "update test set value = 101 where id = 1", ROLLBACK
            ),
            "T2": Script.of("read twice", "select * from test", "select * from test"),
        },
        # T1 rolls back by itself; if the server did it for T1, the read is an aborted one too.
        needs=("T2",),
    ),
    Anomaly(
        "g1b",
        "intermediate read",
        intermediate_read,
        {
            "T1": Script.of(
                "write twice",
                "update test set value = 101 where id = 1",
                "update test set value = 11 where id = 1",
            ),
            "T2": Script.of("read twice", "select * from test", "select * from test"),
        },
    ),
    Anomaly(
        "g1c",
        "circular information flow",
        circular_information_flow,
        {
            "T1": Script.of(
                "write 1, read 2",
                "update test set value = 11 where id = 1",
                "select * from test where id = 2",
            ),
            "T2": Script.of(
                "write 2, read 1",
                "update test set value = 22 where id = 2",
                "select * from test where id = 1",
            ),
        },
    ),
    Anomaly(
        "otv",
        "observed transaction vanishes",
        observed_transaction_vanishes,
        {
            "T1": Script.of(
                "write 11 and 19",
                "update test set value = 11 where id = 1",
                "update test set value = 19 where id = 2",
            ),
            "T2": Script.of(
                "write 12 and 18",
                "update test set value = 12 where id = 1",
                "update test set value = 18 where id = 2",
            ),
            "T3": Script.of(
                "read 1, then 2",
                "select * from test where id = 1",
                "select * from test where id = 2",
            ),
        },
        needs=("T3",),
    ),
)
