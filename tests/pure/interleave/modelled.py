"""A small model of an engine: tables of one number, locks, snapshots, savepoints, deadlocks.

It stands beside the live tests: what a search is given here are executions as a conductor gives
them, thousands in a second, so that searches can be compared on many programs. A step is a verb and
a table: `r` reads plainly, `l` for update, `s` for share, `u` adds one, `U` adds one in autocommit,
`c` commits, `(` sets a savepoint, `!` fails and undoes what was done since, `)` goes back to it.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping, Sequence

from harness.engines import Isolation
from harness.interleave.event import Reading
from harness.interleave.execution import Deadlock, Execution, Turn
from harness.interleave.exhaustive import Exhaustive
from harness.interleave.footprint import References
from harness.interleave.reduced import Reduced
from harness.interleave.scheduler import Redundant, Rest
from harness.locks import Wait
from harness.outcome import Refusal
from harness.sessions.step import AUTOCOMMIT, Effect, Step, StepError

TABLES = "abcde"
_TEXTS = {
    "r": "select v from {}",
    "l": "select v from {} for update",
    "s": "select v from {} for share",
    "u": "update {} set v = v + 1",
    "U": "update {} set v = v + 1",
    "!": "insert into {} (v) values (1)",
    "c": "commit",
    "(": "savepoint s",
    ")": "rollback to savepoint s",
}
_DUPLICATE = Refusal("constraint", "23505", retryable=False, ends_transaction=True)
_DEADLOCK = Refusal("deadlock", "40P01", retryable=True, ends_transaction=True)


class Snapshot(enum.Enum):
    """When the view is taken that plain reads of a transaction see."""

    EACH_READ = Isolation.READ_COMMITTED
    FIRST_STATEMENT = Isolation.REPEATABLE_READ, "first statement"
    FIRST_READ = Isolation.REPEATABLE_READ, "first plain read"

    @property
    def isolation(self) -> Isolation:
        return self.value if isinstance(self.value, Isolation) else self.value[0]


class _Session:
    def __init__(self, steps: Sequence[str]) -> None:
        self.left = list(steps)
        self.turn: Turn | None = None
        self.seen: list[int] = []
        self.refused = False
        self.forget()

    def forget(self) -> None:
        self.own: dict[str, int] = {}
        self.locks: dict[str, str] = {}
        self.snapshot: dict[str, int] | None = None
        self.saved: tuple[dict[str, int], dict[str, str]] = ({}, {})


class Modelled:
    """One execution's state."""

    def __init__(self, programs: Mapping[str, Sequence[str]], snapshot: Snapshot) -> None:
        self.sessions = {name: _Session(steps) for name, steps in programs.items()}
        self.snapshot = snapshot
        self.committed = dict.fromkeys(TABLES, 0)
        self.queue: list[str] = []
        self.execution = Execution()

    def rest(self) -> Rest:
        movable = [n for n, own in self.sessions.items() if own.left and n not in self.queue]
        refused = [n for n, own in self.sessions.items() if own.refused]
        return Rest(tuple(movable), tuple(sorted(self.queue)), tuple(refused))

    def take(self, name: str) -> None:
        own, turns = self.sessions[name], self.execution.turns
        verb, table = own.left[0][0], own.left[0][2:]
        level = AUTOCOMMIT if verb == "U" else None
        step = Step.of_statement(_TEXTS[verb].format(table), (), level)
        own.turn = Turn(len(turns) + 1, name, step, self.rest().movable)
        turns.append(own.turn)
        self._attempt(name)

    def outcome(self) -> object:
        seen = {name: (*own.seen, own.refused) for name, own in self.sessions.items()}
        assert not self.queue, "somebody waits at the end"
        turns = self.execution.turns
        return (
            tuple(sorted(seen.items())),
            tuple(self.committed.values()),
            any(turn.wait for turn in turns),
            bool(self.execution.deadlocks),
        )

    # -- one step

    def _attempt(self, name: str) -> None:
        own = self.sessions[name]
        assert own.turn is not None
        verb, table = own.left[0][0], own.left[0][2:]
        if own.snapshot is None and self.snapshot is Snapshot.FIRST_STATEMENT and table:
            own.snapshot = dict(self.committed)
        if verb in "lsuU" and not self._lock(name, table, "S" if verb == "s" else "X"):
            return
        own.left.pop(0)
        own.turn.settled_in, own.turn.effect = len(self.execution.turns), Effect()
        self._carry_out(name, verb, table)

    def _carry_out(self, name: str, verb: str, table: str) -> None:
        own = self.sessions[name]
        if verb == "r":
            self._read(own, table)
        elif verb in "ls":
            own.seen.append(own.own.get(table, self.committed[table]))
        elif verb in "uU":
            own.own[table] = own.own.get(table, self.committed[table]) + 1
        elif verb == "(":
            own.saved = dict(own.own), dict(own.locks)
        elif verb == "!":
            assert own.turn is not None
            own.turn.effect = Effect(error=StepError("IntegrityError", "", _DUPLICATE))
        if verb in "!)":
            own.own, own.locks = dict(own.saved[0]), dict(own.saved[1])
            self._let_go_on()
        if verb in "cU":
            self.committed |= own.own
            own.forget()
            self._let_go_on()

    def _read(self, own: _Session, table: str) -> None:
        if own.snapshot is None or self.snapshot is Snapshot.EACH_READ:
            own.snapshot = dict(self.committed)
        own.seen.append(own.own.get(table, own.snapshot[table]))
        assert own.turn is not None
        own.turn.effect = Effect(0, ("v",), ((own.seen[-1],),))

    # -- locks

    def _lock(self, name: str, table: str, mode: str) -> bool:
        own = self.sessions[name]
        if self._blockers(name, table, mode):
            self._wait(name)
            return False
        own.locks[table] = max(mode, own.locks.get(table, mode))
        return True

    def _blockers(self, name: str, table: str, mode: str) -> list[str]:
        return [
            other
            for other, session in self.sessions.items()
            if other != name and "X" in (session.locks.get(table, ""), mode)
            if table in session.locks
        ]

    def _wait(self, name: str) -> None:
        own = self.sessions[name]
        assert own.turn is not None
        if name not in self.queue:
            self.queue.append(name)
        if self._in_cycle(name):
            self._refuse(name)
        elif own.turn.wait is None:
            own.turn.wait = Wait(name, ())

    def _in_cycle(self, name: str) -> bool:
        reached, new = set[str](), {name}
        while new:
            new = {b for each in new & set(self.queue) for b in self._blocks(each)} - reached
            reached |= new
        return name in reached

    def _blocks(self, name: str) -> list[str]:
        verb, table = self.sessions[name].left[0][0], self.sessions[name].left[0][2:]
        return self._blockers(name, table, "S" if verb == "s" else "X")

    def _refuse(self, name: str) -> None:
        own = self.sessions[name]
        assert own.turn is not None
        number = len(self.execution.turns)
        own.turn.settled_in = number
        own.turn.effect = Effect(error=StepError("OperationalError", "", _DEADLOCK))
        self.execution.deadlocks.append(Deadlock(number, name, _DEADLOCK, (name,)))
        self.queue.remove(name)
        own.left.clear()
        own.refused = True
        own.forget()
        self._let_go_on()

    def _let_go_on(self) -> None:
        for name in list(self.queue):
            if name in self.queue and not self._blocks(name):
                self.queue.remove(name)
                self._attempt(name)


class Searched:
    """A search of all that programs can do in the model, whole or reduced."""

    def __init__(
        self, programs: Mapping[str, Sequence[str]], snapshot: Snapshot, *, reduction: bool
    ) -> None:
        self.outcomes: Counter[object] = Counter()
        """How many possible executions have each outcome."""
        reading = Reading("postgres", References(), snapshot.isolation, every_end_matters=False)
        self._programs, self._snapshot = programs, snapshot
        self._world = Modelled(programs, snapshot)
        self.scheduler = (
            Reduced(reading, lambda: self._world.execution) if reduction else Exhaustive()
        )

    def run(self, at_most: int | None = None) -> bool:
        """Run to the end; False if that takes more executions than allowed."""
        while self.scheduler.new_execution():
            if at_most is not None and self.scheduler.executions >= at_most:
                return False
            self._world = Modelled(self._programs, self._snapshot)
            try:
                self._conduct()
            except Redundant:
                continue
        assert self.scheduler.complete
        return True

    def _conduct(self) -> None:
        world = self._world
        while (rest := world.rest()).movable:
            world.take(self.scheduler.next_turn(rest))
        self.scheduler.end_execution(rest)
        self.outcomes[world.outcome()] += self.scheduler.learn(world.execution)
