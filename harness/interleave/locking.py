"""Which rows the statements of a deadlock locked, worked out from their texts.

An engine tells at most which lock each member waited for. Which rows a member had locked before,
and by which statement, follows from the statements over the rows as they were at that moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace

import sqlglot
from sqlglot import expressions as exp

from harness.checks.deadlock import Hold, Member, advise
from harness.interleave.execution import Deadlock, Execution, Turn
from harness.interleave.history import History, Setting
from harness.interleave.literal import written_out
from harness.interleave.model import BeyondModelError, Model, RowName, Rows, plain_value
from harness.interleave.statement import read_statement
from harness.sessions.step import StepKind

_READ, _SHARED, _EXCLUSIVE = 1, 2, 3
_ENDS = (StepKind.COMMIT, StepKind.ROLLBACK)


@dataclass(frozen=True, slots=True)
class Touch:
    """One row that a statement locks, or at least reads."""

    name: RowName
    strength: int
    because: str = ""


@dataclass
class Locking:
    """The rows that each turn of an execution touched."""

    execution: Execution
    setting: Setting
    touched: dict[int, list[Touch]] = field(default_factory=dict)

    def work_out(self) -> None:
        """Fill `touched`, as far as statements can be worked out."""
        with closing(Model(self.setting.shapes, self.setting.dialect)) as model:
            history = History(self.execution, self.setting, rechecks=False)
            if not history.replay(model):
                return
            for turn in self.execution.turns:
                if turn.step.kind is StepKind.STATEMENT:
                    rows = history.rows_before(turn)
                    self.touched[turn.number] = list(self._touches(turn, model, rows))

    def explained(self, deadlock: Deadlock) -> Deadlock:
        """The deadlock with its members, and what would remove it."""
        waiting = [self._waiting(name, deadlock) for name in deadlock.cycle]
        known = [turn for turn in waiting if turn is not None]
        if not known or len(known) < len(waiting):
            return deadlock
        # A server tells its cycle in either direction.
        ways = [self._members(deadlock, turns) for turns in (known, known[::-1])]
        members = max(ways, key=lambda way: sum(member.row is not None for member in way))
        return replace(deadlock, members=members, advice=advise(members))

    def _members(self, deadlock: Deadlock, turns: Sequence[Turn]) -> tuple[Member, ...]:
        """The members, if each waits for the next."""
        behind = [*turns[1:], turns[0]]
        wanted = [self._awaited(*pair) for pair in zip(turns, behind, strict=True)]
        had = [self._hold(name, turn) for name, turn in zip(wanted, behind, strict=True)]
        each = zip(turns, behind, wanted, [had[-1], *had[:-1]], strict=True)
        return tuple(self._member(deadlock, *one) for one in each)

    # -- one member

    def _waiting(self, name: str, deadlock: Deadlock) -> Turn | None:
        """The turn whose step waited, or closed the cycle."""
        own = [t for t in self.execution.turns if t.session == name and t.number <= deadlock.turn]
        return own[-1] if own else None

    def _member(
        self,
        deadlock: Deadlock,
        turn: Turn,
        blocker: Turn,
        wanted: RowName | None,
        held: Hold | None,
    ) -> Member:
        lock = next((lock for lock in deadlock.locks if lock.session == turn.session), None)
        return Member(
            session=turn.session,
            waits_for=blocker.session,
            turn=turn.number,
            statement=turn.step.readable(),
            table=(lock.table if lock else None) or (wanted[0] if wanted else None),
            row=self._readable(wanted),
            index=lock.index if lock else None,
            mode=lock.mode if lock else None,
            gap=bool(lock and lock.gap),
            held=held,
        )

    def _awaited(self, turn: Turn, blocker: Turn) -> RowName | None:
        """A row that a step wanted and its blocker had, best one whose locks cannot share."""
        wanted = {touch.name: touch.strength for touch in self.touched.get(turn.number, ())}
        found = [
            (wanted[touch.name] + touch.strength, held.number < blocker.number, touch.name)
            for held in self._steps_so_far(blocker)
            for touch in self.touched.get(held.number, ())
            if touch.name in wanted
        ]
        return max(found, key=lambda entry: entry[:2])[2] if found else None

    def _steps_so_far(self, last: Turn) -> list[Turn]:
        """The steps of a transaction up to one of them."""
        steps: list[Turn] = []
        for turn in self.execution.turns:
            if turn.session == last.session and turn.number <= last.number:
                steps = [] if turn.step.kind in _ENDS else [*steps, turn]
        return steps

    def _hold(self, wanted: RowName | None, holder: Turn) -> Hold | None:
        """How the holder had locked what another wanted: by its strongest step before it waited."""
        found = [
            (turn.number < holder.number, touch.strength, -turn.number, turn, touch)
            for turn in self._steps_so_far(holder)
            for touch in self.touched.get(turn.number, ())
            if touch.name == wanted
        ]
        if not found:
            return None
        *_, turn, touch = max(found, key=lambda entry: entry[:3])
        shared = touch.strength < _EXCLUSIVE
        return Hold(turn.number, turn.step.readable(), shared, touch.because)

    def _readable(self, name: RowName | None) -> str | None:
        if name is None:
            return None
        table, key = name
        columns = {shape.name: shape.key for shape in self.setting.shapes}.get(table)
        if not columns:
            return f"a row of {table}"
        values = ", ".join(f"{c} = {v}" for c, v in zip(columns, key, strict=True))
        return f"{table} ({values})"

    # -- one statement

    def _touches(self, turn: Turn, model: Model, rows: Rows) -> Iterator[Touch]:
        try:
            for text in written_out(turn.step, self.setting.literal):
                if read_statement(text, self.setting.dialect) is not None:
                    yield from self._touches_of(text, model, rows)
        except (TypeError, ValueError, KeyError, BeyondModelError):
            return

    def _touches_of(self, text: str, model: Model, rows: Rows) -> Iterator[Touch]:
        tree = sqlglot.parse_one(text, dialect=self.setting.dialect)
        if isinstance(tree, exp.Insert):
            yield from self._inserted(text, model, rows)
            return
        target = tree.this if isinstance(tree, (exp.Update, exp.Delete)) else None
        if target is None:
            tables = list(tree.find_all(exp.Table))
            if len(tables) != 1:
                return
            target = tables[0]
        strength = _EXCLUSIVE if not isinstance(tree, exp.Select) else _strength_of(tree)
        query = exp.select("*").from_(target.copy())
        if (where := tree.args.get("where")) is not None:
            query = query.where(where.this.copy())
        found = model.query(query.sql(self.setting.dialect), rows).found
        for name, row in rows.items():
            if name[0] == target.name and row in found:
                yield Touch(name, strength)

    def _inserted(self, text: str, model: Model, rows: Rows) -> Iterator[Touch]:
        for name, row in model.change(text, rows).changes.items():
            yield Touch(name, _EXCLUSIVE)
            if row is None:
                continue
            shape = next(shape for shape in self.setting.shapes if shape.name == name[0])
            values = dict(zip(shape.columns, row, strict=True))
            for columns, parent in self.setting.parents.get(name[0], ()):
                key = tuple(plain_value(values[column]) for column in columns)
                why = f"by an insert into {name[0]}, whose foreign key names it"
                yield Touch((parent, key), _SHARED, why)


def _strength_of(tree: exp.Select) -> int:
    locks = tree.args.get("locks") or []
    if not locks:
        return _READ
    return _EXCLUSIVE if any(lock.args.get("update") for lock in locks) else _SHARED


def deadlocks_explained(execution: Execution, setting: Setting) -> Mapping[Deadlock, Deadlock]:
    """Each deadlock of an execution, with its members and what would remove it."""
    if not execution.deadlocks:
        return {}
    locking = Locking(execution, setting)
    with suppress(BeyondModelError):  # then nothing is known of rows, and that is said
        locking.work_out()
    return {deadlock: locking.explained(deadlock) for deadlock in execution.deadlocks}
