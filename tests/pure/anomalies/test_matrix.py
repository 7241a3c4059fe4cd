from collections import Counter

import pytest
from rich.console import Console

from harness.checks.verdict import Verdict
from harness.engines.engine import Isolation
from harness.interleave.cell import Cell, Finding
from harness.interleave.execution import Execution, Turn
from harness.report.matrix import (
    Answer,
    by_engine,
    matrix_document,
    matrix_table,
    news,
    shortest,
    summary,
    words_of,
)
from harness.sessions.step import Step, StepKind

LOW, HIGH = Isolation.READ_UNCOMMITTED, Isolation.SERIALIZABLE
ENGINES = {"mysql": ("MySQL", "9.7.4"), "postgresql": ("PostgreSQL", "18.6")}


def cell(verdict, engine="mysql", isolation=LOW, name="g1a", **known):
    made = Cell(name, "current", engine, *ENGINES[engine], "docker", isolation, verdict)
    made.executions = made.possible = 10
    made.elapsed_s = 0.5
    for key, value in known.items():
        setattr(made, key, value)
    return made


def prevented(*by, **place):
    return Answer("aborted read", cell(Verdict.HOLDS, **place), Counter(dict.fromkeys(by, 5)))


def possible(sentence="T2 read 101", schedule="T1 T2 T1", kind="results", **place):
    step = Step(StepKind.COMMIT, "commit")
    turns = [Turn(n, name, step, ()) for n, name in enumerate(schedule.split(), start=1)]
    finding = Finding(kind, (sentence,), Execution(turns))
    found = {"finding": finding, "anomalies": 4, "possible_anomalies": 4}
    return Answer("aborted read", cell(Verdict.VIOLATED, **found, **place), {})


def unknown(**place):
    return Answer("aborted read", cell(Verdict.UNKNOWN, unknown=["stopped"], **place), {})


def printed(answers):
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        console.print(matrix_table(answers))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_a_row_for_each_anomaly_and_a_column_for_each_level():
    answers = [
        possible(),
        prevented("wait", "refusal 1213", isolation=HIGH),
        unknown(name="g2"),
        prevented("snapshot", name="g2", isolation=HIGH),
    ]
    assert printed(answers) == [
        "MySQL 9.7.4  read uncommitted  serializable",
        "g1a          possible 4/10     ✓ wait, refusal 1213",
        "g2           unknown           ✓ snapshot",
    ]


def test_a_level_that_was_not_run_is_empty():
    assert printed([possible(), prevented("wait", name="g2", isolation=HIGH)])[1:] == [
        "g1a          possible 4/10",
        "g2                             ✓ wait",
    ]


def test_each_engine_has_a_table_of_its_own():
    answers = [possible(), prevented("wait", engine="postgresql"), possible(name="g2")]
    assert [[a.cell.engine for a in some] for some in by_engine(answers)] == [
        ["mysql", "mysql"],
        ["postgresql"],
    ]


def test_a_program_that_failed_by_itself_shows_nothing():
    answer = possible("T1 raised NameError: x", kind="raised")
    assert (answer.word, answer.readable()) == ("unknown", "unknown")
    assert list(summary([answer])) == [
        "unknown: g1a, MySQL 9.7.4, read uncommitted: T1 raised NameError: x",
        "1 cell: 0 prevented, 0 possible, 1 unknown; 10 executions on live servers, 0.5 s",
    ]


def test_equal_shortest_executions_are_told_once():
    answers = [
        possible(),
        possible(isolation=HIGH),
        possible(engine="postgresql"),
        possible("T2 read 7", engine="postgresql", isolation=HIGH),
        prevented("wait", name="g0"),
        possible("both lost", "T2 T1", name="p4"),
    ]
    assert list(shortest(answers)) == [
        "g1a  aborted read",
        "  T1 T2 T1",
        "      T2 read 101",
        "      MySQL: read uncommitted, serializable; PostgreSQL: read uncommitted",
        "      T2 read 7",
        "      PostgreSQL: serializable",
        "p4  aborted read",
        "  T2 T1",
        "      both lost",
        "      MySQL: read uncommitted",
    ]


def expected(word):
    return {"mysql": {"g1a": {"read-uncommitted": word}}}


@pytest.mark.parametrize(
    ("answer", "word", "line"),
    [
        (possible(), "possible", None),
        (prevented("wait"), "prevented", None),
        (
            possible(),
            "prevented",
            "expected prevented, is possible: T2 read 101 (T1 T2 T1)",
        ),
        (
            prevented("wait", "snapshot"),
            "possible",
            "expected possible, is prevented by wait, snapshot",
        ),
    ],
)
def test_what_is_not_as_expected_is_told_with_both_values(answer, word, line):
    told = [] if line is None else [f"news: g1a, MySQL 9.7.4, read uncommitted: {line}"]
    assert list(news([answer], expected(word))) == told


def test_unknown_is_neither_as_expected_nor_news():
    assert list(news([unknown()], expected("possible"))) == []
    assert "0 possible, 1 unknown" in list(summary([unknown()]))[-1]


def test_nothing_expected_is_no_news():
    elsewhere = [possible(name="g2"), possible(engine="postgresql"), possible(isolation=HIGH)]
    assert list(news(elsewhere, expected("prevented"))) == []


def test_the_document_is_that_of_every_exploration_and_more():
    answers = [possible(), prevented("wait", isolation=HIGH)]
    content = matrix_document(answers)
    assert [entry["verdict"] for entry in content["cells"]] == [
        Verdict.VIOLATED.value,
        Verdict.HOLDS.value,
    ]
    assert [entry["prevented_by"] for entry in content["cells"]] == [{}, {"wait": 5}]
    assert content["cells"][0]["title"] == "aborted read"
    assert content["cells"][0]["finding"]["schedule"] == "T1 T2 T1"
    assert content["matrix"] == words_of(answers)
    assert list(news(answers, content["matrix"])) == []
