"""Lock waits and deadlocks that were seen, by the programs that met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.engines.monitoring import SeenDeadlock, SeenWait
from harness.operations.programs import Programs
from harness.operations.server_log import without_passwords

NOT_TOLD = "not told"


@dataclass(frozen=True, slots=True)
class WaitRow:
    """All waits of one program for another on one table."""

    waiting: str
    blocking: str
    """'not told' where the server does not say who blocks."""
    table: str
    times: int
    """Different waits that were seen; those between two samples were not."""
    longest_s: float
    """The longest, as the server tells it; else from the first sample that saw it to the last."""
    on: str
    """The lock of the longest, in the server's words."""


@dataclass(frozen=True, slots=True)
class Member:
    """One program of a deadlock, and what it waited for."""

    program: str
    connection: int
    waits_for: str
    table: str | None
    statement: str


@dataclass(frozen=True, slots=True)
class Deadlock:
    """A deadlock as the server told it."""

    at_s: float
    """Seconds since the monitor began, as exactly as the server tells; else when it was read."""
    members: tuple[Member, ...]
    """Each waits for the next, the last for the first."""
    victim: str | None

    @property
    def cycle(self) -> tuple[str, ...]:
        """The programs in their order."""
        return tuple(member.program for member in self.members)

    def readable(self) -> str:
        """One line for the cycle, one for each member."""
        lines = [" -> ".join([*self.cycle, *self.cycle[:1]])]
        lines += [f"  {member.program} waits for {member.waits_for}" for member in self.members]
        return "\n".join([*lines, *([f"  given up: {self.victim}"] if self.victim else [])])


@dataclass
class _Wait:
    """One wait, over all samples that saw it."""

    programs: tuple[str, tuple[str, ...]]
    table: str
    on: str
    first_s: float
    longest_s: float


class Waits:
    """Takes the waits of every sample; tells them by (waiting, blocking, table)."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._waits: dict[str, _Wait] = {}

    def add(self, at_s: float, waits: Sequence[SeenWait], carried: Mapping[int, str]) -> None:
        """Take one sample's waits, with the names that connections carry."""
        for wait in waits:
            (waiter,) = self._programs.names(carried, wait.waiter)
            blockers = self._programs.names(carried, *wait.blockers) or (NOT_TOLD,)
            known = self._waits.setdefault(
                wait.key, _Wait((waiter, blockers), wait.table or NOT_TOLD, wait.on, at_s, 0.0)
            )
            waited_s = at_s - known.first_s if wait.waited_s is None else wait.waited_s
            known.longest_s = max(known.longest_s, waited_s)

    def rows(self) -> list[WaitRow]:
        """One row for each three of waiting program, blocking program and table, longest first."""
        grouped: dict[tuple[str, str, str], list[_Wait]] = {}
        for wait in list(self._waits.values()):
            waiter, blockers = wait.programs
            for blocker in dict.fromkeys(blockers):
                grouped.setdefault((waiter, blocker, wait.table), []).append(wait)
        rows = []
        for (waiter, blocker, table), waits in grouped.items():
            longest = max(waits, key=lambda wait: wait.longest_s)
            rows.append(WaitRow(waiter, blocker, table, len(waits), longest.longest_s, longest.on))
        return sorted(rows, key=lambda row: (-row.longest_s, row.waiting, row.blocking, row.table))


class Deadlocks:
    """Takes deadlocks from log and status, each once."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._keys: set[str] = set()
        self._found: list[Deadlock] = []

    def add(
        self, now_s: float, began: float, seen: Sequence[SeenDeadlock], carried: Mapping[int, str]
    ) -> None:
        """Take what was read at `now_s`; `began` is the monitor's own beginning since 1970."""
        for one in seen:
            if one.key in self._keys:
                continue
            self._keys.add(one.key)
            members = tuple(
                Member(
                    self._programs.name(
                        member.connection,
                        at=one.at,
                        carried=carried.get(member.connection, ""),
                    ),
                    member.connection,
                    member.waits_for,
                    member.table,
                    without_passwords(member.statement),
                )
                for member in one.members
            )
            victims = [m.program for m in members if m.connection == one.victim]
            at_s = now_s if one.at is None else one.at - began
            self._found.append(Deadlock(at_s, members, victims[0] if victims else None))

    def all(self) -> list[Deadlock]:
        """Every deadlock so far, in the order of being read."""
        return list(self._found)
