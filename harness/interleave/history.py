"""What each statement of an execution had seen: versions of rows, told from the server's answers.

Every statement is worked out in memory over all views that a server could have given it: what was
committed at some moment since its transaction began, together with its own changes, or the newest
rows, committed or not. Views that give another answer than the server's are excluded; what follows
from each of those that are left is known for sure, and nothing else is taken for known.

A change works on the newest rows. Where it had to wait, one kind of engine looks again only at
those rows that the change had found before it waited ("rechecks"). Both are tried; the tables, as
the server left them, decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from harness.checks.dependencies import Evidence
from harness.checks.state import Row, State, TableShape, canonical
from harness.interleave.execution import Execution, Turn
from harness.interleave.literal import Literal, written_out
from harness.interleave.model import (
    Answer,
    BeyondModelError,
    Model,
    RowName,
    Rows,
    counted,
    plain_value,
)
from harness.interleave.sight import Sight, evidence_of
from harness.interleave.statement import Statement, read_statement
from harness.interleave.versions import Version, Versions, View
from harness.sessions.hold import ROWS_KEPT
from harness.sessions.step import StepKind

_QUOTED = re.compile(r"'[^']*'")

MOST_ROWS = 2_000
"""Tables with more are not worked out: a finding is about few."""


@dataclass(frozen=True)
class Setting:
    """What an execution started from, and how its statements are read."""

    shapes: Sequence[TableShape]
    initial: State
    dialect: str
    literal: Literal
    parents: Mapping[str, Sequence[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    """Foreign keys by table: columns, in the order of the key of the table they name, and that."""


@dataclass
class _Transaction:
    name: str
    began_at: int
    """How many events there had been when its first statement was sent."""


@dataclass
class History:
    """An execution told as versions of rows and what was seen of them."""

    execution: Execution
    setting: Setting
    rechecks: bool
    versions: Versions = field(default_factory=lambda: Versions({}))
    sights: list[Sight] = field(default_factory=list)
    doubted: set[str] = field(default_factory=set)
    """Tables of which the server says something else than what was worked out."""

    def evidence(self, model: Model, final: State) -> Evidence | None:
        """Who depends on whom; None if a statement cannot be read."""
        if not self.replay(model):
            return None
        self._compare(final)
        return evidence_of(self.versions, self.sights, self.doubted, self._key_columns())

    def replay(self, model: Model) -> bool:
        """Take all steps in the order in which they took effect; False if one cannot be read."""
        self.versions = Versions(model.rows_of(self.setting.initial))
        self._model = model
        self._views: list[tuple[View, View]] = []
        self._open: dict[str, _Transaction] = {}
        self._count: dict[str, int] = {}
        several = _sessions_with_several(self.execution)
        settled = _in_order(self.execution)
        for turn in settled:
            self._views.append((dict(self.versions.latest), dict(self.versions.committed)))
            if turn.session not in self._open and turn.step.kind is StepKind.STATEMENT:
                self._begin(turn, settled, numbered=turn.session in several)
            if not self._take(turn, settled):
                return False
        for transaction in self._open.values():
            self.versions.undo(transaction.name)
        return True

    def rows_before(self, turn: Turn) -> dict[RowName, Row]:
        """The newest rows at the moment when a step was sent, after `replay`."""
        place = min(_sent_at(turn, _in_order(self.execution)), len(self._views) - 1)
        return self.versions.rows(self._views[place][0], self._key_columns())

    def _begin(self, turn: Turn, settled: Sequence[Turn], *, numbered: bool) -> None:
        count = self._count[turn.session] = self._count.get(turn.session, 0) + 1
        name = f"{turn.session}.{count}" if numbered else turn.session
        self._open[turn.session] = _Transaction(name, _sent_at(turn, settled))

    def _take(self, turn: Turn, settled: Sequence[Turn]) -> bool:
        """Take one step; False if it cannot be read."""
        kind, transaction = turn.step.kind, self._open.get(turn.session)
        error = turn.effect.error if turn.effect is not None else None
        if error is not None:
            if transaction and (error.refusal is None or error.refusal.ends_transaction):
                self._end(turn.session, committed=False)
            return True
        if kind in (StepKind.COMMIT, StepKind.ROLLBACK):
            if transaction:
                self._end(turn.session, committed=kind is StepKind.COMMIT)
            return True
        if kind is StepKind.ROLLBACK_TO:
            return False
        if kind is not StepKind.STATEMENT or transaction is None:
            return True
        read = self._statement(turn, transaction, _sent_at(turn, settled))
        if turn.step.is_alone:
            self._end(turn.session, committed=True)
        return read

    def _end(self, session: str, *, committed: bool) -> None:
        name = self._open.pop(session).name
        (self.versions.commit if committed else self.versions.undo)(name)

    def _statement(self, turn: Turn, transaction: _Transaction, sent_at: int) -> bool:
        try:
            texts = written_out(turn.step, self.setting.literal)
        except (TypeError, ValueError, KeyError):
            return False
        if ";" in _QUOTED.sub("", texts[0]).rstrip("; \n"):
            return False  # several statements in one step
        statement = read_statement(texts[0], self.setting.dialect)
        if statement is None or not statement.tables <= {s.name for s in self.setting.shapes}:
            return False
        if statement.changes:
            self._change(turn, transaction, texts, statement, sent_at)
        elif statement.tables and turn.effect is not None and turn.effect.columns:
            self._read(turn, transaction, texts[0], statement)
        return True

    # -- what a statement saw

    def _read(self, turn: Turn, transaction: _Transaction, text: str, statement: Statement) -> None:
        effect = turn.effect
        assert effect is not None, "a read has an answer"
        if effect.rowcount is None or len(effect.rows) >= ROWS_KEPT:
            return  # not all of the answer is known
        answer = Answer(len(effect.rows), counted(effect.rows))

        def asked(seen: Rows, _newest: Rows) -> Answer:
            return self._model.query(text, seen)

        moments = range(transaction.began_at, len(self._views))
        whole = [self._views[moment][1] for moment in moments]
        views = [self.versions.with_own(view, transaction.name) for view in whole]
        views += [dict(self._views[moment][0]) for moment in moments]
        pairs = [(view, view) for view in views]
        self._add_sight(turn, transaction, statement, asked, answer, pairs)

    def _change(
        self,
        turn: Turn,
        transaction: _Transaction,
        texts: Sequence[str],
        statement: Statement,
        sent_at: int,
    ) -> None:
        targets = {change.table for change in statement.changes}
        asked = self._rechecked(texts[0]) if self.rechecks else self._current(texts[0])
        newest = dict(self.versions.latest)
        seen = self.versions.with_own(self._views[sent_at][1], transaction.name)
        count = 0
        try:
            for number, text in enumerate(texts):
                ask = asked if number == 0 else self._current(text)
                tables = statement.tables
                answer = ask(
                    self.versions.rows(seen, tables),
                    self.versions.rows(self.versions.latest, tables),
                )
                count += answer.count
                if number == 0:
                    pair = (seen if self.rechecks else newest, newest)
                    self._add_sight(turn, transaction, statement, asked, answer, [pair])
                for name, row in answer.changes.items():
                    self.versions.write(name, Version(transaction.name, row, turn.number))
        except BeyondModelError:
            self.doubted |= targets
            return
        touched = turn.effect.rowcount if turn.effect is not None else None
        if touched is not None and touched >= 0 and touched != count:
            self.doubted |= targets

    def _current(self, text: str) -> Callable[[Rows, Rows], Answer]:
        return lambda _seen, newest: self._model.change(text, newest)

    def _rechecked(self, text: str) -> Callable[[Rows, Rows], Answer]:
        """The newest rows decide, among those that were found when the statement was sent."""

        def asked(seen: Rows, newest: Rows) -> Answer:
            before, now = self._model.change(text, seen), self._model.change(text, newest)
            if len(before.changes) != before.count or len(now.changes) != now.count:
                if seen == newest:
                    return now
                raise BeyondModelError(f"{text}: which rows it touches is not known")
            new = {n: row for n, row in before.changes.items() if n not in seen}
            still = {n: now.changes[n] for n in before.changes if n in now.changes}
            changes = {**still, **new}
            return Answer(len(changes), before.found, changes)

        return asked

    def _add_sight(
        self,
        turn: Turn,
        transaction: _Transaction,
        statement: Statement,
        asked: Callable[[Rows, Rows], Answer],
        answer: Answer,
        views: Sequence[tuple[View, View]],
    ) -> None:
        self.sights.append(
            Sight(transaction.name, turn.number, statement.tables, asked, answer, views)
        )

    # -- what the server says in the end

    def _compare(self, final: State) -> None:
        """Doubt each table that the server left otherwise."""
        left = self.versions.rows(self.versions.committed, {s.name for s in self.setting.shapes})
        for shape in self.setting.shapes:
            worked_out = State(
                {shape.name: tuple(r for n, r in left.items() if n[0] == shape.name)}
            )
            if canonical(worked_out, [shape]) != canonical(_plain(final, shape), [shape]):
                self.doubted.add(shape.name)

    def _key_columns(self) -> dict[str, tuple[str, ...]]:
        return {shape.name: shape.key for shape in self.setting.shapes}


def evidence_in(execution: Execution, setting: Setting, final: State) -> list[Evidence]:
    """Who depends on whom in an execution, as far as it is known for sure; none if nothing is.

    `final` is how the server left the tables. There are two where it leaves open which way it went.
    """
    if sum(map(len, setting.initial.tables.values())) > MOST_ROWS:
        return []
    known = []
    for rechecks in (False, True):
        history = History(execution, setting, rechecks)
        try:
            with closing(Model(setting.shapes, setting.dialect)) as model:
                evidence = history.evidence(model, final)
        except BeyondModelError:
            return []
        if evidence is not None:
            known.append((evidence, len(history.doubted)))
    least = min((doubted for _, doubted in known), default=0)
    return [evidence for evidence, doubted in known if doubted == least]


def _plain(state: State, shape: TableShape) -> State:
    rows = state.tables.get(shape.name, ())
    return State({shape.name: tuple(tuple(map(plain_value, row)) for row in rows)})


def _in_order(execution: Execution) -> list[Turn]:
    """The turns as they took effect: one that waited, after the turn that let it go on."""
    return sorted(
        (turn for turn in execution.turns if turn.settled_in is not None),
        key=lambda turn: (turn.settled_in, turn.settled_in != turn.number, turn.number),
    )


def _sent_at(turn: Turn, settled: Sequence[Turn]) -> int:
    """How many steps had taken effect when this one was sent."""
    return sum(other.settled_in is not None and other.settled_in < turn.number for other in settled)


def _sessions_with_several(execution: Execution) -> set[str]:
    """Sessions that begin more than one transaction."""
    return {session for session, count in _begun(execution) if count > 1}


def _begun(execution: Execution) -> Iterator[tuple[str, int]]:
    counts: dict[str, int] = {}
    inside: set[str] = set()
    for turn in execution.turns:
        if turn.step.kind is StepKind.STATEMENT and turn.session not in inside:
            inside.add(turn.session)
            counts[turn.session] = counts.get(turn.session, 0) + 1
        if turn.step.is_alone or turn.step.kind in (StepKind.COMMIT, StepKind.ROLLBACK):
            inside.discard(turn.session)
    yield from counts.items()
