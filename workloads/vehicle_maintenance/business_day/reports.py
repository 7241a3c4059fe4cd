"""Work results of the day: the numbers of those that are there, and a file with tomorrow's."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, func, select

from harness.replay.day import Circumstances
from schema.vehicle_maintenance import contract, maintenance_schedule, work_result
from schema.vehicle_maintenance.generator.pieces import WORK_ITEMS
from workloads.vehicle_maintenance.batch import received_file

# 10,000 work items: each becomes a row of 実施結果 and one of 記録簿, 20,000 in all (exam table 3).
_REPORTS_A_DAY = 5_000
_ITEMS_OF_A_REPORT = 2


def reported_range(connection: Connection, report_date: date) -> tuple[int, int]:
    """The first and the last sort sequence number (ソート連番) of a day's results.

    Raises:
        ValueError: there are none.
    """
    w = work_result.c
    first, last = connection.execute(
        select(func.min(w.sort_seq), func.max(w.sort_seq)).where(w.report_date == report_date)
    ).one()
    if first is None:
        raise ValueError(f"no work results were reported on {report_date}")
    return int(first), int(last)


def write_received_file(
    connection: Connection, circumstances: Circumstances, report_date: date
) -> Path:
    """Write the file that contractors send for a report date, about schedules that have begun.

    Raises:
        ValueError: there are not enough schedules.
    """
    wanted = circumstances.of_day(_REPORTS_A_DAY)
    s = maintenance_schedule.c
    found = connection.execute(
        select(
            s.contractor_code,
            s.contract_no,
            s.order_no,
            s.planned_start_date,
            s.maintenance_class,
        )
        .join(contract, contract.c.contract_no == s.contract_no)
        .where(contract.c.vehicle_no.is_not(None))
        # What is nearest to its completion comes first; then, for the number's sake, what is over.
        .order_by(
            s.completion_date.is_not(None),
            s.current_arrangement_no.desc(),
            *s.contract_no.table.primary_key,
        )
        .limit(wanted)
    ).all()
    if len(found) < wanted:
        raise ValueError(f"{len(found)} schedules to report on, of {wanted} that are needed")
    path = circumstances.folder / f"received_{report_date}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(received_file.COLUMNS)
        for code, *key, maintenance_class in found:
            for item in WORK_ITEMS[maintenance_class][:_ITEMS_OF_A_REPORT]:
                writer.writerow(
                    (
                        code,
                        *key,
                        item.work_item_no,
                        item.points,
                        "good",
                        item.description,
                        item.quantity,
                        item.unit_price,
                        item.amount,
                    )
                )
    return path
