"""Problem C at volume: inquiries beside the mass delete, by how they read and what they leave out.

Each case has one kind of inquiry, into long ranges of the bills that go, first without the deletion
and then beside it: how long they wait, and how many of the totals shown are those of no bill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection, Table

from harness.engines.engine import Isolation
from harness.loading.dataset import Generated
from harness.measure.measurement import Answer, Asked, Column, Panel, Point
from harness.measure.trial import Case, Checked, Job, Stream, Trial
from schema.billing import bill, bill_line
from workloads.billing.batch.bulk_deletion import bulk_deletion, bulk_deletion_by_rows
from workloads.billing.measurements import figures
from workloads.billing.measurements.inquiries import Inquiry, Program, Shown, totals
from workloads.billing.measurements.metered import engine_of
from workloads.billing.measurements.month import MONTH_END, left_wrong, month_of
from workloads.billing.online.bill_inquiry import (
    bill_inquiry_2,
    bill_inquiry_2_complete,
    bill_inquiry_2_locking,
)

ABSENT: Final = "without the deletion"
BESIDE: Final = "beside the deletion"

_QUIET_S: Final = 3.0
_ROWS_PER_UNIT: Final = 1_001
"""Odd, so that a unit ends in the middle of a bill of two lines."""

Kind = tuple[str, str, Inquiry, Isolation | None]
"""Its name, a sentence, the inquiry, and its level where that is not the one asked for."""

_DIRTY: Final = Isolation.READ_UNCOMMITTED
_FIGURE_2: Final[Kind] = ("figure-2-dirty", "the exam's first remedy", bill_inquiry_2, _DIRTY)
_KINDS: Final[tuple[Kind, ...]] = (
    ("figure-2", "inquiry 2 as it is", bill_inquiry_2, Isolation.REPEATABLE_READ),
    ("locking-read", "inquiry 2 locks what it reads", bill_inquiry_2_locking, None),
    _FIGURE_2,
    ("figure-4-dirty", "the exam's second remedy", bill_inquiry_2_complete, _DIRTY),
)


def by_rows(connection: Connection) -> object:
    """A commit in the middle of bills."""
    return bulk_deletion_by_rows(connection, MONTH_END, _ROWS_PER_UNIT)


def at_once(connection: Connection) -> object:
    """Exam figure 3."""
    return bulk_deletion(connection, MONTH_END)


@dataclass(frozen=True)
class ProblemC:
    """The measurement."""

    name: str = "billing-c"
    title: str = "billing problem C, inquiries (照会2) beside bulk deletion (請求一括削除)"
    changed: Sequence[Table] = (bill, bill_line)

    @property
    def columns(self) -> Sequence[Column]:
        """Waits without and beside the deletion, and what was shown."""
        return (
            Column("absent_ms_p50", "absent p50 ms", figures.wait_ms(ABSENT, 0, 50), 1),
            Column("absent_ms_max", "worst", figures.wait_ms(ABSENT, 0, 100), 1),
            Column("deletion_s", "deletion s", figures.elapsed_s(BESIDE), 1),
            Column("beside_ms_p50", "beside p50 ms", figures.wait_ms(BESIDE, 0, 50), 1),
            Column("beside_ms_p99", "p99", figures.wait_ms(BESIDE, 0, 99), 1),
            Column("beside_ms_max", "worst", figures.wait_ms(BESIDE, 0, 100), 1),
            Column("totals", "totals shown", figures.figure(BESIDE, "totals")),
            Column("wrong_totals", "wrong", figures.figure(BESIDE, "wrong_totals")),
        )

    def data(self, asked: Asked) -> Generated:
        """Two months of bills; as many members as rows are asked for."""
        return month_of(asked)

    def cases(self, asked: Asked, connection: Connection) -> Sequence[Case]:
        """Each kind of inquiry beside figure 3, and two beside a deletion that cuts bills."""
        known = totals(connection)
        dirty = engine_of(connection).capabilities["reads uncommitted rows"].present
        cases = [
            _case(asked, known, kind, at_once, "in one unit", breaks=dirty and kind == _FIGURE_2)
            for kind in _KINDS
        ]
        cut = f"by {_ROWS_PER_UNIT:,} lines"
        cases.append(_case(asked, known, _KINDS[0], by_rows, cut, breaks=True))
        mended = ("figure-4", "bills that are not whole left out", bill_inquiry_2_complete, None)
        cases.append(_case(asked, known, mended, by_rows, cut, breaks=False))
        return cases

    def panels(self, answers: Sequence[Answer]) -> Sequence[Panel]:
        """The worst wait of each kind."""
        worst = figures.wait_ms(BESIDE, 0, 100)
        points = {
            answer.title: [
                Point(f"{r.case.variant} {r.case.setting}", y, bool(r.measured[BESIDE].broken))
                for r in answer.results
                if BESIDE in r.measured and (y := worst(r)) is not None
            ]
            for answer in answers
        }
        return [Panel("worst wait of an inquiry", "inquiry", "ms", points, logarithmic=True)]


def _case(
    asked: Asked, known: Mapping[int, int], kind: Kind, run: Program, setting: str, *, breaks: bool
) -> Case:
    variant, sentence, inquiry, level = kind
    quiet, beside = Shown(known), Shown(known)
    bills = max(1, asked.rows // 2)

    def stream(shown: Shown) -> Stream:
        made = shown.programs(inquiry, asked.rows, bills, asked.seed, level)
        return Stream("bill inquiry 2 (照会2)", asked.rate_per_s, made)

    return Case(
        variant,
        sentence,
        setting,
        {
            ABSENT: Trial(
                partial(_right, shown=quiet, deleted=False),
                streams=[stream(quiet)],
                alone_s=_QUIET_S,
            ),
            BESIDE: Trial(
                partial(_right, shown=beside, deleted=True),
                [Job("bulk deletion (請求一括削除)", run)],
                [stream(beside)],
            ),
        },
        breaks,
    )


def _right(connection: Connection, shown: Shown, *, deleted: bool) -> Checked:
    return Checked(
        (*left_wrong(connection, deleted=deleted), *shown.sentences()),
        {"wrong_totals": shown.wrong, "totals": shown.totals},
    )
