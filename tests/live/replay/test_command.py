"""`harness replay day` as a user runs it, on a given database of each engine."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress

import pytest
from sqlalchemy import inspect, text

from harness.clock import Deadline, poll

pytestmark = pytest.mark.integration

SMALL = ("--scale", "0.002", "--seed", "2", "--processes", "1", "--connections", "2")
LENIENT = ("--lag-bound", "60s")  # how punctual this machine is, is not the question here


def test_a_day_is_replayed_stored_drawn_and_compared(here, filled, tmp_path):
    words = ("replay", "day", *SMALL, *LENIENT, "--engine", filled.kind, "--speed", "18000")
    said = here(
        *words, "--batch", "after", "--json", str(tmp_path / "one.json"),
        "--plot", str(tmp_path / "day.svg"),
    )  # fmt: skip
    assert said.status in (0, 1), said.out + said.err
    assert "<svg" in (tmp_path / "day.svg").read_text("utf-8")
    document = json.loads((tmp_path / "one.json").read_text("utf-8"))
    (cell,) = document["cells"]
    assert (cell["engine"], cell["variant"], cell["complete"]) == (filled.kind, "batch after", True)
    assert cell["executions"] == cell["planned"] == cell["outcomes"]["committed"] == 87
    programs, jobs = cell["programs"], cell["jobs"]
    assert [job["end"] for job in jobs] == ["committed"] * 10
    # What the exam's numbers of requests fix exactly, however they fall.
    assert programs["document_issue"]["added"] == programs["document_issue"]["expected_added"] == 20
    assert programs["vehicle_inquiry"]["added"] == 0 == programs["vehicle_inquiry"]["updated"]
    assert jobs[0]["added"] == pytest.approx(40, abs=2)
    assert all(programs[name]["log_bytes_each"] > 0 for name in ("document_issue",))
    assert cell["monitor"]["figures"]
    assert said.out.splitlines()[-1].startswith("again: harness replay day vehicle-maintenance")
    password = str(filled.url.password)
    assert password not in said.out + said.err + (tmp_path / "one.json").read_text("utf-8")

    again = here(*words, "--batch", "none", "--json", str(tmp_path / "two.json"))
    assert again.status == 0, again.out + again.err
    compared = here("replay", "compare", str(tmp_path / "one.json"), str(tmp_path / "two.json"))
    assert compared.status == 0, compared.out + compared.err
    assert "different: batch is after and none" in compared.out


@pytest.mark.engines("postgresql")
def test_the_lost_points_of_problem_3_are_violated(here, filled):
    """Two jobs of inspection rate update at once, as in the exam: the day's invariant tells."""
    said = here(
        "replay", "day", "--engine", filled.kind, "--scale", "0.005", *LENIENT,
        "--programs", "vehicle_inquiry", "--speed", "18000", "--isolation", "read-committed",
    )  # fmt: skip
    assert said.status == 1, said.out + said.err
    assert "inspection_sheet: gained" in said.out


@pytest.mark.engines("postgresql")
def test_a_lag_above_its_bound_is_unknown(here, filled):
    said = here(
        "replay", "day", "--engine", filled.kind, *SMALL, "--batch", "none",
        "--speed", "36000", "--lag-bound", "0.001ms",
    )  # fmt: skip
    assert said.status == 2, said.out + said.err
    assert "unknown: PostgreSQL" in said.out
    assert "the generator did not keep up: lag p99" in said.out


@pytest.mark.engines("postgresql")
def test_a_trace_that_asks_too_much_of_a_small_database_is_refused(here, filled, tmp_path):
    trace = tmp_path / "many.csv"
    trace.write_text("9:00:01,document_issue\n" * 500, "utf-8")
    said = here("replay", "day", "--engine", filled.kind, *SMALL, "--trace", str(trace))
    assert said.status == 64
    assert said.err.startswith("database too small: document_issue has something to do for")


@pytest.mark.engines("postgresql")
def test_ctrl_c_shows_and_stores_what_was_measured(here, filled, tmp_path):
    stored = tmp_path / "cut.json"
    process = here.start(
        "replay", "day", "--engine", filled.kind, *SMALL, *LENIENT,
        "--batch", "none", "--speed", "1200", "--json", str(stored),
    )  # fmt: skip
    with filled.engine.connect() as connection:
        for _ in poll(Deadline.after(60), "the first requests"):
            connection.rollback()
            assert process.poll() is None, process.communicate()
            if _documents(connection) >= 1:
                break
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    (cell,) = json.loads(stored.read_text("utf-8"))["cells"]
    assert (cell["complete"], cell["verdict"]) == (False, "unknown")
    assert 0 < cell["executions"] < cell["planned"]
    with suppress(ProcessLookupError):  # Python's own tracker of resources is the last to go
        for _ in poll(Deadline.after(20), "the end of everybody in its group"):
            os.killpg(process.pid, 0)


def _documents(connection) -> int:
    """Records of registrations on the business date: vehicle registration adds them."""
    if not inspect(connection).has_table("vehicle_record"):
        return 0
    told = "select count(*) from vehicle where vehicle_use = 'sales'"
    return int(connection.scalar(text(told)) or 0)
