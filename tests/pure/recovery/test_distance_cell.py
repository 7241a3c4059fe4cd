"""Measured recoveries: what holds, what is lost, what is unknown, and how it is told."""

import json

import pytest

from harness.checks.durability import Durability, Ticket
from harness.checks.verdict import Verdict
from harness.engines import ENGINES
from harness.engines.crash import LoggedRecovery
from harness.errors import UsageError
from harness.measure.picture import see_can_be_drawn
from harness.planning.calibration import Line, NoLine
from harness.recovery.distance import Parts, Point, Struck
from harness.recovery.distance_cell import DistanceCell, calibrated
from harness.recovery.distance_picture import draw_distances
from harness.recovery.distance_report import cell_text, distance_document, verdict_line
from harness.recovery.interval import Interval

WHOLE = Durability(acknowledged=20, refused=5)
LOST = Durability(acknowledged=20, refused=5, lost=[Ticket("watch", 9)])
SURFACED = Durability(acknowledged=20, refused=5, surfaced=[Ticket("open", 1)])
UNREAD = Durability(acknowledged=20, unknown=("the tables could not be read",))


def point(rows, commit_s, *, durability=WHOLE, checkpoints=0, resolution_s=0.001, trouble=""):
    parts = Parts(
        detection_s=0.03,
        kill_s=0.25,
        refused_starts=0,
        refused_starts_s=0.0,
        connect_s=commit_s - 0.01,
        first_commit_s=commit_s,
        undone_s=0.5,
        logged=LoggedRecovery(0.9, 0.4, 0.2, rows / 1e6, resolution_s),
        refused={"the database system is starting up": 7},
    )
    return Point(
        rows, rows // 4, rows * 200, checkpoints, durability, None if trouble else parts, trouble
    )


def cell(*points, engine="mysql", **more):
    return DistanceCell(ENGINES[engine], "docker", "9.7.4", points=list(points), **more)


def straight(**more):
    return [point(rows, 1 + rows / 100_000, **more) for rows in (1000, 200_000, 400_000)]


def test_recoveries_on_a_line_hold():
    found = cell(*straight())
    assert "refused starts: none in 3 recoveries" in cell_text(found)
    assert found.verdict is Verdict.HOLDS
    lines = calibrated(found)
    assert isinstance(lines.by_rows, Line)
    assert lines.by_rows.unit_s == pytest.approx(8e-6)
    assert isinstance(lines.by_bytes, Line)
    assert isinstance(lines.undo, Line)
    assert lines.undo.unit_s == pytest.approx(4e-6)
    assert verdict_line(found) == (
        "holds: MySQL 9.7.4: 3 recoveries, 60 commits acknowledged, 0 lost; 1.00 s + 0.008 ms a row"
    )


@pytest.mark.parametrize(
    ("durability", "said"), [(LOST, "is lost: watch/9"), (SURFACED, "there all the same: open/1")]
)
def test_a_lost_commit_and_an_open_row_that_stayed_are_violations(durability, said):
    found = cell(*straight(), point(600_000, 7.0, durability=durability))
    assert found.verdict is Verdict.VIOLATED
    assert f"600,000 rows: 1 of {'20' if durability is LOST else '5'}" in cell_text(found)
    assert said in cell_text(found)


def test_a_server_that_does_not_come_back_is_a_violation_and_one_that_hangs_is_unknown():
    gone = point(1000, 1.0, trouble="does not start and write again")
    assert gone.verdict is Verdict.VIOLATED
    hangs = Point(1000, 0, None, 0, UNREAD, None, "not back", unclear=True)
    assert hangs.verdict is Verdict.UNKNOWN
    assert "not back" in cell_text(cell(hangs))


@pytest.mark.parametrize(
    "found",
    [
        cell(),
        cell(*straight()[:2]),
        cell(*straight(durability=UNREAD)),
        cell(*straight(), unknown=["the server is gone, or ended the connection"]),
        cell(*(point(rows, 2.0) for rows in (1000, 200_000, 400_000))),
        cell(*straight(checkpoints=1)),
    ],
    ids=["nothing", "too-few", "unread", "broken-off", "flat", "checkpoints"],
)
def test_what_cannot_be_told_is_unknown(found):
    assert found.verdict is Verdict.UNKNOWN
    assert "unknown" in cell_text(found) or not found.points


def test_a_point_with_a_checkpoint_in_between_counts_by_its_bytes_only():
    found = calibrated(cell(*straight(), point(800_000, 1.5, checkpoints=1)))
    assert isinstance(found.by_rows, Line)
    assert found.by_rows.points == 3
    assert isinstance(found.by_bytes, NoLine)


def test_a_log_that_tells_whole_seconds_gives_no_line_of_undo():
    found = calibrated(cell(*straight(resolution_s=1.0)))
    assert isinstance(found.undo, NoLine)
    assert isinstance(found.replay, NoLine)
    assert isinstance(found.by_rows, Line)


def test_an_engine_that_undoes_nothing_has_no_line_of_undo_and_says_why():
    found = cell(*straight(), engine="postgresql")
    assert calibrated(found).undo is None
    assert "undo   = none: rows of a transaction that never committed" in cell_text(found)


def test_a_control_must_lose_and_needs_no_line():
    lost = cell(*straight(durability=LOST)[:1], control="careless")
    assert (lost.verdict, lost.expected) == (Verdict.VIOLATED, Verdict.VIOLATED)
    assert verdict_line(lost).endswith("1 lost, as a negative control must")
    kept = cell(*straight()[:1], control="careless")
    assert verdict_line(kept).endswith("the negative control was not caught")


def test_a_control_that_breaks_something_else_is_not_what_was_wanted():
    """A server that does not start again, or an open row that stayed, is no loss that was seen."""
    for broken in (
        point(1000, 1.0, trouble="does not start and write again"),
        point(1000, 1.0, durability=SURFACED),
    ):
        found = cell(broken, control="careless")
        assert (found.verdict, found.expected) == (Verdict.VIOLATED, Verdict.HOLDS)
        assert verdict_line(found).endswith("the negative control was not caught")
    both = cell(broken, point(1000, 1.0, durability=LOST), control="careless")
    assert both.expected is Verdict.VIOLATED


def interval(megabytes, commits):
    return Interval(megabytes * 2**20, 2.0, commits, 2**24, 2**23, point(0, 1.5))


def test_intervals_are_told_beside_each_other_with_the_ratio_of_their_commits():
    found = cell(*straight(), intervals=[interval(16, 100), interval(64, 150)])
    rows = [line.split() for line in cell_text(found).splitlines()]
    assert ["16.0", "50", "1.00", "8.0", "8.0", "0", "0.0", "1.49", "1.50"] in [r[:9] for r in rows]
    assert ["64.0", "75", "1.50"] in [r[:3] for r in rows]


def test_intervals_alone_need_no_line():
    found = cell(intervals=[interval(16, 100)], distances_asked=False)
    assert found.verdict is Verdict.HOLDS
    assert "?" in cell_text(found), "no line, no prediction"


def test_document_has_the_keys_of_a_cell_and_survives_print_and_parse():
    told = distance_document([cell(*straight(), intervals=[interval(16, 100)])])
    assert json.loads(json.dumps(told)) == told
    (one,) = told["cells"]
    assert {"scenario", "variant", "engine", "version", "isolation", "verdict"} <= one.keys()
    assert one["distances"][2]["exam_s"] == 1100
    assert one["calibration"]["rows"]["row_ms"] == pytest.approx(0.008)
    assert one["intervals"][0]["commits_s"] == 50


def test_log_that_shrinks_is_a_checkpoint_taken_all_the_same():
    struck = Struck(0)
    for log_bytes in (100, 5000, None, 9000, 40, 700):
        struck.sample(log_bytes)
    assert (struck.log_bytes, struck.log_bytes_most, struck.checkpoints) == (700, 9000, 1)


def test_picture_is_the_same_each_time_and_names_the_server(tmp_path):
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    for path in (one, two):
        see_can_be_drawn(path)
        draw_distances(path, [cell(*straight(), *straight())])
    text = one.read_text("utf-8")
    assert text == two.read_text("utf-8")
    for word in ("MySQL 9.7.4", "calibrated", "the exam"):
        assert word in text
    with pytest.raises(UsageError, match=r"is no \.svg"):
        see_can_be_drawn(tmp_path / "x.png")


def test_nothing_measured_draws_nothing(tmp_path):
    draw_distances(tmp_path / "x.svg", [cell()])
    assert not (tmp_path / "x.svg").exists()
