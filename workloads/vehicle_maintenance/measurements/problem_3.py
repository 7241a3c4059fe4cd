"""Problem 3 at volume: how long parallel jobs of inspection rate update take, and what they lose.

The jobs share a day's sort sequence numbers between them. Wherever ranges may share a contract, the
sheets afterwards are compared with the right sums.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, Table, func, select

from harness.loading.dataset import Generated
from harness.measure.measurement import (
    Answer,
    Asked,
    Column,
    Panel,
    Point,
    Result,
    Value,
)
from harness.measure.original import original_of
from harness.measure.trial import Case, Checked, Job, Measured, Trial
from schema.vehicle_maintenance import batch_run, inspection_sheet, work_result
from workloads.vehicle_maintenance.batch.inspection_rate_update import (
    InspectionRateRequest,
    inspection_rate_update,
    inspection_rate_update_contract_order,
    inspection_rate_update_contract_order_addition,
    inspection_rate_update_contract_order_locking_read,
    inspection_rate_update_locking_read,
)
from workloads.vehicle_maintenance.measurements.day_results import (
    AS_THEY_CAME,
    BY_CONTRACT,
    day_results,
)

RUN: Final = "run"
AGAIN: Final = "killed and run again"
CLOSING: Final = time(19)
"""Online hours end at 19:00 (exam, "オンライン時間帯は平日の9:00~19:00")."""

Run = Callable[[Connection, InspectionRateRequest], object]


@dataclass(frozen=True, slots=True)
class _Variant:
    name: str
    sentence: str
    run: Run
    day: date
    breaks: bool
    """With more than one job."""


_VARIANTS: Final = (
    _Variant("current", "figure 5 as written", inspection_rate_update, AS_THEY_CAME, True),
    _Variant(
        "contract-order",
        "the exam's first proposal: results are read in contract order",
        inspection_rate_update_contract_order,
        AS_THEY_CAME,
        True,
    ),
    _Variant(
        "numbered-by-contract",
        "the exam's second proposal: result registration numbers by contract",
        inspection_rate_update,
        BY_CONTRACT,
        True,
    ),
    _Variant(
        "locking-read",
        "each sheet is locked when it is read, in the order as they came",
        inspection_rate_update_locking_read,
        AS_THEY_CAME,
        True,
    ),
    _Variant(
        "contract-order-locking-read",
        "contract order, and each sheet locked when it is read",
        inspection_rate_update_contract_order_locking_read,
        AS_THEY_CAME,
        False,
    ),
    _Variant(
        "contract-order-addition",
        "contract order, and one update that adds",
        inspection_rate_update_contract_order_addition,
        AS_THEY_CAME,
        False,
    ),
    _Variant(
        "numbered-by-contract-locking-read",
        "numbered by contract, and each sheet locked when it is read",
        inspection_rate_update_locking_read,
        BY_CONTRACT,
        False,
    ),
    _Variant(
        "numbered-by-contract-addition",
        "numbered by contract, and one update that adds",
        inspection_rate_update_contract_order_addition,
        BY_CONTRACT,
        False,
    ),
)


def ranges(rows: int, jobs: int) -> list[tuple[int, int]]:
    """Ranges of about equal length, both ends included.

    Each but the last ends at an odd number, that is between the two results of a contract where
    they are numbered by contract: who cuts ranges does not know the contracts.

    >>> ranges(20, 3)
    [(1, 7), (8, 13), (14, 20)]
    """
    ends = [round(rows * number / jobs) | 1 for number in range(1, jobs)]
    return list(zip([1, *(end + 1 for end in ends)], [*ends, rows], strict=True))


def points_are_right(connection: Connection, day: date) -> Checked:
    """Compare every sheet with what it held before and the points of the day's results."""
    before = original_of(inspection_sheet)
    right = Counter(_points(connection, before))
    w, rows = work_result.c, 0
    for contract_no, points, number in connection.execute(
        select(w.contract_no, func.sum(w.points), func.count())
        .where(w.report_date == day)
        .group_by(w.contract_no)
    ):
        right[contract_no] += int(points)
        rows += number
    held = _points(connection, inspection_sheet)
    wrong = {no: right[no] - held.get(no, 0) for no in right if right[no] != held.get(no, 0)}
    lost = sum(points for points in wrong.values() if points > 0)
    twice = -sum(points for points in wrong.values() if points < 0)
    said = []
    if lost:
        sheets = sum(points > 0 for points in wrong.values())
        said.append(f"{lost} points are lost on {sheets} sheets")
    if twice:
        sheets = sum(points < 0 for points in wrong.values())
        said.append(f"{twice} points too many on {sheets} sheets")
    return Checked(tuple(said), {"rows": rows, "points_lost": lost, "sheets_wrong": len(wrong)})


def _points(connection: Connection, sheets: Table) -> Mapping[int, int]:
    c = sheets.c
    return dict(connection.execute(select(c.contract_no, c.actual_points)).all())


@dataclass(frozen=True)
class Problem3:
    """The measurement."""

    name: str = "problem-3"
    title: str = "problem 3, parallel jobs of inspection rate update (点検率更新)"
    changed: Sequence[Table] = (inspection_sheet, batch_run)

    @property
    def columns(self) -> Sequence[Column]:
        """How long all jobs took together, what it cost, and what is wrong."""
        return (
            Column("elapsed_s", "seconds", _elapsed, 2),
            Column("rows_per_s", "rows/s", _rows_per_s),
            Column("begin_by", "begin by", _begin_by),
            Column("runs", "runs", _runs),
            Column("refused", "refused", _refused),
            Column("points_lost", "points lost", lambda r: _figure(r, "points_lost")),
            Column("sheets_wrong", "sheets wrong", lambda r: _figure(r, "sheets_wrong")),
            Column("log_bytes", "log bytes", _log_bytes),
            Column("lock_memory_bytes", "lock memory", _lock_memory),
            Column("run_again", "killed, again", _again),
        )

    def data(self, asked: Asked) -> Generated:
        """So many results of one day, numbered in two ways.

        Raises:
            ValueError: so many cannot be made, or there are too few for the jobs.
        """
        if asked.rows < 4 * max(asked.jobs):
            raise ValueError(
                f"{asked.rows} rows: too few for {max(asked.jobs)} jobs; each needs 4 at the least"
            )
        return day_results(asked.rows, asked.seed)

    def cases(self, asked: Asked, connection: Connection) -> Sequence[Case]:
        """Each variant with each number of jobs."""
        return [
            _case(variant, jobs, asked.rows, last=jobs == max(asked.jobs))
            for variant in _VARIANTS
            for jobs in asked.jobs
        ]

    def panels(self, answers: Sequence[Answer]) -> Sequence[Panel]:
        """One pair of axes for each engine: seconds by jobs."""
        return [
            Panel(answer.title, "jobs", "seconds (x: deadlock or points lost)", _curves(answer))
            for answer in answers
        ]


def _case(variant: _Variant, number: int, rows: int, *, last: bool) -> Case:
    jobs = [
        Job(
            f"inspection rate update (点検率更新) {first} to {end}",
            partial(_update, variant.run, InspectionRateRequest(variant.day, first, end)),
        )
        for first, end in ranges(rows, number)
    ]
    check = partial(points_are_right, day=variant.day)
    trials = {RUN: Trial(check, jobs)}
    breaks = variant.breaks and number > 1
    if last and not variant.breaks:
        # Three statements go before the first sheet; then at least one for each row.
        trials[AGAIN] = Trial(check, jobs, kill_after=3 + rows // number // 2)
    setting = f"{number} job" if number == 1 else f"{number} jobs"
    return Case(variant.name, variant.sentence, setting, trials, breaks)


def _update(run: Run, request: InspectionRateRequest, connection: Connection) -> object:
    return run(connection, request)


def _run(result: Result) -> Measured | None:
    return result.measured.get(RUN)


def _elapsed(result: Result) -> float | None:
    measured = _run(result)
    return measured.elapsed_s if measured else None


def _rows_per_s(result: Result) -> Value:
    measured, elapsed_s = _run(result), _elapsed(result)
    if measured is None or not elapsed_s:
        return None
    return measured.figures["rows"] / elapsed_s


def _begin_by(result: Result) -> Value:
    """When the jobs must begin at the latest to be done at the end of online hours."""
    elapsed_s = _elapsed(result)
    if elapsed_s is None:
        return None
    # A whole second earlier rather than later.
    latest = datetime.combine(date(2000, 1, 2), CLOSING) - timedelta(seconds=int(elapsed_s) + 1)
    return latest.time().isoformat()


def _runs(result: Result) -> Value:
    measured = _run(result)
    return sum(len(job.attempts) for job in measured.jobs) if measured else None


def _refused(result: Result) -> Value:
    measured = _run(result)
    if measured is None:
        return None
    codes = sorted(measured.refusals.items())
    return ", ".join(f"{code}: {times}" for code, times in codes) or "-"


def _figure(result: Result, name: str) -> Value:
    measured = _run(result)
    return measured.figures[name] if measured else None


def _log_bytes(result: Result) -> Value:
    measured = _run(result)
    return sum(measured.log_bytes.values()) if measured else None


def _lock_memory(result: Result) -> Value:
    measured = _run(result)
    return measured.lock_use.memory_bytes if measured and measured.lock_use else None


def _again(result: Result) -> Value:
    measured = result.measured.get(AGAIN)
    if measured is None:
        return None
    return "right sums" if measured.verdict.value == "holds" else measured.verdict.value


def _curves(answer: Answer) -> Mapping[str, Sequence[Point]]:
    curves: dict[str, list[Point]] = {}
    for result in answer.results:
        elapsed_s, measured = _elapsed(result), _run(result)
        if elapsed_s is not None and measured is not None:
            point = Point(result.case.setting.split()[0], elapsed_s, bool(measured.broken))
            curves.setdefault(result.case.variant, []).append(point)
    return curves
