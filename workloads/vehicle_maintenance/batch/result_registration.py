"""Result registration (実施登録): take in the file of work results that contractors sent.

Exam table 3: add rows to 実施結果 for the file's data, and for each work item (実施項目#) a row to
記録簿. The files which the contractors send during the day are put together into one, and its
reports get sort sequence numbers (ソート連番) within the report date, here in the order of the
file. One commit at the end.

Table 4 gives it `RRRCC`; 実施結果 C and 記録簿 C are certain. We take the three reads for 予定表
(is the maintenance planned, and with this contractor?), 契約 (whose vehicle is it?) and 委託先 (who
did it, for the record).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, bindparam, insert, select, tuple_

from schema.vehicle_maintenance import (
    ScheduleKey,
    contract,
    contractor,
    maintenance_schedule,
    vehicle_record,
    work_result,
)
from workloads.vehicle_maintenance.batch.completed_run import mark_run
from workloads.vehicle_maintenance.batch.received_file import (
    Fault,
    ReceivedFileError,
    ReceivedReport,
    WorkItem,
    read_reports,
)
from workloads.vehicle_maintenance.record_row import next_record

PROGRAM_NAME = "result_registration"

# How many schedules one statement asks for: enough to make few round trips, and a short text.
_KEYS_AT_ONCE = 500
_DESCRIPTION_MAX = 200


@dataclass(frozen=True, slots=True)
class ResultRegistrationRequest:
    """The file with a day's reports."""

    report_date: date
    file: Path


@dataclass(frozen=True, slots=True)
class ResultRegistrationResult:
    """How many reports were numbered, from 1, and how many work items they name."""

    reports: int
    items: int


@dataclass(frozen=True, slots=True)
class Planned:
    """What the tables say about a piece of maintenance that is reported."""

    contractor_code: str
    contractor_name: str
    vehicle_no: int | None


def result_registration(
    connection: Connection, request: ResultRegistrationRequest
) -> ResultRegistrationResult:
    """Register one day's file, with one commit at the end.

    Running it again is right if the first run did not come to its commit, for then nothing is
    there; after the commit it is refused, also with another file for the same report date.

    Raises:
        ReceivedFileError: lines are malformed, or name what is not there; nothing is registered.
        OSError: the file cannot be read; the server was not asked.
        AlreadyDoneError: the report date has been registered; rolled back.
    """
    return _register(connection, request, read_reports(request.file))


def result_registration_by_contract(
    connection: Connection, request: ResultRegistrationRequest
) -> ResultRegistrationResult:
    """The same, with the reports numbered in the order of their contracts.

    The exam's second proposal for problem 3: ranges of numbers then share a contract at their
    borders at most.

    Raises:
        ReceivedFileError, OSError, AlreadyDoneError: as for `result_registration`.
    """
    reports = sorted(read_reports(request.file), key=lambda report: report.schedule.contract_no)
    return _register(connection, request, reports)


def _register(
    connection: Connection,
    request: ResultRegistrationRequest,
    reports: Sequence[ReceivedReport],
) -> ResultRegistrationResult:
    if not reports:
        return ResultRegistrationResult(0, 0)
    planned = _read_planned(connection, [report.schedule for report in reports])
    faults = [fault for report in reports for fault in _faults(report, planned)]
    if faults:
        connection.rollback()
        raise ReceivedFileError(request.file, faults)
    mark_run(connection, PROGRAM_NAME, request.report_date, 1, len(reports))
    _add_results(connection, request.report_date, reports)
    _add_records(connection, request.report_date, reports, planned)
    connection.commit()
    return ResultRegistrationResult(len(reports), sum(len(report.items) for report in reports))


def _read_planned(
    connection: Connection, keys: Sequence[ScheduleKey]
) -> dict[ScheduleKey, Planned]:
    s = maintenance_schedule.c
    columns = (s.contract_no, s.order_no, s.planned_start_date)
    rows = select(
        *columns, s.contractor_code, contractor.c.contractor_name, contract.c.vehicle_no
    ).select_from(
        maintenance_schedule.join(contractor).join(
            contract, contract.c.contract_no == s.contract_no
        )
    )
    found: dict[ScheduleKey, Planned] = {}
    for some in _parts(sorted(set(keys))):
        for *key, code, name, vehicle_no in connection.execute(
            rows.where(tuple_(*columns).in_(some))
        ):
            found[ScheduleKey(*key)] = Planned(code, name, vehicle_no)
    return found


def _parts(keys: Sequence[ScheduleKey]) -> Iterator[Sequence[ScheduleKey]]:
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        yield keys[start : start + _KEYS_AT_ONCE]


def _faults(report: ReceivedReport, planned: dict[ScheduleKey, Planned]) -> Iterator[Fault]:
    """What the tables have against a report, said of its first line."""
    known = planned.get(report.schedule)
    if known is None:
        yield Fault(report.line_no, f"{report.schedule}: no such maintenance schedule")
    elif known.contractor_code != report.contractor_code:
        yield Fault(
            report.line_no,
            f"{report.schedule}: is planned with contractor '{known.contractor_code}', "
            f"not '{report.contractor_code}'",
        )
    elif known.vehicle_no is None:
        yield Fault(report.line_no, f"{report.schedule}: the contract has no vehicle")


def _numbered(reports: Sequence[ReceivedReport]) -> Iterator[tuple[int, ReceivedReport, WorkItem]]:
    """Every work item with its report and the report's sort sequence number."""
    for sort_seq, report in enumerate(reports, start=1):
        for item in report.items:
            yield sort_seq, report, item


def _add_results(
    connection: Connection, report_date: date, reports: Sequence[ReceivedReport]
) -> None:
    connection.execute(
        insert(work_result),
        [
            {
                "report_date": report_date,
                "sort_seq": sort_seq,
                "work_item_no": item.work_item_no,
                "contractor_code": report.contractor_code,
                **report.schedule._asdict(),
                "points": item.points,
                "result": item.result,
                "work_description": item.work_description,
                "quantity": item.quantity,
                "unit_price": item.unit_price,
                "amount": item.amount,
            }
            for sort_seq, report, item in _numbered(reports)
        ],
    )


def _add_records(
    connection: Connection,
    report_date: date,
    reports: Sequence[ReceivedReport],
    planned: dict[ScheduleKey, Planned],
) -> None:
    """Add a record for each work item; the server runs the statement once for each."""
    c = vehicle_record.c
    connection.execute(
        next_record(
            bindparam("of_vehicle", type_=c.vehicle_no.type),
            bindparam("on_date", type_=c.record_date.type),
            bindparam("with_result", type_=c.result.type),
            bindparam("saying", type_=c.description.type),
        ),
        [
            {
                "of_vehicle": planned[report.schedule].vehicle_no,
                "on_date": report_date,
                "with_result": item.result,
                "saying": _description(item, planned[report.schedule]),
            }
            for _, report, item in _numbered(reports)
        ],
    )


def _description(item: WorkItem, planned: Planned) -> str:
    return f"{item.work_description} ({planned.contractor_name})"[:_DESCRIPTION_MAX]
