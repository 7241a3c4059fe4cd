"""Inspection rate update (点検率更新): add the points of work results to the inspection sheets.

Exam figure 5, which lets several jobs work on disjoint ranges of a day's sort sequence numbers:

    ① take the report date, the first and the last number as arguments
    ② read the work results (実施結果) of that date and range in the order of the numbers
    ③ for each row read the inspection sheet (点検表) of its contract, add the row's points to
      the actual points, and update the sheet
    ④ when all are done, commit once

Exam problem 3 is in it: two jobs that meet the same contracts in another order lock sheets in
another order, and hold them to the end. And as the figure is written, the sheet is read before it
is locked; what another job adds in between is overwritten.

Beside figure 5, the range is marked as done (`batch_run`) in the same transaction, since nothing
else tells a second run that the points are in. Table 4 gives the program one read more than the
figure needs; we take it for 受託, which tells the class of maintenance that brought the points.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, Select, select, update

from schema.vehicle_maintenance import batch_run, inspection_sheet, maintenance_order, work_result
from workloads.vehicle_maintenance.batch.completed_run import mark_run
from workloads.vehicle_maintenance.refusals import AlreadyDoneError, SheetNotFoundError

PROGRAM_NAME = "inspection_rate_update"


@dataclass(frozen=True, slots=True)
class InspectionRateRequest:
    """Which report date, and which range of its sort sequence numbers, both ends included (①).

    Raises:
        ValueError: the range is empty.
    """

    report_date: date
    first_sort_seq: int
    last_sort_seq: int

    def __post_init__(self) -> None:
        if self.first_sort_seq > self.last_sort_seq:
            raise ValueError(
                f"sort sequence {self.first_sort_seq} to {self.last_sort_seq}: an empty range"
            )


@dataclass(frozen=True, slots=True)
class InspectionRateResult:
    """How many rows were added in, and their points by class of maintenance, sorted by class."""

    updated_rows: int
    points: tuple[tuple[str, int], ...]


class PointsRow(NamedTuple):
    """What is needed of one work result."""

    contract_no: int
    points: int
    maintenance_class: str


def inspection_rate_update(
    connection: Connection, request: InspectionRateRequest
) -> InspectionRateResult:
    """Add up one range of a day as exam figure 5 says (variant `current`).

    Running it again is right if the first run did not come to its commit, for then nothing is
    added; after the commit it is refused, and so is a range that overlaps one that is done.
    Overlapping ranges that are both under way at once are not told apart, unless they begin
    with the same number.

    Raises:
        AlreadyDoneError: the range, or part of it, is done; rolled back.
        SheetNotFoundError: a contract has no inspection sheet; rolled back, nothing is added.
    """
    return _update(connection, request, by_contract=False, add=_add_points)


def inspection_rate_update_contract_order(
    connection: Connection, request: InspectionRateRequest
) -> InspectionRateResult:
    """Figure 5 with ② in the order of the contracts (the exam's proposal 1).

    Raises:
        AlreadyDoneError, SheetNotFoundError: as for `inspection_rate_update`.
    """
    return _update(connection, request, by_contract=True, add=_add_points)


def inspection_rate_update_locking_read(
    connection: Connection, request: InspectionRateRequest
) -> InspectionRateResult:
    """Figure 5 with ③ reading each sheet with an exclusive lock, in the order of the numbers.

    Raises:
        AlreadyDoneError, SheetNotFoundError: as for `inspection_rate_update`.
    """
    return _update(connection, request, by_contract=False, add=_add_points_locking)


def inspection_rate_update_contract_order_locking_read(
    connection: Connection, request: InspectionRateRequest
) -> InspectionRateResult:
    """Figure 5 with both: ② in the order of the contracts, ③ reading each sheet with a lock.

    Raises:
        AlreadyDoneError, SheetNotFoundError: as for `inspection_rate_update`.
    """
    return _update(connection, request, by_contract=True, add=_add_points_locking)


def inspection_rate_update_contract_order_addition(
    connection: Connection, request: InspectionRateRequest
) -> InspectionRateResult:
    """Figure 5 with ② in the order of the contracts, and ③ as one update that adds.

    Raises:
        AlreadyDoneError, SheetNotFoundError: as for `inspection_rate_update`.
    """
    return _update(connection, request, by_contract=True, add=_add_points_at_once)


Addition = Callable[[Connection, PointsRow], None]


def _update(
    connection: Connection, request: InspectionRateRequest, *, by_contract: bool, add: Addition
) -> InspectionRateResult:
    _mark(connection, request)
    rows = _read_results(connection, request, by_contract=by_contract)  # ②
    for row in rows:  # ③
        add(connection, row)
    connection.commit()  # ④
    points: Counter[str] = Counter()
    for row in rows:
        points[row.maintenance_class] += row.points
    return InspectionRateResult(len(rows), tuple(sorted(points.items())))


def _mark(connection: Connection, request: InspectionRateRequest) -> None:
    """Mark the range; then see that no other range that is done reaches into it.

    In this order and not in one statement, because parallel jobs must not wait for each other
    here: the row locks nothing that another range wants, and the read takes no lock.
    """
    day, first, last = request.report_date, request.first_sort_seq, request.last_sort_seq
    mark_run(connection, PROGRAM_NAME, day, first, last)
    c = batch_run.c
    overlapping = connection.execute(
        select(c.first_sort_seq).where(
            c.program_name == PROGRAM_NAME,
            c.report_date == day,
            c.first_sort_seq != first,
            c.first_sort_seq <= last,
            c.last_sort_seq >= first,
        )
    ).all()
    if overlapping:
        connection.rollback()
        raise AlreadyDoneError(PROGRAM_NAME, day, (first, last))


def _read_results(
    connection: Connection, request: InspectionRateRequest, *, by_contract: bool
) -> list[PointsRow]:
    """Step ②: read the range in the order of its numbers, or by contract first."""
    w = work_result.c
    first = [w.contract_no] if by_contract else []
    found = connection.execute(
        select(w.contract_no, w.points, maintenance_order.c.maintenance_class)
        .join(
            maintenance_order,
            (maintenance_order.c.contract_no == w.contract_no)
            & (maintenance_order.c.order_no == w.order_no),
        )
        .where(
            w.report_date == request.report_date,
            w.sort_seq.between(request.first_sort_seq, request.last_sort_seq),
        )
        .order_by(*first, w.sort_seq, w.work_item_no)
    )
    return [PointsRow(*row) for row in found]


def _add_points(connection: Connection, row: PointsRow) -> None:
    """Step ③: read the sheet, add the points, update the sheet."""
    _read_and_update(connection, row, select(inspection_sheet.c.actual_points))


def _add_points_locking(connection: Connection, row: PointsRow) -> None:
    """Step ③ with the sheet locked when it is read."""
    _read_and_update(connection, row, select(inspection_sheet.c.actual_points).with_for_update())


def _read_and_update(connection: Connection, row: PointsRow, read: Select[int]) -> None:
    of_contract = inspection_sheet.c.contract_no == row.contract_no
    actual = connection.execute(read.where(of_contract)).scalar_one_or_none()
    if actual is None:
        connection.rollback()
        raise SheetNotFoundError(row.contract_no)
    connection.execute(
        update(inspection_sheet).where(of_contract).values(actual_points=actual + row.points)
    )


def _add_points_at_once(connection: Connection, row: PointsRow) -> None:
    """Step ③ as one statement: the server reads, adds and writes under one lock."""
    c = inspection_sheet.c
    done = connection.execute(
        update(inspection_sheet)
        .where(c.contract_no == row.contract_no)
        .values(actual_points=c.actual_points + row.points)
    )
    if done.rowcount == 0:
        connection.rollback()
        raise SheetNotFoundError(row.contract_no)
