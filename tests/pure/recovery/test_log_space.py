"""The log-space drill's judgement: what must pass, what must fail, what nobody can tell."""

import pytest

from harness.checks.verdict import Verdict
from harness.engines import ENGINES
from harness.recovery.log_space import ROWS_A_PART, End, LogSpaceFound, Written
from harness.recovery.log_space_report import (
    LogSpaceCell,
    log_space_document,
    log_space_line,
    log_space_text,
)

SPACE = ENGINES["mysql"].log_space.space_bytes


def written(end, *, rows, log_bytes=3 * SPACE, refused_in=0):
    """A unit of four parts."""
    logs = {"redo log": log_bytes, "binary log": 5}
    said = "too much" if refused_in else ""
    return Written(end, 4, logs, SPACE, SPACE, refused_in, said, 0, rows, 1.0)


def cell(*runs, planned=()):
    planned = planned or [run.end for run in runs]
    return LogSpaceCell(ENGINES["mysql"], "9.7.4", "docker", planned, LogSpaceFound(list(runs)))


WHOLE = 4 * ROWS_A_PART


def test_what_was_committed_is_there_and_what_was_not_is_not():
    found = cell(
        written(End.COMMITTED, rows=WHOLE),
        written(End.ROLLED_BACK, rows=0),
        written(End.IN_PARTS, rows=WHOLE),
        written(End.LIMITED, rows=0, refused_in=3),
        written(End.LIMITED_IN_PARTS, rows=WHOLE),
    )
    assert found.verdict is Verdict.HOLDS
    assert "only the limit of a unit's own log refused" in log_space_line(found)
    assert "refused in part 3 of 4; 0 rows there" in log_space_text(found)


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (written(End.COMMITTED, rows=WHOLE - 1), "one unit: 1,999 rows are there and not 2,000"),
        (
            written(End.ROLLED_BACK, rows=1),
            "one unit, rolled back: 1 rows are there and not 0",
        ),
        (
            written(End.LIMITED, rows=500, refused_in=2),
            "one unit, its log limited: 500 rows are there and not 0",
        ),
        (
            written(End.LIMITED_IN_PARTS, rows=500, refused_in=2),
            "limited, a commit for each part: part 2 was refused as well",
        ),
    ],
    ids=["lost", "kept", "half", "no cure"],
)
def test_what_is_lost_or_left_is_a_violation(run, sentence):
    found = cell(run)
    assert found.verdict is Verdict.VIOLATED
    assert found.found.wrong() == [sentence]
    assert log_space_line(found) == f"violated: MySQL 9.7.4: {sentence}"


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (
            written(End.COMMITTED, rows=WHOLE, log_bytes=SPACE),
            f"one unit: it wrote {SPACE:,} bytes of log, no more than fit",
        ),
        (written(End.LIMITED, rows=WHOLE), "one unit, its log limited: it was not refused"),
        (written(End.COMMITTED, rows=-1), "one unit: nobody could look"),
    ],
    ids=["fits", "no limit", "not seen"],
)
def test_what_was_not_seen_is_unknown(run, sentence):
    found = cell(run)
    assert found.verdict is Verdict.UNKNOWN
    assert found.unknown == [sentence]


def test_a_drill_that_broke_off_does_not_hold():
    run = written(End.COMMITTED, rows=WHOLE)
    found = cell(run, planned=[End.COMMITTED, End.ROLLED_BACK])
    assert found.verdict is Verdict.UNKNOWN
    assert found.unknown == ["one unit, rolled back: was not tried"]
    (told,) = log_space_document([found])["cells"]
    assert told["complete"] is False
    lost = written(End.COMMITTED, rows=0)
    assert cell(lost, planned=[End.COMMITTED, End.ROLLED_BACK]).verdict is Verdict.VIOLATED


def test_nothing_tried_is_unknown():
    assert cell().verdict is Verdict.UNKNOWN
