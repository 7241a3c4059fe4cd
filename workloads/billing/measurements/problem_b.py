"""Problem B at volume: the log of one unit of work, and what smaller units cost.

Each case is measured from equal rows: alone (time, log and locks), beside clerks who ask for totals
(how long they wait, and whether what they are shown is true), and with its session killed in the
middle of a unit and run again (whether anything is lost). The limit is the server's own where it
has one; where it has none, a unit that writes more than the budget is told.

Rows that grow by a factor under one limit are the same rows under the limit divided by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection, Table

from harness.loading.dataset import Generated
from harness.measure.measurement import Answer, Asked, Column, Panel, Result, Value
from harness.measure.trial import Case, Checked, Job, Stream, Trial
from schema.billing import bill, bill_line
from workloads.billing import growth
from workloads.billing.batch.bulk_deletion import (
    bulk_deletion,
    bulk_deletion_by_ranges,
    bulk_deletion_by_rows,
    bulk_deletion_by_whole_bills,
)
from workloads.billing.measurements import figures
from workloads.billing.measurements.inquiries import Shown, totals
from workloads.billing.measurements.metered import Deletion, Meter, limited, metered
from workloads.billing.measurements.month import MONTH_END, left_wrong, month_of
from workloads.billing.online.bill_inquiry import bill_inquiry_2, bill_inquiry_2_locking

ALONE: Final = "alone"
BESIDE: Final = "beside clerks"
AGAIN: Final = "killed and run again"

_TITLE: Final = "bulk deletion (請求一括削除)"
_RANGE_BILLS: Final = 50
_MARGIN: Final = 1.05
"""The limit of the average month, as a share of what its deletion was seen to write."""

_TODAY: Final = date(2024, 10, 1)

_LIMITS: Final = (
    # setting, sentence, the limit and the month's volume in average months of today, refused?
    ("average month", "the limit that the average month of today needs", 1.0, 1.0, False),
    ("peak month", "the same limit in the month with 1.2 times the rows", 1.0, 1.2, True),
    ("+20 %, peak month", "method 1: the limit raised by 20 %", 1.2, 1.2, False),
    ("+20 %, peak, a year on", "method 1 after a year's growth of 20 %", 1.2, 1.44, True),
)


def by_rows(connection: Connection, unit: int) -> object:
    """A commit after so many lines, wherever that is."""
    return bulk_deletion_by_rows(connection, MONTH_END, unit)


def by_ranges(connection: Connection, unit: int) -> object:
    """A commit after a range of so many bills."""
    return bulk_deletion_by_ranges(connection, MONTH_END, unit)


def by_bills(connection: Connection, unit: int) -> object:
    """A commit after so many bills with their lines."""
    return bulk_deletion_by_whole_bills(connection, MONTH_END, unit)


def at_once(connection: Connection) -> object:
    """Exam figure 3."""
    return bulk_deletion(connection, MONTH_END)


_UNITS: Final = (
    # variant, sentence, program, statements before the kill (in the second unit), partial totals?
    ("commit-every-rows", "method 2: a commit after so many lines", by_rows, 3, True),
    ("commit-per-range", "a commit after a range of so many bills", by_ranges, 3, False),
    ("commit-per-bills", "each unit takes so many bills with their lines", by_bills, 5, False),
)


@dataclass(frozen=True)
class ProblemB:
    """The measurement."""

    name: str = "billing-b"
    title: str = "billing problem B, the log of one unit of bulk deletion (請求一括削除)"
    changed: Sequence[Table] = (bill, bill_line)
    _folders: list[TemporaryDirectory[str]] = field(default_factory=list)

    @property
    def columns(self) -> Sequence[Column]:
        """The log and the time, then what clerks wait, then what a kill leaves."""
        return (
            Column("units", "units", figures.figure(ALONE, "units")),
            Column("unit_log_bytes_max", "log of a unit", figures.figure(ALONE, "unit_bytes")),
            Column("limit_bytes", "limit", figures.figure(ALONE, "limit_bytes")),
            Column("fails_in", "fails in", _fails_in),
            Column("log_bytes", "log in all", figures.log_bytes(ALONE)),
            Column("alone_s", "alone s", figures.elapsed_s(ALONE), 1),
            Column("lock_memory_bytes", "lock memory", figures.lock_memory_bytes(ALONE)),
            Column("beside_s", "beside s", figures.elapsed_s(BESIDE), 1),
            Column("plain_ms_max", "plain worst ms", figures.wait_ms(BESIDE, 0, 100), 1),
            Column("locking_ms_max", "locking worst ms", figures.wait_ms(BESIDE, 1, 100), 1),
            Column("wrong_totals", "wrong totals", figures.figure(BESIDE, "wrong_totals")),
            Column("run_again", "killed, again", figures.ran_again(AGAIN)),
        )

    def data(self, asked: Asked) -> Generated:
        """Two months of bills; as many members as rows are asked for."""
        return month_of(asked)

    def cases(self, asked: Asked, connection: Connection) -> Sequence[Case]:
        """Figure 3 without and with a limit, then each way to cut it at each size."""
        # Kept as long as this object: the trials' meters are in it.
        self._folders.append(TemporaryDirectory(prefix="harness-", ignore_cleanup_errors=True))
        made = _Cases(asked, connection, Path(self._folders[-1].name))
        sizes = [every for every in asked.commit_every if every is not None]
        # A single unit is killed in its own middle.
        killed = {n: (5 if n < asked.rows // 2 else 2) for n in sizes}
        return [
            made.case("current", "figure 3, in one unit", "all", at_once, kill_after=1),
            *(made.limit(*row) for row in _LIMITS),
            *(
                made.case(
                    variant,
                    text,
                    f"{n}",
                    partial(run, unit=n),
                    kill_after=min(kill, killed[n]),
                    breaks=cut,
                )
                for variant, text, run, kill, cut in _UNITS
                for n in sizes
            ),
        ]

    def panels(self, answers: Sequence[Answer]) -> Sequence[Panel]:
        """Log, time and waits by the size of a unit."""
        variants = [variant for variant, *_ in _UNITS]
        shown: tuple[tuple[str, str, str, Callable[[Result], Value]], ...] = (
            ("log of one unit", "bytes", ALONE, figures.figure(ALONE, "unit_bytes")),
            ("time of the deletion, alone", "s", ALONE, figures.elapsed_s(ALONE)),
            ("worst wait of a locking inquiry", "ms", BESIDE, figures.wait_ms(BESIDE, 1, 100)),
        )
        return [
            Panel(
                title,
                "lines, or bills, for each commit",
                unit,
                figures.curves(answers, trial, partial(_number, value), variants),
                logarithmic=True,
            )
            for title, unit, trial, value in shown
        ]


class _Cases:
    """Makes the cases of one server."""

    def __init__(self, asked: Asked, connection: Connection, folder: Path) -> None:
        self._asked = asked
        self._known = totals(connection)
        self._folder = folder

    def case(
        self,
        variant: str,
        sentence: str,
        setting: str,
        run: Deletion,
        *,
        kill_after: int,
        breaks: bool = False,
    ) -> Case:
        """A way to delete, three times."""
        told = self._folder / f"{variant}-{setting}.json"
        meter = Job(_TITLE, partial(metered, deletion=run, told=told))
        job = Job(_TITLE, run)
        shown = Shown(self._known)
        seed, last = self._asked.seed, self._asked.rows
        streams = [
            Stream(title, self._asked.rate_per_s, shown.programs(which, last, _RANGE_BILLS, seed))
            for title, which in (
                ("bill inquiry 2 (照会2)", bill_inquiry_2),
                ("bill inquiry 2 (照会2), locking", bill_inquiry_2_locking),
            )
        ]
        return Case(
            variant,
            sentence,
            setting,
            {
                ALONE: Trial(partial(_metered_right, told=told), [meter]),
                BESIDE: Trial(partial(_shown_right, shown=shown), [job], streams),
                AGAIN: Trial(_left_right, [job], kill_after=kill_after),
            },
            breaks,
        )

    def limit(
        self, setting: str, sentence: str, limit: float, months: float, refused: bool
    ) -> Case:
        """Figure 3 under a limit."""
        told = self._folder / f"limit-{limit}-{months}.json"
        measured = self._folder / "current-all.json"
        run = partial(
            limited, deletion=at_once, told=told, measured=measured, share=_MARGIN * limit / months
        )
        trial = Trial(partial(_metered_right, told=told), [Job(_TITLE, run)])
        return Case(_LIMITED, sentence, setting, {ALONE: trial}, breaks=refused)


_LIMITED: Final = "current, limit"


def _left_right(connection: Connection) -> Checked:
    return Checked(tuple(left_wrong(connection)))


def _shown_right(connection: Connection, shown: Shown) -> Checked:
    return Checked(
        (*left_wrong(connection), *shown.sentences()),
        {"wrong_totals": shown.wrong, "totals": shown.totals},
    )


def _metered_right(connection: Connection, told: Path) -> Checked:
    """What the deletion told of its log, and whether what it left is right."""
    meter = Meter.read(told)
    if meter is None:
        return Checked()  # It did not come to its end: its process says why, and all is unknown.
    over = meter.limit_bytes and meter.unit_bytes_max > meter.limit_bytes
    wrong: tuple[str, ...] = ()
    if meter.refused:
        wrong = (f"the server refused the unit and nothing was deleted: {meter.refused}",)
    elif over:
        written, budget = meter.unit_bytes_max, meter.limit_bytes
        wrong = (f"a unit wrote {written:,} bytes of log; its limit is {budget:,}",)
    found = {"units": float(meter.units), "unit_bytes": float(meter.unit_bytes_max)}
    if meter.limit_bytes:
        found["limit_bytes"] = float(meter.limit_bytes)
    left = left_wrong(connection, deleted=not meter.refused)
    return Checked((*wrong, *left), found)


def _fails_in(result: Result) -> Value:
    """The month in which a limit is first too small, by the arithmetic of the exam's figures."""
    for setting, _sentence, limit, *_ in _LIMITS:
        if result.case.variant == _LIMITED and result.case.setting == setting:
            return f"{growth.fails_in(limit, _TODAY):%Y-%m}"
    return None


def _number(value: Callable[[Result], Value], result: Result) -> float | None:
    found = value(result)
    return float(found) if isinstance(found, int | float) else None
