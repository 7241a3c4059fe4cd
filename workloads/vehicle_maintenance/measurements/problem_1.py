"""Problem 1 at volume: how long clerks wait while reports are created, by the rows of a commit.

Each case is measured three times from equal rows: report creation alone (what it takes, logs and
locks), beside clerks (how long they wait), and killed in its middle and run again (whether each
order is reported exactly once).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from sqlalchemy import Connection, Table, func, select

from harness.loading.dataset import Generated
from harness.measure.measurement import (
    Answer,
    Asked,
    Column,
    Every,
    Panel,
    Point,
    Result,
    Value,
)
from harness.measure.original import original_of
from harness.measure.trial import Case, Checked, Job, Measured, Stream, Trial
from schema.vehicle_maintenance import (
    contract,
    customer_report,
    maintenance_order,
    maintenance_schedule,
    progress,
)
from workloads.vehicle_maintenance.batch.report_creation import (
    ReportCreationRequest,
    ReportCreationResult,
    report_creation,
    report_creation_claiming,
    report_creation_commit_every,
)
from workloads.vehicle_maintenance.measurements.clerks import (
    contract_changes,
    release_bookings,
)
from workloads.vehicle_maintenance.measurements.day import BUSINESS_DATE
from workloads.vehicle_maintenance.measurements.due_orders import UNTIL, due_orders

ALONE: Final = "alone"
BESIDE: Final = "beside clerks"
AGAIN: Final = "killed and run again"
TWICE: Final = "begun twice"

_CHANGE: Final = "contract registration (契約登録)"
_BOOKING: Final = "reservation registration (予約登録)"
_NOT_RUNNING_S: Final = 10.0
# So that somebody asks, however few the orders are.
_BESIDE_S: Final = 1.0
_NAMED: Final = re.compile(r"of contract (\d+), order (\d+)$")
_SHOWN: Final = 3
_TWICE_EVERY: Final = 10


def create_reports(connection: Connection, every: Every) -> ReportCreationResult:
    """Report creation with a commit every so many orders, or once at its end."""
    request = ReportCreationRequest(UNTIL)
    if every is None:
        return report_creation(connection, request)
    return report_creation_commit_every(connection, request, every)


def create_reports_claiming(connection: Connection, every: int) -> ReportCreationResult:
    """Report creation that claims each order, with a commit every so many."""
    return report_creation_claiming(connection, ReportCreationRequest(UNTIL), every)


def reported_once(connection: Connection, until: date = UNTIL) -> Checked:
    """See that each order that was due has been reported, once, and is due no more.

    By what is in the tables: the report lines that were not there before name their order.
    """
    before = original_of(maintenance_order)
    due = _orders(connection, before, until)
    lines = _new_reports(connection)
    twice = sorted(order for order, times in lines.items() if times > 1)
    missing = sorted(due - lines.keys())
    strange = sorted(lines.keys() - due)
    still = sorted(_orders(connection, maintenance_order, until))
    wrong = (
        *_told("was reported twice or more", twice),
        *_told("was due and not reported", missing),
        *_told("was reported and not due", strange),
        *_told("is still due", still),
    )
    return Checked(wrong, {"reported_orders": len(lines), "reported_twice": len(twice)})


def nothing_is_reported(connection: Connection) -> Checked:
    """See that without report creation no report has been added."""
    return Checked(tuple(_told("was reported", sorted(_new_reports(connection)))))


def _orders(connection: Connection, table: Table, until: date) -> set[tuple[int, int]]:
    c = table.c
    found = connection.execute(select(c.contract_no, c.order_no).where(c.next_report_date <= until))
    return {(contract_no, order_no) for contract_no, order_no in found}


def _new_reports(connection: Connection) -> Counter[tuple[int, int]]:
    """How often each order is named by report lines that were not there before."""
    before, c = original_of(customer_report).c, customer_report.c
    numbered = select(before.customer_code, func.max(before.report_line_no))
    last = dict(connection.execute(numbered.group_by(before.customer_code)).all())
    found = Counter[tuple[int, int]]()
    for code, number, text in connection.execute(
        select(c.customer_code, c.report_line_no, c.maintenance_description)
    ):
        if number > last.get(code, 0):
            named = _NAMED.search(text)
            assert named is not None, f"a report names its order: {text}"
            found[int(named[1]), int(named[2])] += 1
    return found


def _told(what: str, orders: Sequence[tuple[int, int]]) -> Iterator[str]:
    if orders:
        named = ", ".join(f"contract {c} order {o}" for c, o in orders[:_SHOWN])
        more = f" and {len(orders) - _SHOWN} more" if len(orders) > _SHOWN else ""
        yield f"{named}{more} {what}"


@dataclass(frozen=True)
class Problem1:
    """The measurement."""

    name: str = "problem-1"
    title: str = "problem 1, report creation (報告作成) beside clerks"
    changed: Sequence[Table] = (
        contract,
        maintenance_order,
        maintenance_schedule,
        progress,
        customer_report,
    )

    @property
    def columns(self) -> Sequence[Column]:
        """What the batch takes when it is alone, then what clerks wait beside it."""
        alone, beside, again = "report creation alone", "beside clerks", "killed, or begun twice"
        return (
            Column("alone_s", "seconds", lambda r: _elapsed(r, ALONE), 1, alone),
            Column("orders_per_s", "orders/s", _orders_per_s, 0, alone),
            Column("log_bytes", "log bytes", partial(_log_bytes, binary=False), 0, alone),
            Column("binary_log_bytes", "binary log", partial(_log_bytes, binary=True), 0, alone),
            Column("lock_memory_bytes", "lock memory", _lock_memory, 0, alone),
            Column("locked_rows", "rows locked", _locked_rows, 0, alone),
            Column("beside_s", "seconds", lambda r: _elapsed(r, BESIDE), 1, beside),
            *_waits(0, "change", beside),
            *_waits(1, "booking", beside),
            Column("refused", "refused", _refused, 0, beside),
            Column("run_again", "killed, run again", _again, 0, again),
            Column("reported_twice", "reported twice", _reported_twice, 0, again),
        )

    def data(self, asked: Asked) -> Generated:
        """So many orders that are due, and what hangs on them."""
        return due_orders(asked.rows, asked.seed)

    def cases(self, asked: Asked, connection: Connection) -> Sequence[Case]:
        """Clerks without report creation, then beside it with each number of rows a commit."""
        changes = contract_changes(connection, asked.seed)
        bookings = release_bookings(connection, BUSINESS_DATE, asked.seed)
        streams = (
            Stream(_CHANGE, asked.rate_per_s, changes),
            Stream(_BOOKING, asked.rate_per_s, bookings),
        )
        alone_s = min(_NOT_RUNNING_S, len(bookings) / asked.rate_per_s / 2)
        absent = Trial(nothing_is_reported, streams=streams, alone_s=alone_s)
        return [
            Case("absent", "clerks without report creation", "", {BESIDE: absent}),
            *(_case(every, asked.rows, streams) for every in asked.commit_every),
            *_begun_twice(),
        ]

    def panels(self, answers: Sequence[Answer]) -> Sequence[Panel]:
        """The worst waits, the speed and the log, by the rows of a commit."""
        x = "orders for each commit"
        return (
            Panel(
                "worst wait of a changed contract",
                x,
                "ms",
                _curves(answers, lambda r: _wait_ms(r, 0, 100)),
                logarithmic=True,
            ),
            Panel(
                "worst wait of a booking",
                x,
                "ms",
                _curves(answers, lambda r: _wait_ms(r, 1, 100)),
                logarithmic=True,
            ),
            Panel(
                "speed of report creation, alone", x, "orders/s", _curves(answers, _orders_per_s)
            ),
        )


def _case(every: Every, rows: int, streams: Sequence[Stream]) -> Case:
    job = Job("report creation (報告作成)", partial(create_reports, every=every))
    # One statement reads what is due, two report each order: the end comes between these two.
    middle = 2 + rows // 2 * 2
    trials = {
        ALONE: Trial(reported_once, [job]),
        BESIDE: Trial(reported_once, [job], streams, alone_s=_BESIDE_S),
        AGAIN: Trial(reported_once, [job], kill_after=middle),
    }
    if every is None:
        return Case("current", "commits once, at its end", "all", trials, breaks=True)
    return Case("commit-every", "commits after every so many orders", f"{every}", trials)


def _begun_twice() -> Iterator[Case]:
    """Two runs at once: somebody begins it again while the first run still lives."""
    plain = partial(create_reports, every=_TWICE_EVERY)
    claiming = partial(create_reports_claiming, every=_TWICE_EVERY)
    for variant, sentence, run, breaks in (
        ("begun twice", "two runs at once, as commit-every", plain, True),
        ("begun twice, claiming", "two runs at once, each order claimed first", claiming, False),
    ):
        jobs = [Job(f"report creation (報告作成), run {number}", run) for number in (1, 2)]
        trials = {TWICE: Trial(reported_once, jobs)}
        yield Case(variant, sentence, f"{_TWICE_EVERY}", trials, breaks=breaks)


def _of(result: Result, trial: str) -> Measured | None:
    return result.measured.get(trial)


def _elapsed(result: Result, trial: str) -> Value:
    measured = _of(result, trial)
    return measured.elapsed_s if measured else None


def _orders_per_s(result: Result) -> float | None:
    measured = _of(result, ALONE)
    if measured is None or not measured.elapsed_s:
        return None
    return measured.figures["reported_orders"] / measured.elapsed_s


def _log_bytes(result: Result, *, binary: bool) -> Value:
    """Bytes of the binary log, or of all others."""
    measured = _of(result, ALONE)
    if measured is None:
        return None
    found = [grown for log, grown in measured.log_bytes.items() if (log == "binary log") is binary]
    return sum(found) if found else None


def _lock_memory(result: Result) -> Value:
    measured = _of(result, ALONE)
    return measured.lock_use.memory_bytes if measured and measured.lock_use else None


def _locked_rows(result: Result) -> Value:
    measured = _of(result, ALONE)
    return measured.lock_use.rows if measured and measured.lock_use else None


def _waits(stream: int, name: str, group: str) -> Iterator[Column]:
    """How many requests of a stream there were, and how long they waited."""
    yield Column(f"{name}s", f"{name}s", partial(_count, stream=stream), 0, group)
    for percentile, key, header in (
        (50, "p50", "p50 ms"),
        (99, "p99", "p99"),
        (100, "max", "worst"),
    ):
        value = partial(_wait_ms, stream=stream, percentile=percentile)
        yield Column(f"{name}_ms_{key}", header, value, 1, group)


def _count(result: Result, stream: int) -> Value:
    measured = _of(result, BESIDE)
    return measured.streams[stream].waits.count if measured else None


def _wait_ms(result: Result, stream: int, percentile: float) -> float | None:
    measured = _of(result, BESIDE)
    return measured.streams[stream].waits.at_s(percentile) * 1000 if measured else None


def _refused(result: Result) -> Value:
    measured = _of(result, BESIDE)
    if measured is None:
        return None
    codes = sum((Counter(stream.refusals) for stream in measured.streams), measured.refusals)
    return ", ".join(f"{code}: {times}" for code, times in sorted(codes.items())) or "-"


def _again(result: Result) -> Value:
    measured = _of(result, AGAIN)
    if measured is None:
        return None
    ends = [attempt.end for attempt in measured.jobs[0].attempts]
    if ends[:1] != ["killed"]:
        return "not killed"
    return "each once" if measured.verdict.value == "holds" else measured.verdict.value


def _reported_twice(result: Result) -> Value:
    again = (result.measured.get(trial) for trial in (AGAIN, TWICE))
    counted = [measured.figures["reported_twice"] for measured in again if measured]
    return max(counted) if counted else None


def _curves(
    answers: Sequence[Answer], value: Callable[[Result], float | None]
) -> Mapping[str, Sequence[Point]]:
    return {
        answer.title: [
            Point(result.case.setting or "absent", y, bool(result.measured[BESIDE].broken))
            for result in answer.results
            if (y := value(result)) is not None and BESIDE in result.measured
        ]
        for answer in answers
    }
