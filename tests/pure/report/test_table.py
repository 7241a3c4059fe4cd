"""The table of cells says everything without colours and without cutting."""

from collections import Counter
from io import StringIO

import pytest
from pure.report.made import cell, unknown, violated
from rich.console import Console

from harness.checks.verdict import Verdict
from harness.engines.engine import Isolation
from harness.report.table import cell_table


def printed(cells, width: int = 160) -> str:
    """What arrives in a pipe."""
    out = StringIO()
    Console(file=out, width=width, soft_wrap=True, highlight=False).print(cell_table(cells, width))
    return out.getvalue().rstrip("\n")


def test_cells_stand_under_their_engine_and_level() -> None:
    repeatable = Isolation.REPEATABLE_READ
    cells = [
        violated(),
        cell(Verdict.HOLDS, variant="locking-read", possible=6, outcomes=2),
        cell(Verdict.HOLDS, isolation=repeatable, aborts=Counter({"40001": 12})),
        violated(engine="mysql", isolation=repeatable, aborts=Counter()),
    ]
    assert printed(cells) == (
        """\
engine           isolation        variant       verdict   interleavings  run  broken  waits  deadlocks  outcomes             refused
PostgreSQL 18.6  read committed   current       violated             14    6      12      8          5         3  40001: 1, 40P01: 2
                                  locking-read  holds                 6    6       0      0          0         2                   -
                 repeatable read  current       holds                14    6       0      0          0         3           40001: 12

MySQL 9.7.4      repeatable read  current       violated             14    6      12      8          5         3                   -"""  # noqa: E501
    )


def test_unknown_is_a_word_and_an_unfinished_count_has_a_plus() -> None:
    row = printed([unknown("the server stopped answering")]).splitlines()[1]
    assert "  unknown  " in row
    assert " 3+ " in row


def test_a_recorded_execution_is_one_and_no_more_are_missing() -> None:
    recorded = violated(complete=False, executions=1, recorded=violated().finding.execution)
    assert " 1+ " not in printed([recorded])


@pytest.mark.parametrize(
    ("verdict", "expected", "shown"),
    [
        (Verdict.HOLDS, Verdict.VIOLATED, "holds (expected: violated)"),
        (Verdict.VIOLATED, Verdict.HOLDS, "violated (expected: holds)"),
        (Verdict.UNKNOWN, Verdict.HOLDS, "unknown (expected: holds)"),
    ],
)
def test_news_is_shown_beside_the_verdict(verdict, expected, shown) -> None:
    assert f"  {shown}  " in printed([cell(verdict, expected=expected)])


def test_the_expected_verdict_is_not_repeated() -> None:
    assert "expected" not in printed([violated(expected=Verdict.VIOLATED)])


def test_a_narrow_terminal_gets_the_same_facts_below_each_other() -> None:
    cells = [
        violated(expected=Verdict.HOLDS),
        cell(Verdict.HOLDS, variant="locking-read"),
        unknown("why", engine="mysql"),
    ]
    assert printed(cells, 80) == (
        """\
PostgreSQL 18.6, read committed
  current: violated (expected: holds), broken in 12 of 14 interleavings, 6 run
    waits in 8, deadlocks in 5, 3 outcomes, refused 40001: 1, 40P01: 2
  locking-read: holds, broken in 0 of 14 interleavings, 6 run
    waits in 0, deadlocks in 0, 3 outcomes, nothing refused
MySQL 9.7.4, read committed
  current: unknown, broken in 0 of 3+ interleavings, 3 run
    waits in 0, deadlocks in 0, 0 outcomes, nothing refused"""
    )


@pytest.mark.parametrize("width", [20, 80, 160])
def test_nothing_is_cut_whatever_the_width(width: int) -> None:
    codes = Counter({str(code): 100 for code in (1205, 1213, 40001, 1020)})
    cells = [
        violated(expected=Verdict.HOLDS, variant="conditional-update", possible=123_456),
        cell(Verdict.HOLDS, engine="mysql", variant="progress-update-last", aborts=codes),
    ]
    text = " ".join(printed(cells, width).split())
    assert "…" not in text
    for word in ("conditional-update", "progress-update-last", "violated (expected: holds)"):
        assert word in text
    for word in ("123456", "1020: 100, 1205: 100, 1213: 100, 40001: 100", "MySQL 9.7.4"):
        assert word in text


def test_no_line_ends_in_blanks() -> None:
    lines = printed([violated(), cell(Verdict.HOLDS, engine="mysql")]).splitlines()
    assert [line.rstrip() for line in lines] == lines


def test_a_name_with_brackets_is_no_markup() -> None:
    assert "[bold]x" in printed([violated(variant="[bold]x")])
