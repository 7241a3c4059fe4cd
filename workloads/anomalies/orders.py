"""Which orders of some scripts' statements are dangerous: a model with no concurrency control.

All sessions share one connection to a database in memory, so each statement takes effect at once
and is seen by everybody at once: no locks, no versions, no refusals.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing

from harness.checks.state import State
from harness.programs import ProgramEnd, Returned
from workloads.anomalies.script import COMMIT, ROLLBACK, Rows, Script
from workloads.anomalies.table import FIRST_ROWS, TEST

Order = tuple[str, ...]
"""Whose turn it is, turn by turn."""


def all_orders(scripts: Mapping[str, Script]) -> Iterator[Order]:
    """Every order of the scripts' statements.

    >>> once = Script.of("", "rollback")
    >>> list(all_orders({"T1": once, "T2": once}))
    [('T1', 'T2'), ('T2', 'T1')]
    """
    yield from _orders((), Counter({name: len(s.statements) for name, s in scripts.items()}))


def _orders(taken: Order, left: Counter[str]) -> Iterator[Order]:
    movable = [name for name, count in left.items() if count]
    if not movable:
        yield taken
    for name in movable:
        yield from _orders((*taken, name), left - Counter([name]))


def without_control(
    scripts: Mapping[str, Script], order: Order
) -> tuple[Mapping[str, ProgramEnd], State]:
    """How the programs end and leave the table if their statements take effect in this order."""
    left = {name: iter(script.statements) for name, script in scripts.items()}
    read: dict[str, list[Rows]] = {name: [] for name in scripts}
    undo: dict[str, list[dict[int, int | None]]] = {name: [] for name in scripts}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.execute("create table test (id integer primary key, value integer)")
        database.executemany("insert into test values (?, ?)", FIRST_ROWS)
        for name in order:
            statement = next(left[name])
            if statement == ROLLBACK:
                _take_back(database, undo[name])
            elif statement != COMMIT:
                before = dict(_table(database))
                answer = database.execute(statement)
                if answer.description is not None:
                    read[name].append(tuple(sorted(answer.fetchall())))
                undo[name].append(_changes(dict(_table(database)), before))
        ends = {name: Returned(rows, commits=1) for name, rows in read.items()}
        return ends, State({TEST.name: _table(database)})


def _table(database: sqlite3.Connection) -> Rows:
    return tuple(database.execute("select id, value from test order by id").fetchall())


def _changes(now: Mapping[int, int], before: Mapping[int, int]) -> dict[int, int | None]:
    """What must be put back to undo a statement: the former value, None where there was no row."""
    keys = now.keys() | before.keys()
    return {key: before.get(key) for key in keys if now.get(key) != before.get(key)}


def _take_back(database: sqlite3.Connection, undo: list[dict[int, int | None]]) -> None:
    for key, value in (change for changes in reversed(undo) for change in changes.items()):
        database.execute("delete from test where id = ?", (key,))
        if value is not None:
            database.execute("insert into test values (?, ?)", (key, value))
