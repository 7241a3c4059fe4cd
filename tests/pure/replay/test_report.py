"""The report: what is not known is a dash, never a zero."""

import pytest
from pure.replay.conftest import replayed, tally

from harness.checks.verdict import Verdict
from harness.engines import ENGINES, Isolation
from harness.replay.arrivals import Arrival
from harness.replay.plan import BatchTime, plan_day
from harness.replay.report import lines_of, verdict_lines
from harness.replay.result import Result, document_of
from harness.replay.sample import LogSample
from harness.replay.setting import Setting


@pytest.fixture
def result(day, pace, prepared):
    from datetime import date

    came = [Arrival(32400.0 + n, name) for n in range(5) for name in ("inquiry", "booking")]
    plan = plan_day(day, pace, came, prepared)
    setting = Setting(
        "shop", ("inquiry", "booking"), BatchTime.BESIDE, 0.5, 1, date(2024, 10, 15), "poisson",
        5, pace,
    )  # fmt: skip
    found = replayed(inquiry=tally(5), booking=tally(4, refused=1))
    found.tallies["booking"].rows.added = 4
    job = {"job": "count", "began_s": 1.0, "ended_s": 3.0, "end": "committed", "added": 3}
    found.jobs = [job, job | {"began_s": 1.5, "ended_s": 4.0, "log_bytes_of_stage": {"log": 99}}]
    return Result(
        day, setting, ENGINES["mysql"], "9.7.4", "docker mysql:9.7", Isolation.READ_COMMITTED, plan,
        found, Verdict.HOLDS, samples={"booking": LogSample(2, {"log": 500})},
    )  # fmt: skip


def rows(result):
    return [line.split() for line in lines_of(result)]


def test_rows_are_beside_those_expected_of_so_many_requests(result):
    """Five bookings of a hundred a day: 5 of 100 rows to add, 2 of 40 to update."""
    assert ["booking", "4", "5", "0", "2", "250", "1,000"] in rows(result)
    assert ["inquiry", "0", "-", "0", "-", "-", "-"] in rows(result)


def test_parallel_jobs_of_a_program_are_one_row_and_beside_others_have_no_log_bytes(result):
    found = ["count", "(2", "jobs)", "committed", "1.0", "3.00", "6", "50", "0", "20", "0", "-"]
    assert found in rows(result)


def test_log_bytes_of_a_batch_that_ran_alone_are_told(result):
    result.setting = type(result.setting)(
        **{n: getattr(result.setting, n) for n in result.setting.__slots__}
        | {"batch": BatchTime.AFTER}
    )
    result.replayed.jobs[0]["log_bytes_of_stage"] = {"log": 99}
    assert any(row[:1] == ["count"] and row[-1] == "99" for row in rows(result))


def test_how_busy_the_generator_was_is_told_where_it_is_known(result):
    heading = list(lines_of(result))[1]
    assert heading.endswith("seed 1, 2 processes")
    result.replayed.computed_s = 5.0
    told = list(lines_of(result))[1]
    assert told == f"{heading}, each of which computed for 25% of the time"


def test_the_document_has_the_keys_of_a_cell(result):
    cell = document_of(result)
    assert {
        "scenario", "variant", "engine", "version", "isolation", "verdict", "executions",
        "complete", "outcomes", "anomalies", "deadlocks", "executions_with_waits", "aborts",
        "finding", "elapsed_s",
    } <= cell.keys()  # fmt: skip
    assert (cell["executions"], cell["planned"], cell["complete"]) == (10, 10, True)
    assert cell["outcomes"]["refused"] == 1
    assert cell["programs"]["booking"]["latency"]["p99_s"] == pytest.approx(0.004, rel=0.01)


def test_the_verdict_is_the_first_word_of_the_last_line(result):
    result.verdict, result.reasons = Verdict.UNKNOWN, ["no request has ended"]
    first, last = verdict_lines(result)
    assert first == "unknown: MySQL 9.7.4, read committed: no request has ended"
    assert last.startswith("unknown: MySQL 9.7.4, read committed: 10 of 10 requests, 1 invariant")
