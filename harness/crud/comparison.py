"""Compare what programs did with what they are meant to do. Pure: no connection, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.checks.verdict import Verdict
from harness.crud.capture import Touched
from harness.crud.letters import in_order
from harness.crud.observed import Observed
from harness.crud.subject import Expected, Subject

_VERBS = {"C": "adds to", "R": "reads", "U": "updates", "D": "deletes from"}


@dataclass(frozen=True)
class Cell:
    """One program and one table: the letters that were expected, and those that were seen."""

    expected: str
    observed: str
    idle: str = ""
    """Letters of statements that were executed, but of which no row is known to have come."""
    ran: bool = True
    """Whether the program came to its end, and all of its statements could be read."""
    reconstructed: str = ""
    """Those of the expected letters that the source does not force."""

    @property
    def excess(self) -> str:
        """Letters seen and not expected."""
        return in_order(set(self.observed) - set(self.expected))

    @property
    def missing(self) -> str:
        """Letters expected and not seen."""
        return in_order(set(self.expected) - set(self.observed))

    @property
    def verdict(self) -> Verdict:
        """Violated by what was seen, or by what was not seen of a program that ran to its end.

        >>> Cell("RU", "RU").verdict, Cell("RU", "R").verdict, Cell("R", "RU").verdict
        (<Verdict.HOLDS: 'holds'>, <Verdict.VIOLATED: 'violated'>, <Verdict.VIOLATED: 'violated'>)
        >>> Cell("RU", "R", ran=False).verdict, Cell("RU", "RU", idle="U").verdict
        (<Verdict.UNKNOWN: 'unknown'>, <Verdict.UNKNOWN: 'unknown'>)
        """
        if self.excess or (self.missing and self.ran):
            return Verdict.VIOLATED
        return Verdict.UNKNOWN if self.missing or self.idle or not self.ran else Verdict.HOLDS


@dataclass(frozen=True)
class Row:
    """One program on one engine."""

    program: Expected
    cells: Mapping[str, Cell]
    rows: Mapping[str, Mapping[str, int | None]]
    """Rows changed, by table and letter."""
    differences: Sequence[str]
    """What is not as expected, and what is not known, in sentences."""
    statements: int

    @property
    def verdict(self) -> Verdict:
        """The worst of its cells; unknown if it touched and was to touch nothing."""
        return Verdict.worst(cell.verdict for cell in self.cells.values())


def compare(subject: Subject, observed: Mapping[str, Observed]) -> list[Row]:
    """A row for each program of the subject, and for each that ran without being expected."""
    expected = {program.name: program for program in subject.programs}
    strange = [Expected(name, name, {}) for name in observed if name not in expected]
    return [_row(p, observed.get(p.name)) for p in (*subject.programs, *strange)]


def _row(program: Expected, seen: Observed | None) -> Row:
    if seen is None:
        cells = {
            table: Cell(letters, "", ran=False, reconstructed=program.reconstructed.get(table, ""))
            for table, letters in program.cells.items()
        }
        return Row(program, cells, {}, [f"{program.name}: was not run"], 0)
    touched = seen.captured.tables
    ran = seen.failure is None and seen.runs > 0 and not seen.captured.unread
    cells = {
        table: Cell(
            program.cells.get(table, ""),
            str(touched.get(table, "")),
            _idle(touched[table]) if table in touched else "",
            ran,
            program.reconstructed.get(table, ""),
        )
        for table in (*program.cells, *(t for t in touched if t not in program.cells))
    }
    return Row(
        program,
        cells,
        {table: dict(found.rows) for table, found in touched.items() if found.rows},
        list(_sentences(program, seen, cells)),
        seen.captured.statements,
    )


def _idle(found: Touched) -> str:
    return in_order(letter for letter, rows in found.rows.items() if not rows)


def _sentences(program: Expected, seen: Observed, cells: Mapping[str, Cell]) -> Iterator[str]:
    name = program.name
    for table, cell in cells.items():
        for letter in cell.excess:
            example = " ".join(seen.captured.tables[table].examples[letter].split())
            yield f"{name}: {_VERBS[letter]} {table}, and should not: {example}"
        for letter in cell.missing:
            if cell.ran:
                yield f"{name}: should be seen to do {letter} on {table}, and is not"
        for letter in cell.idle:
            yield f"{name}: {_VERBS[letter]} {table}, but no row is known to have been touched"
    if seen.failure is not None:
        yield f"{name}: did not come to its end: {seen.failure}"
    elif seen.runs == 0:
        yield f"{name}: was not run"
    for text in seen.captured.unread:
        yield f"{name}: a statement cannot be read for sure: {' '.join(text.split())}"
