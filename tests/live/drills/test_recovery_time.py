"""Recoveries from a chosen distance: nothing is lost, the parts are told, a line is found or not.

Small distances here, from which no slope can be told; a nightly run sets HARNESS_KILLS and gets
those from which one can.
"""

import json
import os
from dataclasses import replace

import pytest
from live.drills.conftest import durable

from harness.checks.verdict import Verdict
from harness.errors import Ended, NotReady, ServerError
from harness.planning.calibration import Line
from harness.recovery.distance import DistanceDrill
from harness.recovery.distance_cell import DistanceCell, calibrated
from harness.recovery.first_client import NOBODY
from harness.recovery.interval import measure_interval

pytestmark = pytest.mark.integration

MB = 2**20


def test_committed_rows_are_there_open_ones_are_not_and_the_time_is_told_in_parts(mortal):
    point = DistanceDrill(mortal).measure(4000, 1000)
    assert (point.verdict, point.sentences()) == (Verdict.HOLDS, [])
    assert point.durability.acknowledged >= 4 + 1 + 1, "units, watch, and first commit"
    assert point.durability.refused >= 1, "the open rows"
    assert point.log_bytes is not None
    assert point.log_bytes > 0
    parts = point.parts
    assert parts is not None
    assert parts.detection_s is not None
    assert 0 < parts.connect_s <= parts.first_commit_s
    assert parts.refused[NOBODY] > 0, "nobody is let in at once"
    logged = parts.logged
    assert None not in (logged.before_s, logged.replay_s, logged.after_s), mortal.log()[-4000:]
    told = logged.before_s + logged.replay_s + logged.after_s
    assert told <= parts.first_commit_s + 3 * logged.resolution_s
    undoes = mortal.engine.capabilities["undoes after opening"].present
    assert ((parts.undone_s is not None), (logged.undo_s is not None)) == (undoes, undoes)


def test_commits_that_are_not_flushed_are_seen_to_be_lost(live_engine, mortal):
    """Else a loss would not be seen; `mortal` skips where there is no server."""
    for settings in mortal.engine.crash.controls.values():
        with durable(live_engine, **settings) as server:
            # Now and then a server writes by itself just before the kill.
            found = (DistanceDrill(server).measure(1000, 0) for _ in range(4))
            assert any(point.verdict is Verdict.VIOLATED for point in found), "nothing was lost"


@pytest.mark.parametrize(
    ("error", "verdict", "said"),
    [
        (Ended("it ended while starting"), Verdict.VIOLATED, "does not start and write"),
        (ServerError("the port is taken"), Verdict.UNKNOWN, "does not start and write"),
        (NotReady("not ready after 1 s"), Verdict.UNKNOWN, "not back: not ready after 1 s"),
    ],
    ids=["ends", "is-not-started", "does-not-answer"],
)
@pytest.mark.engines("postgresql")
def test_a_server_that_does_not_come_back_is_no_success(mortal, monkeypatch, error, verdict, said):
    def refuse():
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(mortal, "restart", refuse)
        point = DistanceDrill(mortal).measure(1000, 0)
    mortal.restart()
    assert (point.verdict, point.parts) == (verdict, None)
    assert said in point.sentences()[0]


@pytest.mark.engines("postgresql")
def test_work_between_checkpoints_is_counted_and_nothing_is_lost(live_engine, mortal):
    settings = mortal.engine.crash.checkpoints.every(16 * MB)
    with durable(live_engine, **settings) as server:
        found = measure_interval(DistanceDrill(server), 16 * MB, 2.0)
    assert (found.point.verdict, found.point.sentences()) == (Verdict.HOLDS, [])
    assert found.commits > 0
    assert found.written_bytes > 0
    assert found.most_bytes >= (found.point.log_bytes or 0) > 0


@pytest.mark.engines("postgresql")
def test_one_distance_gives_no_line_and_the_drill_says_so(harness, mortal):
    """`mortal` only tells whether this engine can be had."""
    result, plot = harness.folder / "result.json", harness.folder / "plot.svg"
    words = ("--rows", "1000", "--only", "distances", "--json", str(result))
    said = harness(
        *("drill", "recovery-time", "--engine", mortal.engine.name, *words),
        *("--plot", str(plot)),
    )
    assert said.status == 2, said.err
    assert "no line: different numbers of rows: 1" in said.out
    assert "unknown: " in said.out
    (cell,) = json.loads(result.read_text("utf-8"))["cells"]
    assert (cell["scenario"], cell["verdict"]) == ("drill recovery-time", "unknown")
    assert [one["verdict"] for one in cell["distances"]] == ["holds"]
    assert "the exam" in plot.read_text("utf-8")


@pytest.mark.skipif(not os.environ.get("HARNESS_KILLS"), reason="HARNESS_KILLS asks for more")
@pytest.mark.timeout(900)
def test_a_line_is_found_through_distances_that_grow(live_engine, mortal):
    crash = mortal.engine.crash
    cell = DistanceCell(mortal.engine, "here", mortal.version)
    with durable(live_engine, **crash.checkpoints.away) as server:
        for rows in (1000, 200_000, 500_000, 1_000_000):
            cell.points.append(DistanceDrill(server).measure(rows, rows // 4))
    assert [point.checkpoints for point in cell.points] == [0, 0, 0, 0]
    assert cell.verdict is Verdict.HOLDS, [point.sentences() for point in cell.points]
    line = calibrated(cell).by_rows
    assert isinstance(line, Line)
    careless = replace(cell, points=cell.points[:2])
    assert careless.verdict is Verdict.UNKNOWN
