"""The bulk deletion replaced (exam table 1) at volume, against the ways to delete.

Each case is measured from equal rows: alone (time, log, and the space of the tables before, after,
and when the next month's bills are in), and beside clerks who ask for totals and payments that are
taken over (how long both are shut out, and whether a payment that was acknowledged is lost).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection, Table

from harness.clock import now_s
from harness.engines.replacing import Space
from harness.errors import HarnessError
from harness.loading.dataset import Generated
from harness.measure.measurement import Answer, Asked, Column, Panel, Point, Result
from harness.measure.trial import Case, Checked, Job, Stream, Trial
from harness.servers import asking
from schema.billing import bill, bill_line, member
from workloads.billing.batch.bulk_deletion import bulk_deletion, bulk_deletion_by_whole_bills
from workloads.billing.measurements import figures
from workloads.billing.measurements.inquiries import Shown, totals
from workloads.billing.measurements.metered import engine_of
from workloads.billing.measurements.month import MONTH_END, left_wrong, month_of
from workloads.billing.measurements.payments import Paid
from workloads.billing.measurements.space import bill_next_month, space, tidy_up
from workloads.billing.online.bill_inquiry import bill_inquiry_2
from workloads.billing.replacement.partitioned_tables import in_partitions
from workloads.billing.replacement.partitions import (
    BESIDE_OTHERS,
    ExchangeStep,
    PartitionExchange,
)
from workloads.billing.replacement.steps import Replacement, Step

ALONE: Final = "alone"
BESIDE: Final = "beside clerks and payments"

IN_PLACE: Final = "in place"
UNLOGGED: Final = "swap, unlogged"
PARTITIONS: Final = "partitions"

MOMENTS: Final[Mapping[str, str]] = {
    "before": "before",
    "after": "after",
    "tidied": "tidied up",
    "next": "next month",
}
"""When the space is looked at: before and after what goes has gone, when the server has tidied up,
and when the next month's bills are in."""

_SPACE: Final = "space: bytes on disk of both tables with their indexes"
_SHOWN: Final = (
    ("after", "dead", "dead after"),
    ("tidied", "free", "free, tidied up"),
    ("next", "free", "free, next month"),
    ("before", "live", "live before"),
    ("tidied", "live", "live after"),
    ("next", "live", "live next month"),
    ("before", "used", "pages before"),
    ("tidied", "used", "pages after"),
    ("next", "used", "pages next month"),
)

_RANGE_BILLS: Final = 50
_BILLS_PER_UNIT: Final = 1_000
_STEPS_FILE: Final = "steps.json"

Program = Callable[[Connection], object]


def at_once(connection: Connection) -> object:
    """Exam figure 3."""
    return bulk_deletion(connection, MONTH_END)


def in_units(connection: Connection) -> object:
    """So many bills, with their lines, in each unit."""
    return bulk_deletion_by_whole_bills(connection, MONTH_END, _BILLS_PER_UNIT)


def replaced(connection: Connection, way: str, folder: Path) -> object:
    """Exam table 1, in one of its ways; tells in the folder how long each step took.

    Raises:
        RuntimeError: it did not come to its end; the text says why.
    """
    folder.mkdir(exist_ok=True)
    began: list[tuple[str, float]] = []

    def watch(step: Step | ExchangeStep) -> None:
        began.append((step.value, now_s()))

    engine = engine_of(connection)
    run, recover = _way(connection, way, folder, watch)
    try:
        done = run()
    except (HarnessError, engine.driver_error) as error:
        recover()
        raise RuntimeError(asking.words(error)) from error
    ends = [started for _step, started in began[1:]] + [now_s()]
    steps = {name: end - start for (name, start), end in zip(began, ends, strict=True)}
    (folder / _STEPS_FILE).write_text(json.dumps(steps), encoding="utf-8")
    return done


def _way(
    connection: Connection, way: str, folder: Path, watch: Callable[[Step | ExchangeStep], None]
) -> tuple[Callable[[], object], Callable[[], bool]]:
    """What does it, and what puts things right after a failure."""
    where = engine_of(connection), connection.engine.url, MONTH_END
    if way == PARTITIONS:
        exchange = PartitionExchange(*where, watch)
        return exchange.run, exchange.recover
    replacement = Replacement(*where, folder, watch)
    if way == IN_PLACE:
        return replacement.in_place, replacement.recover
    return partial(replacement.swap, unlogged=way == UNLOGGED), replacement.recover


@dataclass(frozen=True)
class Deletion:
    """The measurement."""

    name: str = "billing-deletion"
    title: str = "billing, bulk deletion (請求一括削除) and what replaces it (exam table 1)"
    changed: Sequence[Table] = (member, bill, bill_line)
    _folders: list[TemporaryDirectory[str]] = field(default_factory=list)

    @property
    def columns(self) -> Sequence[Column]:
        """Time, log and space, then who waits."""
        return (
            Column("alone_s", "alone s", figures.elapsed_s(ALONE), 1),
            Column("writers_out_s", "stop s", figures.figure(ALONE, "stop_s"), 1),
            Column("log_bytes", "log in all", figures.log_bytes(ALONE)),
            Column("binary_log_bytes", "binary log", figures.log_bytes(ALONE, "binary log")),
            Column("beside_s", "beside s", figures.elapsed_s(BESIDE), 1),
            Column("read_ms_p99", "read p99 ms", figures.wait_ms(BESIDE, 0, 99), 1),
            Column("read_ms_max", "worst", figures.wait_ms(BESIDE, 0, 100), 1),
            Column("pay_ms_p99", "pay p99 ms", figures.wait_ms(BESIDE, 1, 99), 1),
            Column("pay_ms_max", "worst", figures.wait_ms(BESIDE, 1, 100), 1),
            Column("payments", "payments", figures.figure(BESIDE, "payments")),
            *_space_columns(),
        )

    def data(self, asked: Asked) -> Generated:
        """Two months of bills; as many members as rows are asked for."""
        return month_of(asked)

    def cases(self, asked: Asked, connection: Connection) -> Sequence[Case]:
        """Two ways to delete, and those to replace."""
        # Kept as long as this object: the files of rows are in it.
        self._folders.append(TemporaryDirectory(prefix="harness-", ignore_cleanup_errors=True))
        folder = Path(self._folders[-1].name)
        made = _Cases(asked, connection)
        offered = {
            IN_PLACE: "the tables are emptied and loaded",
            "swap": "new tables are loaded and take their places",
        }
        if unlogged := engine_of(connection).replacing.unlogged:
            offered[UNLOGGED] = f"the new tables are loaded without log; {unlogged.sentence}"
        lost = engine_of(connection).partitioning.sentence
        offered[PARTITIONS] = f"last month's partitions are exchanged for what stays; {lost}"
        ways = [
            made.case(
                f"replaced, {way}", sentence, partial(replaced, way=way, folder=folder / way),
                folder / way, partitions=way == PARTITIONS,
            )
            for way, sentence in offered.items()
        ]  # fmt: skip
        return [
            made.case("current", "figure 3", at_once, None),
            made.case("commit-per-bills", f"{_BILLS_PER_UNIT:,} bills a unit", in_units, None),
            *ways,
        ]

    def panels(self, answers: Sequence[Answer]) -> Sequence[Panel]:
        """How long readers and writers are shut out."""
        return [
            Panel(title, "way", "ms", _bars(answers, figures.wait_ms(BESIDE, stream, 100)), True)
            for stream, title in enumerate(("worst wait of an inquiry", "worst wait of a payment"))
        ]


def _space_columns() -> Iterator[Column]:
    """Bytes on disk at four moments, and what of them the engine calls free, dead and live."""
    for moment, header in MOMENTS.items():
        yield Column(
            f"{moment}_bytes", header, figures.figure(ALONE, f"{moment}_files"), group=_SPACE
        )
    for moment, kind, header in _SHOWN:
        key = f"{moment}_{kind}"
        yield Column(f"{key}_bytes", header, figures.figure(ALONE, key), group=_SPACE)


def _bars(
    answers: Sequence[Answer], value: Callable[[Result], float | None]
) -> Mapping[str, Sequence[Point]]:
    return {
        answer.title: [
            Point(result.case.variant, y)
            for result in answer.results
            if (y := value(result)) is not None
        ]
        for answer in answers
    }


class _Cases:
    """Makes the cases of one server."""

    def __init__(self, asked: Asked, connection: Connection) -> None:
        self._asked = asked
        self._connection = connection
        self._known = totals(connection)
        self._before = space(connection)

    def case(
        self,
        variant: str,
        sentence: str,
        run: Program,
        folder: Path | None,
        *,
        partitions: bool = False,
    ) -> Case:
        """A way, alone and beside others."""
        job = Job("bulk deletion (請求一括削除)", run)
        shown, paid = Shown(self._known), Paid()
        tables = _Tables(self._before, partitions=partitions)
        alone = partial(_alone, folder=folder, tables=tables)
        seed, rate = self._asked.seed, self._asked.rate_per_s
        inquiries = shown.programs(bill_inquiry_2, 2 * self._asked.rows, _RANGE_BILLS, seed)
        streams = [
            Stream("bill inquiry 2 (照会2)", rate, inquiries),
            Stream("payment registration (入金登録)", rate, paid.programs(self._connection, seed)),
        ]
        return Case(
            variant,
            sentence,
            "",
            {
                ALONE: Trial(alone, [job], around=tables.around),
                BESIDE: Trial(
                    partial(_beside, shown=shown, paid=paid), [job], streams, around=tables.around
                ),
            },
        )


class _Tables:
    """What the tables are before a trial: their space, and their partitions if they get any."""

    def __init__(self, before: Space, *, partitions: bool) -> None:
        self.before = before
        self.around = self._in_partitions if partitions else None

    @contextmanager
    def _in_partitions(self, connection: Connection) -> Iterator[None]:
        with in_partitions(connection, MONTH_END):
            self.before = space(connection)
            yield


def _beside(connection: Connection, shown: Shown, paid: Paid) -> Checked:
    wrong = (*left_wrong(connection), *shown.sentences(), *paid.lost(connection))
    return Checked(wrong, {"payments": paid.number, "totals": shown.totals})


def _alone(connection: Connection, folder: Path | None, tables: _Tables) -> Checked:
    """What is left is right; then the space of the tables, before the next month and with it."""
    wrong = tuple(left_wrong(connection))
    connection.commit()
    found: dict[str, float] = dict(_told("before", tables.before))
    if folder is not None and (told := folder / _STEPS_FILE).exists():
        steps: dict[str, float] = json.loads(told.read_text(encoding="utf-8"))
        outside = {step.value for step in (Step.PREPARE, Step.CLEAN, *BESIDE_OTHERS)}
        found["stop_s"] = sum(taken for name, taken in steps.items() if name not in outside)
        found |= {f"{name} s": taken for name, taken in steps.items()}
    found |= _told("after", space(connection))
    tidy_up(connection)
    found |= _told("tidied", space(connection))
    bill_next_month(connection)
    found |= _told("next", space(connection))
    return Checked(wrong, found)


def _told(moment: str, found: Space) -> dict[str, int]:
    """What is known of the space, by the names of the figures."""
    kinds = {
        "files": found.files,
        "indexes": found.indexes,
        "free": found.free,
        "dead": found.dead,
        "live": found.live,
        "used": found.used,
    }
    return {f"{moment}_{kind}": value for kind, value in kinds.items() if value is not None}
