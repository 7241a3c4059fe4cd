"""The data as they are in the evening: the day is over, and its results are still in a file.

The generator's day has registered its results already. Here they are taken out again, with their
records and the mark that they are done, and written into the file that the contractors sent: so
result registration (実施登録) finds its work.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from sqlalchemy import MetaData

from schema.vehicle_maintenance import batch_run, metadata, vehicle_record, work_result
from schema.vehicle_maintenance.generator import Business
from workloads.vehicle_maintenance.batch import received_file

Rows = Mapping[str, Sequence[tuple[Any, ...]]]

# What result registration writes for a work item of the generator's.
_GOOD: Final = "good"


class Evening:
    """A business without its day's results, which are in `file` once all rows were asked for."""

    metadata: MetaData = metadata

    def __init__(self, business: Business, file: Path) -> None:
        self._business = business
        self._file = file

    @property
    def blocks(self) -> int:
        """How many blocks `rows` yields."""
        return self._business.blocks

    def rows(self) -> Iterator[Rows]:
        """The rows, block by block; the file is written behind the last one."""
        today = self._business.business_date
        results: list[tuple[Any, ...]] = []
        for block in self._business.rows():
            found = {name: list(rows) for name, rows in block.items()}
            results += [row for row in found["work_result"] if _day(row) == today]
            found["work_result"] = [row for row in found["work_result"] if _day(row) != today]
            found["vehicle_record"] = [
                row for row in found["vehicle_record"] if _recorded(row) != (today, _GOOD)
            ]
            found["batch_run"] = [row for row in found["batch_run"] if _done(row) != today]
            yield found
        _write(self._file, results)


def _place(table: Any, *names: str) -> Any:
    order = list(table.columns.keys())
    return itemgetter(*(order.index(name) for name in names))


_day = _place(work_result, "report_date")
_recorded = _place(vehicle_record, "record_date", "result")
_done = _place(batch_run, "report_date")
_arrival = _place(work_result, "sort_seq", "work_item_no")
_line = _place(work_result, *received_file.COLUMNS)


def received_name(business_date: date) -> str:
    """The file's name."""
    return f"received_{business_date}.csv"


def _write(path: Path, results: Sequence[tuple[Any, ...]]) -> None:
    """Write what the contractors sent, in the order in which it came."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(received_file.COLUMNS)
        writer.writerows(_line(row) for row in sorted(results, key=_arrival))
