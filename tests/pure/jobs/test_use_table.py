"""What each job of a night took, as it is printed and stored."""

from datetime import date
from types import SimpleNamespace

from harness.engines import Isolation
from harness.jobs.course import JobEnd, NightRun, Outcome
from harness.jobs.meter import JobMeter, JobUse
from harness.jobs.rehearsal import NightSetting
from harness.jobs.report import use_table


class Titles:
    """The titles of a night."""

    def titled(self, name):
        return name.upper()


def setting():
    return NightSetting(Titles(), None, 1.0, 1, date(2024, 10, 15), {}, 1, Isolation.READ_COMMITTED)


def test_each_job_has_a_line_and_the_night_a_sum():
    ends = {"bill": JobEnd("bill", Outcome.ENDED, units=2)}
    uses = {
        "bill": JobUse(7, 3, 1136, {"redo log": 5000, "binary log": 70}),
        "pay": JobUse(None, 4, 0, {"redo log": 1000}),
    }
    lines = use_table(setting(), NightRun(ends, (), uses=uses))
    assert lines == [
        "held at a commit at the most, and logged, by each job alone:",
        "           commits  rows locked  locks  bytes  redo log, bytes  binary log, bytes",
        "BILL             2            7      3  1,136            5,000                 70",
        "PAY              -            -      4      -            1,000                  0",
        "the night                                                6,000                 70",
    ]


def test_a_lost_server_ends_the_metering_and_not_the_night():
    def gone(_connection):
        raise ConnectionError("gone")

    engine = SimpleNamespace(
        driver_error=ConnectionError, measuring=SimpleNamespace(log_bytes=gone)
    )
    meter = JobMeter(engine, None)
    meter._connection = object()
    meter.uses["bill"] = JobUse(7, 3, 100, {})
    meter.begin("pay")
    assert meter.uses == {}
    meter.at_commit("pay")
    meter.end("pay")
    assert meter.uses == {}
