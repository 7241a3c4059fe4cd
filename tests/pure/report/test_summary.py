"""The lines around the table."""

from collections import Counter
from dataclasses import replace

import pytest
from pure.report.made import LOST_UPDATE, cell, execution_with_a_deadlock, unknown, violated

from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.report.summary import first_word, last_paragraph, refused_work


def test_one_cell_is_told_with_its_coverage() -> None:
    assert list(last_paragraph([cell(Verdict.HOLDS)])) == [
        (
            "holds: 14 of 14 possible interleavings (6 run), 3 distinct outcomes, "
            "PostgreSQL 18.6, read committed, current"
        ),
        "6 executions on a live server, which stand for 14 possible interleavings, 0.2 s",
    ]


def test_many_cells_are_counted_the_worst_first() -> None:
    cells = [
        cell(Verdict.HOLDS, variant="locking-read", expected=Verdict.HOLDS),
        violated(expected=Verdict.VIOLATED),
        unknown("stopped after 3 executions, as asked", engine="mysql"),
    ]
    assert list(last_paragraph(cells)) == [
        "unknown: MySQL 9.7.4, read committed, current: stopped after 3 executions, as asked",
        "violated: 1 of 3 cells, all as expected",
        "unknown: 1 of 3 cells",
        "holds: 1 of 3 cells, all as expected",
        "15 executions on a live server, which stand for 31 possible interleavings, 0.8 s",
    ]


def test_textbook_names_are_told_with_their_number() -> None:
    named, other = violated(), violated(isolation=Isolation.SERIALIZABLE)
    named.finding = replace(named.finding, anomaly=LOST_UPDATE)
    assert "P4, lost update" in list(last_paragraph([named]))
    assert "P4, lost update: in 1 of 2 findings" in list(last_paragraph([named, other]))
    assert not [line for line in last_paragraph([other]) if "P4" in line]


def test_a_verdict_that_was_not_expected_is_news() -> None:
    cells = [
        violated(expected=Verdict.HOLDS, variant="locking-read"),
        violated(expected=Verdict.VIOLATED),
        cell(Verdict.HOLDS, expected=Verdict.VIOLATED, engine="mysql"),
    ]
    assert list(last_paragraph(cells))[:4] == [
        "news: PostgreSQL 18.6, read committed, locking-read: expected holds, violated",
        "news: MySQL 9.7.4, read committed, current: expected violated, holds",
        "violated: 2 of 3 cells, 1 as expected",
        "holds: 1 of 3 cells, 0 as expected",
    ]


def test_of_somebody_s_own_functions_nothing_was_expected() -> None:
    assert "expected" not in " ".join(last_paragraph([violated(), cell(Verdict.HOLDS)]))


def test_one_recorded_execution_that_holds_is_no_news_where_others_break() -> None:
    execution = violated().finding.execution
    recorded = cell(Verdict.HOLDS, expected=Verdict.VIOLATED, recorded=execution)
    recorded.executions = recorded.possible = 1
    assert list(last_paragraph([recorded])) == [
        "holds: one recorded execution, PostgreSQL 18.6, read committed, current",
        "1 execution on a live server, 0.2 s",
    ]


def test_nothing_at_all_is_nothing_on_a_live_server() -> None:
    assert list(last_paragraph([])) == ["0 executions on a live server, 0.0 s"]


def test_a_fix_that_holds_says_whose_work_the_server_refused() -> None:
    deadlock = execution_with_a_deadlock().deadlocks[0]
    cells = [
        cell(Verdict.HOLDS, possible_deadlocks=4, deadlock=deadlock, aborts=Counter({"40P01": 4})),
        violated(deadlock=deadlock),
    ]
    assert list(refused_work(cells)) == [
        (
            "PostgreSQL 18.6, read committed, current: holds, with a deadlock in 4 of 14 "
            "interleavings\n  T1 waits for T2: row of account\n  T2 waits for T1: row of account"
        )
    ]


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (violated(), "violated in 12 of 14 interleavings"),
        (cell(Verdict.HOLDS), "holds in all 14 interleavings"),
        (unknown("the server stopped answering"), "unknown after 3 executions"),
        (
            cell(Verdict.HOLDS, recorded=execution_with_a_deadlock()),
            "holds in one recorded execution",
        ),
    ],
    ids=["violated", "holds", "unknown", "recorded"],
)
def test_a_cell_is_told_in_one_line_as_soon_as_it_is_known(known, told) -> None:
    assert first_word(known) == f"PostgreSQL 18.6, read committed, current: {told}, 0.2 s"
