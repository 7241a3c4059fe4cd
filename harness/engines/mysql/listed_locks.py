"""The locks that a status text of InnoDB lists, and who blocks whom by them.

`SHOW ENGINE INNODB STATUS` lists all locks while `innodb_status_output_locks` is on.
Whether one must wait for another is InnoDB's own rule (`lock_rec_has_to_wait` in lock0lock.cc).
No more than ten locks (a lock is of many rows of one page) are listed of a transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_TRANSACTION = re.compile(r"^---TRANSACTION ", re.MULTILINE)
_THREAD = re.compile(r"(?:MariaDB|MySQL) thread id (\d+)")
_RECORDS = re.compile(
    r"^RECORD LOCKS space id (?P<space>\d+) page no (?P<page>\d+) .*? trx id \d+ lock[_ ]mode "
    r"(?P<mode>\w+)(?P<gap> locks gap before rec)?(?P<row> locks rec but not gap)?"
    r"(?P<insert> insert intention)?(?P<waits> waiting)?$"
)
_RECORD = re.compile(r"^Record lock, heap no (\d+)(?: |$)")
_TABLE = re.compile(
    r"^TABLE LOCK table (?P<table>.+) trx id \d+ lock mode (?P<mode>\S+)(?P<waits> waiting)?$"
)
_WAITED = re.compile(r"^-+ TRX HAS BEEN WAITING (\d+) us ", re.MULTILINE)
_UNLISTED = "SUPPRESSING FURTHER PRINTS"
_CUT = "\n... truncated...\n"
_SUPREMUM = "1"
"""The heap number of the place behind a page's last row."""

_AWAITS: Mapping[str, str] = {
    "IS": "X",
    "IX": "S X",
    "S": "IX X AUTO-INC",
    "X": "IS IX S X AUTO-INC",
    "AUTO-INC": "S X AUTO-INC",
}


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock of one connection on one place."""

    owner: int
    place: tuple[str, ...]
    """Space, page and heap number of a row, or a table's name."""
    mode: str
    gap: bool = False
    row: bool = False
    insert: bool = False
    waits: bool = False

    def awaits(self, other: Lock) -> bool:
        """Whether this one cannot be had while the other is there."""
        if self.place != other.place or self.owner == other.owner:
            return False
        if other.mode not in _AWAITS.get(self.mode, "").split():
            return False
        if len(self.place) == 1:
            return True
        between = self.gap or self.place[-1] == _SUPREMUM
        if between and not self.insert:
            return False  # locks on a gap only keep inserts out
        if not self.insert and other.gap:
            return False
        return not (between and other.row) and not other.insert


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of a connection, as far as the text tells."""

    connection: int
    waits: bool
    waited_us: int
    """For how long; 0 if it does not wait, or the server does not tell."""
    locks: tuple[Lock, ...]
    complete: bool
    """Whether all its locks are listed."""


def is_cut(status: str) -> bool:
    """Whether transactions are missing: the text, with its locks, was longer than 1 MB."""
    return _CUT in status


def waiting_in(status: str) -> Iterator[int]:
    r"""Connection ids of the transactions marked LOCK WAIT.

    >>> list(waiting_in("---TRANSACTION 4\nLOCK WAIT 2 lock struct(s)\nMariaDB thread id 7, OS"))
    [7]
    """
    for text in _TRANSACTION.split(status)[1:]:
        if "\nLOCK WAIT" in text and (thread := _THREAD.search(text)):
            yield int(thread[1])


def transactions_in(status: str) -> Iterator[Transaction]:
    """Every transaction of a connection, with its locks, each once."""
    for text in _TRANSACTION.split(status)[1:]:
        if thread := _THREAD.search(text):
            connection, waited = int(thread[1]), _WAITED.search(text)
            yield Transaction(
                connection,
                "\nLOCK WAIT" in text,
                int(waited[1]) if waited else 0,
                tuple(dict.fromkeys(_locks_of(connection, text))),
                _UNLISTED not in text,
            )


def _locks_of(owner: int, text: str) -> Iterator[Lock]:
    records: re.Match[str] | None = None
    for line in text.splitlines():
        if table := _TABLE.match(line):
            yield Lock(owner, (table["table"],), table["mode"], waits=bool(table["waits"]))
        elif line.startswith("RECORD LOCKS "):
            records = _RECORDS.match(line)
        elif records is not None and (record := _RECORD.match(line)):
            yield Lock(
                owner,
                (records["space"], records["page"], record[1]),
                records["mode"],
                *(bool(records[word]) for word in ("gap", "row", "insert", "waits")),
            )


def blockers_in(status: str) -> dict[int, set[int]]:
    """Who waits for whom, by connection: for holders, and for those before it in the queue.

    Where a holder is not among the listed locks, those count whose locks are not all listed. An
    empty set says that it cannot be told.
    """
    if "\nLOCK WAIT" not in status:
        return {}
    transactions = list(transactions_in(status))
    return {one.connection: _blockers(one, transactions) for one in transactions if one.waits}


def _blockers(waiter: Transaction, transactions: Sequence[Transaction]) -> set[int]:
    wanted = [lock for lock in waiter.locks if lock.waits]
    holders, queue = set(), set()
    for other in transactions:
        for lock in other.locks:
            if any(one.awaits(lock) for one in wanted):
                if not lock.waits:
                    holders.add(other.connection)
                elif other.waited_us > waiter.waited_us:
                    queue.add(other.connection)
    return queue | (holders or _unlisted(waiter, transactions))


def _unlisted(waiter: Transaction, transactions: Sequence[Transaction]) -> set[int]:
    """Those that may hold what no listed lock explains.

    One that waits itself is among them only if there is no other: two that wait for the same third
    must not seem to wait for each other.
    """
    others = [t for t in transactions if not t.complete and t is not waiter]
    idle = {t.connection for t in others if not t.waits}
    return idle or ({others[0].connection} if len(others) == 1 else set())
