"""The table of letters, for a terminal or a pipe, and the JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from harness import __version__
from harness.checks.verdict import Verdict
from harness.crud.comparison import Cell, Row
from harness.crud.subject import Subject
from harness.engines import Engine, Isolation

LEGEND = """\
C adds rows, R reads, U updates, D deletes; . nothing, and nothing expected
r   as expected, where the source does not force the letter and it was reconstructed
+X  done, but not expected        -X  expected, but not done
X?  not known: the program did not come to its end, or no row is known to have been touched"""

_STYLE = {Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.UNKNOWN: "yellow"}
_GAP = "  "


@dataclass(frozen=True)
class Conformance:
    """One engine's rows."""

    engine: Engine
    version: str
    rows: Sequence[Row]

    @property
    def title(self) -> str:
        """As a heading has it: 'MySQL 9.7.4'."""
        return f"{self.engine.title} {self.version}"

    @property
    def verdict(self) -> Verdict:
        """The worst of the programs'."""
        return Verdict.worst(row.verdict for row in self.rows)


def cell_text(cell: Cell | None) -> str:
    """What stands in a cell.

    >>> cell_text(None), cell_text(Cell("RU", "RU")), cell_text(Cell("RU", "CR"))
    ('.', 'RU', 'R +C -U')
    >>> cell_text(Cell("RU", "R", ran=False)), cell_text(Cell("C", "C", idle="C"))
    ('R U?', 'C?')
    >>> cell_text(Cell("CR", "CR", reconstructed="R"))
    'Cr'
    """
    if cell is None:
        return "."
    sure = [
        c.lower() if c in cell.reconstructed else c
        for c in cell.observed
        if c in cell.expected and c not in cell.idle
    ]
    doubtful = [c for c in cell.expected if c in cell.idle or (c in cell.missing and not cell.ran)]
    missing = cell.missing if cell.ran else ""
    words = ["".join(sure), *(f"+{c}" for c in cell.excess), *(f"-{c}" for c in missing)]
    return " ".join(filter(None, [*words, *(f"{c}?" for c in doubtful)])) or "."


def same_rows(found: Sequence[Conformance]) -> Iterator[list[Conformance]]:
    """Engines whose cells are all alike, together."""
    groups: dict[str, list[Conformance]] = {}
    for one in found:
        key = repr([(row.program.name, row.cells) for row in one.rows])
        groups.setdefault(key, []).append(one)
    yield from groups.values()


def letter_table(subject: Subject, rows: Sequence[Row], width: int = 160) -> Text:
    """A line for each program, a column for each table under the name its users know.

    Before the tables stand the program's letters as the source has them. Where the lines are
    wider than *width*, each program names the tables that it touches instead.
    """
    touched = [table for row in rows for table in row.cells]
    columns = list(dict.fromkeys([*subject.columns, *touched]))
    head = ["program", "letters", *(_heading(subject, table) for table in columns), "verdict"]
    lines = [[Text(name) for name in head]]
    for row in rows:
        cells = [row.cells.get(table) for table in columns]
        name = Text(f"{row.program.name} ({row.program.title})")
        prescribed = Text(row.program.prescribed)
        lines.append([name, prescribed, *map(_styled, cells), _verdict(row.verdict)])
    widths = [max(text.cell_len for text in column) for column in zip(*lines, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        return Text("\n").join(line for row in rows for line in _told(subject, row))
    return Text("\n").join(_aligned(line, widths) for line in lines)


def _told(subject: Subject, row: Row) -> Iterator[Text]:
    """The same facts in two lines."""
    program = row.program
    name = f"{program.name} ({program.title}) {program.prescribed}".rstrip()
    yield Text(f"{name}: ") + _verdict(row.verdict)
    touched = [
        Text(f"{_heading(subject, table)} ") + _styled(cell)
        for table, cell in row.cells.items()
        if cell_text(cell) != "."
    ]
    yield Text("    ") + Text(", ").join(touched or [Text("no table")])


def _heading(subject: Subject, table: str) -> str:
    known = subject.metadata.tables.get(table)
    return known.comment or table if known is not None else table


def _styled(cell: Cell | None) -> Text:
    style = "" if cell is None else _STYLE[cell.verdict]
    return Text(cell_text(cell), style="" if style == "green" else style)


def _verdict(verdict: Verdict) -> Text:
    return Text(verdict.value, style=_STYLE[verdict])


def _aligned(line: Sequence[Text], widths: Sequence[int]) -> Text:
    found = Text()
    for text, width in zip(line, widths, strict=True):
        found.append_text(text + Text(" " * (width - text.cell_len) + _GAP))
    found.rstrip()
    return found


def crud_document(subject: Subject, found: Sequence[Conformance]) -> dict[str, Any]:
    """The JSON document; its keys are an interface: more may be added, none renamed."""
    return {
        "harness": __version__,
        "subject": subject.name,
        "source": subject.source,
        "engines": [
            {
                "engine": one.engine.name,
                "version": one.version,
                "isolation": Isolation.READ_COMMITTED.slug,
                "verdict": one.verdict.value,
                "programs": [_program(row) for row in one.rows],
            }
            for one in found
        ],
    }


def _program(row: Row) -> dict[str, Any]:
    return {
        "program": row.program.name,
        "title": row.program.title,
        "prescribed": row.program.prescribed,
        "verdict": row.verdict.value,
        "statements": row.statements,
        "cells": {
            table: {
                "expected": cell.expected,
                "reconstructed": cell.reconstructed,
                "observed": cell.observed,
                "rows": dict(row.rows.get(table, {})),
                "verdict": cell.verdict.value,
            }
            for table, cell in row.cells.items()
        },
        "differences": list(row.differences),
    }
