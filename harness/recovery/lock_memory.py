"""The lock-memory drill: jobs lock more than the memory for locks holds, and nothing may be lost.

Jobs are sessions of one server. Each locks the places of one large table, part by part, and writes
a row of its own for each part; all of them stay open until all are done, as jobs that run at once
do. With too little memory for their locks the server refuses one of them. What must hold: the
refused job has left nothing, the others can commit all of theirs, a session that has nothing to do
with them goes on committing, and the server lives.

Two cures are tried: a commit after each part on the same server, and, on a server with the memory
that follows from what was measured, the same jobs unchanged. A *control* commits a job's first part
and keeps quiet about it; the drill must notice.

    LockMemoryDrill   does it on one server
    Attempt           what the jobs came to
    judged            what is wrong with that, in sentences
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL

from harness.checks.verdict import Verdict
from harness.engines.engine import Engine
from harness.engines.lock_memory import LockNeed
from harness.servers import asking

_LOCKED, _DONE, _BESIDE = "drill_locked", "drill_done", "drill_beside"
_TABLES = {
    _DONE: "job INT NOT NULL, part INT NOT NULL, PRIMARY KEY (job, part)",
    _BESIDE: "id INT NOT NULL PRIMARY KEY",
}

Row = tuple[int, ...]
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How many jobs, how much each of them locks, and in how many parts."""

    jobs: int
    locks: int
    parts: int

    def places(self, part: int) -> tuple[int, int]:
        """The first place of a part, from 1, and the first behind it.

        >>> [Size(1, 10, 3).places(part) for part in (1, 2, 3)]
        [(0, 3), (3, 6), (6, 10)]
        """
        return self.locks * (part - 1) // self.parts, self.locks * part // self.parts


@dataclass(frozen=True, slots=True)
class Full:
    """The server's own word that the memory for locks is full."""

    job: int
    part: int
    code: str
    text: str
    session: str
    """What the session of the refused job was allowed then."""


@dataclass
class Attempt:
    """What the jobs came to, and what is in the tables afterwards."""

    size: Size
    commit_parts: int | None = None
    """So many parts to a commit; None if each job commits once, when all are done."""
    ended: list[int] = field(default_factory=list)
    """The jobs that came to their end, and whose commits were all acknowledged."""
    need: LockNeed | None = None
    """What was held at the most, of what was looked at."""
    full: Full | None = None
    beside: set[Row] = field(default_factory=set)
    """What the other session was acknowledged."""
    found_done: set[Row] = field(default_factory=set)
    found_beside: set[Row] = field(default_factory=set)
    lived: bool = False
    """The other session's connection lasted, and it could commit once more."""

    @property
    def in_one_unit(self) -> bool:
        """Whether a job is one transaction."""
        return self.commit_parts is None


def judged(attempt: Attempt) -> Sequence[str]:
    """What was lost, or is there and must not be, in sentences; none if all is right."""
    all_parts = range(1, attempt.size.parts + 1)
    wanted = {(job, part) for job in attempt.ended for part in all_parts}
    said = []
    if missing := wanted - attempt.found_done:
        said.append(f"{len(missing)} rows of jobs that were acknowledged are gone")
    if left := attempt.found_done - wanted:
        said.append(f"{len(left)} rows of a job that was refused are there")
    if gone := attempt.beside - attempt.found_beside:
        said.append(f"{len(gone)} commits of the session beside the jobs are gone")
    if strange := attempt.found_beside - attempt.beside:
        said.append(f"{len(strange)} rows are there that the session beside did not commit")
    if not attempt.lived:
        said.append("the server did not go on")
    return said


@dataclass
class LockMemoryFound:
    """The attempts of one drill; one that was not made is None."""

    small: Attempt | None = None
    parts: Attempt | None = None
    planned: Attempt | None = None
    sized: dict[str, str] = field(default_factory=dict)
    """The settings that follow from what was measured."""

    def attempts(self) -> list[Attempt]:
        """Those that were made."""
        return [one for one in (self.small, self.parts, self.planned) if one is not None]

    def wrong(self) -> list[str]:
        """What was lost, and which cure does not work, in sentences."""
        said = [sentence for attempt in self.attempts() for sentence in judged(attempt)]
        for name, cure in (("commits in between", self.parts), ("the planned size", self.planned)):
            if cure is not None and cure.full is not None:
                said.append(f"with {name} job {cure.full.job} was refused as well")
        return said

    def unknown(self) -> list[str]:
        """What could not be seen, in sentences."""
        if self.small is None:
            return ["nothing was tried"]
        if self.small.full is None:
            return [f"the memory was enough for {self.small.size.jobs} jobs"]
        return [] if self.planned is not None else ["the planned size was not tried"]

    @property
    def verdict(self) -> Verdict:
        """Violated if something is wrong, else unknown if something was not seen."""
        if self.wrong():
            return Verdict.VIOLATED
        return Verdict.UNKNOWN if self.unknown() else Verdict.HOLDS


def planned_need(attempt: Attempt) -> LockNeed | None:
    """What all jobs will hold at once, from what those that ended have held; None if none did."""
    jobs = len(attempt.ended)
    if attempt.need is None or not jobs:
        return None
    of_all = attempt.size.jobs
    return LockNeed(
        -(-attempt.need.locks * of_all // jobs), -(-attempt.need.memory_bytes * of_all // jobs)
    )


class LockMemoryDrill:
    """The drill in one database."""

    def __init__(self, engine: Engine, url: URL, size: Size, told: Told) -> None:
        self._engine = engine
        self._memory = engine.lock_memory
        self._url = url
        self._size = size
        self._told = told

    def prepare(self) -> None:
        """Make the tables.

        Raises:
            engine.driver_error: the server refused.
        """
        self._told(f"making {self._size.locks:,} places, each a {self._memory.lock}")
        with self._connected() as connection:
            for name, columns in _TABLES.items():
                asking.execute(connection, [f"CREATE TABLE {name} ({columns})"])
            asking.execute(connection, self._memory.create(_LOCKED, self._size.locks))

    def attempt(self, commit_parts: int | None = None, *, control: bool = False) -> Attempt:
        """Have the jobs do their work from the start; commits go wrong only with `control`.

        Raises:
            engine.driver_error: the server refused for another reason, or is gone.
        """
        attempt = Attempt(self._size, commit_parts)
        with contextlib.ExitStack() as stack:
            beside = stack.enter_context(self._connected())
            asking.execute(beside, [f"DELETE FROM {name}" for name in _TABLES])
            jobs = []
            for job in range(1, self._size.jobs + 1):
                jobs.append(stack.enter_context(self._connected()))
                self._run(attempt, job, jobs[-1], beside, control=control)
                self._commit_beside(attempt, beside, job)
                if attempt.full is not None:
                    break
            for job in attempt.ended if attempt.in_one_unit else ():
                asking.execute(jobs[job - 1], ["COMMIT"])
            self._look(attempt, beside)
        return attempt

    def _run(
        self, attempt: Attempt, job: int, connection: Any, beside: Any, *, control: bool
    ) -> None:
        """One job to its end, or until the server refuses it."""
        every = attempt.commit_parts or self._size.parts + 1
        self._told(f"job {job} of {self._size.jobs}")
        asking.execute(connection, ["BEGIN"])
        for part in range(1, self._size.parts + 1):
            try:
                asking.execute(connection, [f"INSERT INTO {_DONE} VALUES ({job}, {part})"])
                asking.rows_of(connection, self._memory.share(_LOCKED, *self._size.places(part)))
            except self._engine.driver_error as error:
                if not (code := self._memory.full(error)):
                    raise
                text = asking.words(error)
                attempt.full = Full(job, part, code, text, self._allowed(connection, job))
                return
            if part == (self._size.parts + 1) // 2 and not attempt.in_one_unit:
                self._measure(attempt, beside)
            if part % every == 0 or (control and part == 1):
                asking.execute(connection, ["COMMIT", "BEGIN"])
        if attempt.in_one_unit:
            self._measure(attempt, beside)
        else:
            asking.execute(connection, ["COMMIT"])
        attempt.ended.append(job)

    def _allowed(self, connection: Any, job: int) -> str:
        """What the session may do before it has rolled back; it has rolled back afterwards."""
        try:
            rows = asking.rows_of(connection, f"SELECT COUNT(*) FROM {_DONE} WHERE job = {job}")
            said = f"goes on in a new transaction, which sees {rows[0][0]} rows of the job"
        except self._engine.driver_error as error:
            said = f"takes nothing but a rollback ({asking.words(error)})"
        asking.execute(connection, ["ROLLBACK"])
        return said

    def _measure(self, attempt: Attempt, beside: Any) -> None:
        locks, memory_bytes = map(int, asking.rows_of(beside, self._memory.held)[0])
        if attempt.need is None or locks > attempt.need.locks:
            attempt.need = LockNeed(locks, memory_bytes)

    def _commit_beside(self, attempt: Attempt, beside: Any, number: int) -> None:
        asking.execute(beside, ["BEGIN", f"INSERT INTO {_BESIDE} VALUES ({number})", "COMMIT"])
        attempt.beside.add((number,))

    def _look(self, attempt: Attempt, beside: Any) -> None:
        """Whether the server goes on, and what its tables hold for a session that is new."""
        self._commit_beside(attempt, beside, 0)
        attempt.lived = True
        with self._connected() as connection:
            attempt.found_done = _rows(connection, _DONE, ("job", "part"))
            attempt.found_beside = _rows(connection, _BESIDE, ("id",))

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        with asking.connected(self._engine, self._url) as connection:
            yield connection


def _rows(connection: Any, table: str, columns: Collection[str]) -> set[Row]:
    query = f"SELECT {', '.join(columns)} FROM {table}"
    return {tuple(map(int, row)) for row in asking.rows_of(connection, query)}
