"""A finding as files that a person types into the engine's own client, one terminal per session.

`setup.sql` makes the tables, `T1.sql`, `T2.sql`, … hold what each session asks, turn by turn, and
`schedule.txt` says which terminal comes next, where one hangs and what it shows in the end.

Values stand in the statements as the driver writes them; no password stands anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.checks.state import Row, differences
from harness.engines import ENGINES
from harness.engines.client import Client
from harness.engines.engine import Isolation
from harness.errors import HarnessError
from harness.interleave.cell import Cell
from harness.interleave.execution import Execution, Turn
from harness.interleave.literal import written_out
from harness.interleave.start import Start
from harness.report.lanes import waiting
from harness.sessions.step import StepKind

SCHEDULE = "schedule.txt"
SETUP = "setup.sql"
DATABASE = "finding"
"""What the instructions call the database."""

_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'")
_ENDS = (StepKind.COMMIT, StepKind.ROLLBACK)


@dataclass(frozen=True)
class Typed:
    """What is typed in one turn."""

    turn: Turn
    statements: tuple[str, ...]
    added: tuple[str, ...] = ()
    """Those before the step's own."""


def script_of(cell: Cell) -> Mapping[str, str]:
    """The files by name: of the recorded execution, else of the finding.

    Raises:
        HarnessError: there is no execution in turns, or a value cannot be written.
    """
    execution = cell.recorded or (cell.finding.execution if cell.finding else None)
    if execution is None or not execution.turns or cell.start is None:
        raise HarnessError(
            "script: nothing to write: no execution in turns was found",
            "a round that ran freely has no turns; --schedule gives one execution",
        )
    client = ENGINES[cell.engine].client
    typed = list(_typed(cell, execution, client))
    files = {SETUP: _setup(cell, cell.start, client)}
    files |= {f"{name}.sql": _session(cell, name, typed, client) for name in cell.programs}
    return files | {SCHEDULE: "\n".join(_schedule(cell, execution, typed, client)) + "\n"}


def _typed(cell: Cell, execution: Execution, client: Client) -> Iterator[Typed]:
    """The statements of each turn, with those that a driver adds: levels, and beginnings."""
    inside: set[str] = set()
    levels = dict.fromkeys(cell.programs, cell.isolation)
    for turn in execution.turns:
        statements = _texts(turn, client)
        added: tuple[str, ...] = ()
        if turn.step.kind in _ENDS:
            inside.discard(turn.session)
        elif turn.session not in inside and not turn.step.is_alone:
            inside.add(turn.session)
            level = _level(turn, cell.isolation)
            changed = () if level is levels[turn.session] else (client.isolation(level),)
            levels[turn.session] = level
            added = (*changed, client.begin)
        if _given_up(turn):
            # The server has ended the transaction; a terminal may have to be told.
            inside.discard(turn.session)
            statements = (*statements, "ROLLBACK")
        yield Typed(turn, (*added, *statements), added)


def _level(turn: Turn, usual: Isolation) -> Isolation:
    chosen = turn.step.isolation
    known = {level.value: level for level in Isolation}
    if chosen is not None and chosen not in known:
        raise HarnessError(
            f"script: turn {turn.number} of {turn.session}: runs at a level of its own, '{chosen}'",
            "a script can set the four levels of SQL-92",
        )
    return known.get(chosen or "", usual)


def _texts(turn: Turn, client: Client) -> tuple[str, ...]:
    if turn.step.kind in _ENDS:
        return (turn.step.kind.value.upper(),)
    try:
        return written_out(turn.step, client.literal)
    except (TypeError, ValueError, KeyError) as error:
        raise HarnessError(
            f"script: turn {turn.number} of {turn.session}: a value cannot be written into the "
            f"statement: {error}",
            f"the statement is: {turn.step.readable()}",
        ) from error


def _given_up(turn: Turn) -> bool:
    error = turn.effect.error if turn.effect is not None else None
    return error is not None and error.refusal is not None and error.refusal.ends_transaction


def _ended(statement: str) -> str:
    r"""A statement with its end; behind a comment that would swallow it, in a line of its own.

    >>> _ended("select '#'"), _ended("select 1 -- one")
    ("select '#';", 'select 1 -- one\n;')
    """
    text = statement.strip().rstrip(";").rstrip()
    last = _QUOTED.sub("", text).rpartition("\n")[2]
    return f"{text}\n;" if "--" in last or "#" in last else f"{text};"


def _lines(statements: Sequence[str]) -> str:
    return "".join(f"{_ended(statement)}\n" for statement in statements)


def _where(cell: Cell) -> str:
    return (
        f"{cell.scenario}, variant {cell.variant}, {cell.title} {cell.version}, "
        f"{cell.isolation.title}"
    )


# -- the files


def _setup(cell: Cell, start: Start, client: Client) -> str:
    if start.unwritable:
        raise HarnessError(
            f"script: {' and '.join(start.unwritable)} cannot be written as statements",
            "bytes, documents and types of extensions have no text that every client takes",
        )
    head = f"-- {_where(cell)}\n-- The tables and their first rows, for an empty database.\n"
    if start.triggers:
        head += f"-- The triggers of {', '.join(start.triggers)} are not in here.\n"
    statements = (*client.preamble, *client.exactly, *start.making, *start.loading)
    return f"{head}\n{_lines(statements)}"


def _session(cell: Cell, name: str, typed: Sequence[Typed], client: Client) -> str:
    head = f"-- {name}: {cell.programs[name]}\n"
    head += f"-- For one terminal; {SCHEDULE} says when each turn is due.\n\n"
    parts = [head + _lines((*client.preamble, client.isolation(cell.isolation)))]
    for one in typed:
        if one.turn.session == name:
            hangs = f" {waiting(one.turn.wait)}" if one.turn.wait is not None else ""
            parts.append(f"-- turn {one.turn.number}{hangs}\n{_lines(one.statements)}")
    return "\n".join(parts)


def _schedule(
    cell: Cell, execution: Execution, typed: Sequence[Typed], client: Client
) -> Iterator[str]:
    yield _where(cell)
    yield ""
    yield f"Make an empty database, for instance {DATABASE}, and in it the tables:"
    yield f"  {' '.join(client.connect(DATABASE))} < {SETUP}"
    yield f"Open {len(cell.programs)} terminals, each with its own client:"
    for name in cell.programs:
        yield f"  {name}: {' '.join(client.connect(DATABASE))}"
    yield f"Type in each what stands at the top of its file ({_files(cell)}), then, in this order:"
    yield ""
    for one in typed:
        yield from _turn(one, execution)
    yield ""
    yield from _end(cell, execution)


def _files(cell: Cell) -> str:
    return ", ".join(f"{name}.sql" for name in cell.programs)


def _turn(one: Typed, execution: Execution) -> Iterator[str]:
    turn = one.turn
    yield f"{turn.number:>4}  {turn.session}  {'; '.join([*one.added, turn.step.readable()])}"
    if turn.wait is not None:
        yield f"          {turn.session} hangs: {waiting(turn.wait)}"
    if turn.settled_in == turn.number:
        yield from _shown(turn, "")
    for late in execution.turns:
        if late is not turn and late.settled_in == turn.number:
            yield from _shown(late, f"{late.session} goes on with turn {late.number}: ")


def _shown(turn: Turn, who: str) -> Iterator[str]:
    if turn.effect is not None:
        yield f"          {who}-> {turn.effect.readable()}"
    elif who:
        yield f"          {who}done"
    if _given_up(turn):
        yield f"          {turn.session} has lost its transaction, and rolls back"


def _end(cell: Cell, execution: Execution) -> Iterator[str]:
    for name, end in execution.ends.items():
        yield f"{name}: the program {end.readable()}"
    if cell.finding is None:
        return
    if cell.finding.state is not None and cell.start is not None:
        setting = cell.start.setting
        yield ""
        yield "In the end these rows are otherwise than at first:"
        for change in differences(setting.initial, cell.finding.state, setting.shapes):
            yield f"  {change.table} {_row(change.before)} -> {_row(change.after)}"
    yield ""
    yield f"{cell.finding.kind}:"
    yield from (f"  {sentence}" for sentence in cell.finding.sentences)
    if cell.finding.anomaly is not None:
        yield f"  {cell.finding.anomaly.readable()}"


def _row(row: Row | None) -> str:
    return "nothing" if row is None else f"({', '.join(map(str, row))})"
