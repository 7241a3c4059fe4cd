"""The report: as a record, as lines, as a table; what is not available is in all three."""

import json

import pytest
from rich.console import Console

from harness.engines.monitoring import FIGURES, LogLine
from harness.operations.report import Cost, Report, Spell
from harness.operations.seen import Deadlock, Member, WaitRow
from harness.operations.series import Series
from harness.operations.server_log import LogReport
from harness.operations.table import figure_table, missing_lines, readable


def made(**known) -> Report:
    series = Series()
    for at_s, log in ((0.0, 1000), (1.0, 3000), (2.0, 3000)):
        values = {"connections": 2.0, "log_bytes": log, "deadlocks": log / 1000}
        series.add(at_s, values, {"row_lock_waits": "it counts none"})
    values = {
        "engine": "postgresql",
        "version": "18.6",
        "every_s": 1.0,
        "figures": series.summaries(),
        "waits": [WaitRow("booking", "progress update", "progress", 3, 1.25, "record lock X")],
        "deadlocks": [Deadlock(1.5, (Member("a", 7, "X on t", "t", "update t"),), "a")],
        "log": LogReport({"fatal": 0, "error": 1, "warning": 0, "note": 4}, ()),
        "spells": [Spell(0.0, "answers")],
        "cost": Cost(3, 0.03, 0.02, 2.0),
        "points": {name: series.points(name) for name in ("connections", "log_bytes")},
    }
    return Report(**(values | known))


def test_the_record_is_json_and_tells_the_missing_with_a_sentence() -> None:
    stored = json.loads(json.dumps(made().document()))
    assert stored["figures"]["log_bytes"] == {
        "title": "log written",
        "kind": "counter",
        "available": True,
        "unit": "bytes/s",
        "samples": 3,
        "low": 0.0,
        "mean": 1000.0,
        "high": 2000.0,
        "last": 0.0,
        "total": 2000.0,
    }
    assert stored["figures"]["row_lock_waits"] == {
        "title": "row lock waits counted",
        "available": False,
        "missing": "it counts none",
    }
    assert set(stored["figures"]) == set(FIGURES)
    assert stored["waits"][0]["blocking"] == "progress update"
    assert stored["deadlocks"][0]["cycle"] == ["a"]
    assert stored["cost"]["share"] == 0.015
    assert stored["points"]["log_bytes"] == [[0.0, 0.0], [1.0, 2000.0], [2.0, 2000.0]]


def test_deadlocks_that_were_counted_and_not_told_are_said() -> None:
    assert made().unseen_deadlocks() == 1
    assert made(deadlocks=made().deadlocks * 2).unseen_deadlocks() == 0
    assert any(line.startswith("1 more deadlock") for line in made().lines())


def test_a_quiet_run_says_what_watching_took_and_no_spell() -> None:
    lines = list(made(waits=[], deadlocks=[]).lines())
    assert not [line for line in lines if "the server" in line and line.startswith("from")]
    assert lines[-1] == (
        "watching: 3 samples, 10.0 ms each, 1.50% of 2.0 s; a wait between two samples is not seen"
    )


def test_a_server_that_died_is_the_first_thing_said() -> None:
    report = made(spells=[Spell(0.0, "answers"), Spell(1.2, "gone", "signal SIGKILL")])
    assert not report.alive
    assert list(report.lines())[:2] == [
        "from 0.0 s the server answers",
        "from 1.2 s the server is gone: signal SIGKILL",
    ]


@pytest.mark.parametrize(
    ("spells", "said"),
    [
        ([Spell(0.0, "answers")], []),
        (
            [Spell(0.0, "answers"), Spell(1.2, "unwatched", "the monitor itself failed: Bug: x")],
            ["from 1.2 s on are unknown: the server is not watched any more: the monitor itself "
            "failed: Bug: x"],
        ),
        (
            [Spell(0.0, "answers"), Spell(1.0, "silent"), Spell(2.5, "answers")],
            ["from 1.0 s to 2.5 s are unknown: the server does not answer"],
        ),
        (
            [Spell(0.0, "silent", "timed out"), Spell(2.0, "gone", "signal SIGKILL")],
            ["from 0.0 s to 2.0 s are unknown: the server does not answer: timed out",
            "from 2.0 s on are unknown: the server is gone: signal SIGKILL"],
        ),
        ([], ["are unknown"]),
    ],
    ids=["it answered", "not watched", "silent for a time", "silent, then gone", "never asked"],
)  # fmt: skip
def test_what_is_not_known_of_a_server_is_told_with_its_time_and_reason(spells, said) -> None:
    begin = "lock waits, deadlocks and figures"
    assert list(made(spells=spells).not_seen()) == [f"{begin} {words}" for words in said]


@pytest.mark.parametrize("counts", [{}, {"fatal": 0, "error": 2, "warning": 0, "note": 0}])
def test_a_log_that_was_lost_is_said_beside_what_was_read(counts) -> None:
    entry = LogLine(None, "error", "ERROR", "no such table\nand more")
    log = LogReport(counts, (entry,) if counts else (), "the container is gone")
    lines = list(made(log=log).lines())
    assert "log: not available: the container is gone" in lines
    assert ("  ERROR: no such table" in lines) is bool(counts)


def test_the_table_has_a_row_for_each_figure_with_a_value_and_no_0_for_others() -> None:
    figures = made().figures
    console = Console(width=140, record=True)
    with console.capture() as capture:
        console.print(figure_table(figures, "PostgreSQL 18.6"))
    rows = [line.split() for line in capture.get().splitlines()]
    assert ["log", "written", "0", "1k", "2k", "0", "2k"] in [row[:7] for row in rows]
    assert len(rows) == 1 + sum(found.available for found in figures.values())
    assert "row lock waits counted: not available: it counts none" in missing_lines(figures)


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (None, "bytes", ""),
        (0.0, "bytes", "0"),
        (999.0, "bytes", "999"),
        (1500.0, "bytes", "1.5k"),
        (3e15, "bytes", "3000T"),
        (0.0004, "s", "0"),
        (100.0, "", "100"),
        (10.0, "", "10"),
    ],
)
def test_numbers(number, unit, text) -> None:
    assert readable(number, unit) == text
