"""How every drill ends: what is printed, what is kept, and the exit status."""

import json
from argparse import Namespace
from dataclasses import dataclass

import pytest

from harness.checks.verdict import Verdict
from harness.cli.drilling import Drilled, Telling, as_expected
from harness.cli.missing import Missing
from harness.engines import ENGINES
from harness.errors import SourceUnavailable
from harness.report.keys import with_whole_cells
from harness.servers.options import ServerOptions

NO_SERVER = SourceUnavailable("mysql: no server to be had here", "is Docker running?")


@dataclass
class Cell:
    title: str
    verdict: Verdict
    expected: Verdict = Verdict.HOLDS


TELLING = Telling[Cell](
    text=lambda cell: f"{cell.title}: 3 kills",
    last_line=lambda cell: f"{cell.verdict.value}: {cell.title}",
    document=lambda cells: {"cells": [{"engine": cell.title} for cell in cells]},
    again=lambda cell: ["again: it"] if cell.verdict is Verdict.VIOLATED else [],
    caveat="A kill is no power cut.",
)


def drilled(folder, *, engines_named: bool) -> Drilled[Cell]:
    engines = [ENGINES["mysql"], ENGINES["postgresql"]]
    arguments = Namespace(json=folder / "result.json", runs=folder / "runs")
    return Drilled(arguments, engines, ServerOptions(), Missing(engines_named))


def test_what_was_found_is_printed_beside_what_is_missing_and_kept(tmp_path, capsys) -> None:
    found = drilled(tmp_path, engines_named=False)

    def drill(engine) -> None:
        if engine.name == "mysql":
            raise NO_SERVER
        found.cells.append(Cell(engine.title, Verdict.VIOLATED))

    found.on_each_engine(drill)
    assert found.conclude(["drill", "it"], TELLING) == 1
    assert capsys.readouterr().out == (
        "PostgreSQL: 3 kills\n\n"
        "not run: mysql: no server to be had here\n  hint: is Docker running?\n\n"
        "A kill is no power cut.\n\n"
        "violated: PostgreSQL\n"
        "again: it\n"
    )
    cells = [{"engine": "PostgreSQL"}]
    kept = with_whole_cells({"cells": cells, "missing": [NO_SERVER.explain()]})
    assert json.loads((tmp_path / "result.json").read_text("utf-8")) == kept
    (stored,) = (tmp_path / "runs").glob("*/run.json")
    assert json.loads(stored.read_text("utf-8")) == {"command": ["drill", "it"], **kept}


def test_where_no_engine_answers_nothing_is_a_result(tmp_path, capsys) -> None:
    found = drilled(tmp_path, engines_named=False)

    def drill(engine) -> None:
        raise NO_SERVER

    found.on_each_engine(drill)
    assert found.conclude(["drill", "it"], TELLING) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("is Docker running?") == 1


@pytest.mark.parametrize(
    ("verdict", "expected", "status", "told"),
    [
        (Verdict.HOLDS, Verdict.HOLDS, 0, Verdict.HOLDS),
        (Verdict.VIOLATED, Verdict.VIOLATED, 0, Verdict.HOLDS),
        (Verdict.VIOLATED, Verdict.HOLDS, 1, Verdict.VIOLATED),
        (Verdict.HOLDS, Verdict.VIOLATED, 1, Verdict.VIOLATED),
        (Verdict.UNKNOWN, Verdict.HOLDS, 2, Verdict.UNKNOWN),
        (Verdict.UNKNOWN, Verdict.VIOLATED, 2, Verdict.UNKNOWN),
    ],
    ids=[
        *("holds", "control-was-caught", "violated", "control-was-not-caught"),
        *("unknown", "unknown-control"),
    ],
)
def test_the_status_is_of_what_was_not_expected(tmp_path, verdict, expected, status, told) -> None:
    found = drilled(tmp_path, engines_named=True)
    found.cells.append(Cell("MySQL", verdict, expected))
    assert as_expected(found.cells[0]) is told
    assert found.conclude(["drill", "it"], TELLING) == status
