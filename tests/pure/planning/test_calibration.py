"""A line through measured recoveries: found, or refused with its reason; stored and read again."""

import doctest
import json

import pytest

from harness.cli import main
from harness.errors import UsageError
from harness.planning import calibration
from harness.planning.calibration import (
    Calibration,
    Line,
    NoLine,
    calibrated_document,
    calibrated_lines,
    calibration_document,
    exam_seconds,
    fit,
    read_calibrations,
)
from harness.planning.recovery_time import RecoveryTime

STRAIGHT = [(1000, 1.1), (100_000, 2.0), (500_000, 6.0), (1_000_000, 11.0)]


def test_points_on_a_line_give_it():
    line = fit(STRAIGHT, "rows")
    assert isinstance(line, Line)
    assert (line.fixed_s, line.unit_s) == pytest.approx((1.03, 9.96e-6), rel=0.02)
    assert line.residual_s < 0.1
    assert line.points == 4
    assert line.at(300_000) == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([], "different numbers of rows: 0, and at least 3 are needed"),
        (STRAIGHT[:2], "different numbers of rows: 2, and at least 3 are needed"),
        ([*STRAIGHT[:2], STRAIGHT[0]], "different numbers of rows: 2, and at least 3 are needed"),
        ([(100, 1.0), (150, 1.5), (200, 2.0)], "from 100 to 200 rows: too near each other"),
        ([(10, 3.0), (20, 1.0), (90, 3.2)], "no slope can be told"),
        ([(10, 3.0), (20, 2.0), (90, 1.0)], "no slope can be told"),
        ([(10, 2.0), (20, 2.0), (90, 2.0)], "no slope can be told"),
    ],
    ids=["none", "two", "two-distances", "too-near", "scattered", "falling", "flat"],
)
def test_points_that_tell_no_slope_give_none(points, said):
    line = fit(points, "rows")
    assert isinstance(line, NoLine)
    assert said in line.reason


def test_more_points_make_a_slope_surer():
    scattered = [(1000, 1.0), (200_000, 4.0), (500_000, 3.5), (1_000_000, 6.0)]
    few, many = fit(scattered, "rows"), fit(scattered * 4, "rows")
    assert isinstance(few, NoLine)
    assert isinstance(many, Line)
    assert many.unit_s == pytest.approx(4.4e-6, rel=0.05)


def test_the_exam_s_worst_case_is_its_300_seconds():
    """130,000 rows rolled forward one after the other, 40,000 of one transaction rolled back."""
    assert exam_seconds(130_000, 40_000) == 300
    assert exam_seconds(70_000, 0) == 140


def times():
    return [
        RecoveryTime("shortest", ("a",), 70_000, (), 0, 140.0),
        RecoveryTime("worst", ("a", "b"), 130_000, ("b",), 40_000, 300.0),
    ]


def test_the_exam_s_rows_are_put_into_the_lines():
    undo = Line(0.0, 2e-5, 0.0, 3, 1e-6, 1000, 20_000)
    found = Calibration(
        "MySQL 9.7.4", Line(1.0, 1e-5, 0.1, 4, 1e-6, 1000, 500_000), NoLine("x"), NoLine("x"), undo
    )
    assert list(calibrated_lines([found], times())) == [
        "MySQL 9.7.4, as measured",
        "  shortest case: 1.7 s to the first commit",
        "  worst case: 2.3 s to the first commit",
        "    then beside the programs 0.8 s of undo "
        "(outside of what was measured: 1,000 to 20,000 rows)",
    ]
    assert calibrated_document([found], times())[1] == {
        "title": "MySQL 9.7.4",
        "case": "worst",
        "first_commit_s": 2.3,
        "undo_s": 0.8,
    }


def test_without_a_line_nothing_is_predicted():
    found = Calibration(
        "MySQL 9.7.4", NoLine("too near"), NoLine("x"), NoLine("x"), NoLine("whole seconds")
    )
    said = list(calibrated_lines([found], times()))
    assert "  worst case: unknown: too near" in said
    assert "    then beside the programs undo, unknown how long: whole seconds" in said
    assert calibrated_document([found], times())[0]["first_commit_s"] is None


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        (Line(1.0, 1e-5, 0.1, 4, 1e-6, 1000, 500_000), 0, "worst case: 2.3 s to the first commit"),
        (NoLine("too near"), 2, "worst case: unknown: too near"),
    ],
)
def test_the_planner_prints_it_beside_the_exam_s_figure(tmp_path, capsys, line, status, said):
    path = tmp_path / "recovery.json"
    stored = calibration_document(Calibration("MySQL 9.7.4", line, line, line, None))
    path.write_text(json.dumps({"cells": [{"calibration": stored}]}), "utf-8")
    assert main(["plan", "recovery-time", "--calibration", str(path)]) == status
    out = capsys.readouterr().out
    assert "worst case: 300 s" in out
    assert said in out


FOUND = Calibration(
    "PostgreSQL 18.6", Line(1.0, 1e-5, 0.1, 4, 1e-6, 1, 9), NoLine("too near"), NoLine("x"), None
)


def test_a_calibration_survives_print_and_parse(tmp_path):
    path = tmp_path / "recovery.json"
    other = Calibration(
        "MySQL 9.7.4", FOUND.by_rows, FOUND.by_rows, FOUND.by_rows, Line(0.0, 1e-6, 0.0, 3)
    )
    cells = [{"calibration": calibration_document(one)} for one in (FOUND, other)]
    path.write_text(json.dumps({"cells": [{"calibration": None}, *cells]}), "utf-8")
    assert list(read_calibrations(path)) == [FOUND, other]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("{", "holds no calibration"),
        ("[]", "holds no calibration"),
        ('{"cells": []}', "holds no calibration"),
        ('{"cells": [{"engine": "x"}]}', "holds no calibration"),
        ('{"cells": [{"calibration": {"title": "x"}}]}', "holds no calibration"),
    ],
)
def test_a_file_without_calibration_is_refused(tmp_path, content, said):
    path = tmp_path / "recovery.json"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(UsageError, match=said):
        read_calibrations(path)


def test_docstring_examples():
    found = doctest.testmod(calibration)
    assert found.attempted > 0
    assert found.failed == 0
