"""What is worked out of a cell once it has been explored: names, and what a script begins with.

Pure: everything comes from the executions, the tables' first rows and the engine's grammar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import URL, MetaData, Table, create_mock_engine
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import ExecutableDDLElement

from harness.checks.anomaly import Anomaly, anomaly_of
from harness.engines.engine import Engine
from harness.interleave.cell import Cell, Finding
from harness.interleave.execution import Execution
from harness.interleave.fixture import Fixture
from harness.interleave.history import Setting, evidence_in
from harness.interleave.locking import deadlocks_explained
from harness.interleave.start import Start


def explained(cell: Cell, fixture: Fixture, engine: Engine) -> Cell:
    """The cell with its finding named, and with what its executions started from."""
    if cell.finding is None and cell.recorded is None and cell.deadlock is None:
        return cell
    cell.start = start_of(fixture, engine)
    if cell.finding is not None:
        anomaly = named(cell.finding, cell.start.setting)
        cell.finding = replace(cell.finding, anomaly=anomaly)
        _tell_deadlocks(cell.finding.execution, cell.start.setting)
    if cell.recorded is not None:
        _tell_deadlocks(cell.recorded, cell.start.setting)
    if cell.deadlock is not None and cell.deadlocked is not None:
        told = deadlocks_explained(cell.deadlocked, cell.start.setting)
        cell.deadlock = told.get(cell.deadlock, cell.deadlock)
    return cell


def _tell_deadlocks(execution: Execution, setting: Setting) -> None:
    execution.deadlocks[:] = deadlocks_explained(execution, setting).values()


def named(finding: Finding, setting: Setting) -> Anomaly | None:
    """The textbook anomaly that a finding is; None unless it is known for sure."""
    if finding.state is None or not finding.execution.turns:
        return None
    told = [anomaly_of(e) for e in evidence_in(finding.execution, setting, finding.state)]
    names = {anomaly.name if anomaly else "" for anomaly in told}
    return told[0] if len(names) == 1 else None


def start_of(fixture: Fixture, engine: Engine) -> Start:
    """What every execution starts from: settings and texts."""
    tables = fixture.tables
    setting = Setting(
        fixture.shapes,
        fixture.initial,
        engine.sql_dialect,
        engine.client.literal,
        {stored.name: _parents(stored.table) for stored in tables},
    )
    loading = [(stored.name, stored.insert_text()) for stored in tables if stored.rows]
    missing = [f"the rows of {name}" for name, text in loading if text is None]
    making: tuple[str, ...] = ()
    try:
        making = _making([stored.table for stored in tables], engine)
    except CompileError as error:
        missing.append(f"the tables ({error})")
    texts = (*(text for _, text in loading if text), *fixture.counters)
    return Start(setting, making, texts, tuple(missing), tuple(sorted(fixture.with_triggers)))


def _parents(table: Table) -> list[tuple[tuple[str, ...], str]]:
    """The foreign keys to the keys of other tables: their columns in the order of those."""
    found = []
    for key in table.foreign_key_constraints:
        pairs = {element.column.name: element.parent.name for element in key.elements}
        names = [column.name for column in key.referred_table.primary_key]
        if set(names) == set(pairs):
            found.append((tuple(pairs[name] for name in names), key.referred_table.name))
    return found


def _making(tables: Sequence[Table], engine: Engine) -> tuple[str, ...]:
    """Statements that make the tables.

    Raises:
        sqlalchemy.exc.CompileError: a column is of a type that SQLAlchemy does not know.
    """
    made: list[str] = []

    def collect(statement: ExecutableDDLElement, *_values: object, **_named: object) -> None:
        made.append(str(statement.compile(dialect=mock.dialect)).strip())

    mock = create_mock_engine(URL.create(engine.driver), collect)
    copies = MetaData()
    for table in tables:
        copy = table.to_metadata(copies)
        numbered = copy.autoincrement_column
        if numbered is not None and numbered.identity is None:
            # As it was found in a database it names a counter, which comes with the column.
            numbered.server_default = None
    copies.create_all(mock, checkfirst=False)
    return tuple(made)
