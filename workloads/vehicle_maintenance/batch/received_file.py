"""The file of work results that contractors sent: read and checked whole, before any use.

A CSV file in UTF-8 whose first line names the columns of `COLUMNS`, in that order; then one line
for each work item (実施項目#). What the contractors sent in the course of the day stands in it one
after another, as the exam says. The lines of one contractor about one piece of maintenance are one
*report*, wherever they stand: it is placed where its first line is.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from schema.vehicle_maintenance import ScheduleKey

FAULTS_SHOWN = 20
_TEXT_SHOWN = 40
_INTEGER_MAX = 2**31 - 1
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing done to a vehicle, and the line on which the contractor says so."""

    line_no: int
    work_item_no: int
    points: int
    result: str
    work_description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """What one contractor reports about one piece of maintenance."""

    contractor_code: str
    schedule: ScheduleKey
    items: tuple[WorkItem, ...]

    @property
    def line_no(self) -> int:
        """Where it begins."""
        return self.items[0].line_no


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one line; line 1 names the columns."""

    line_no: int
    sentence: str


class ReceivedFileError(ValueError):
    """Lines of the file cannot be taken; nothing of it has been registered."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        lines = len({fault.line_no for fault in faults})
        text = [f"{path}: {lines} {'line' if lines == 1 else 'lines'} cannot be taken"]
        text += [f"  {path}:{fault.line_no}: {fault.sentence}" for fault in faults[:FAULTS_SHOWN]]
        if len(faults) > FAULTS_SHOWN:
            text.append(f"  and {len(faults) - FAULTS_SHOWN} faults more")
        text.append("  hint: nothing has been registered; mend the lines and run it again")
        super().__init__("\n".join(text))
        self.path = path
        self.faults = tuple(faults)


def _whole(least: int, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("is not a whole number")
    if not least <= int(text) <= _INTEGER_MAX:
        raise ValueError(f"is not between {least} and {_INTEGER_MAX}")
    return int(text)


def _text(longest: int, text: str) -> str:
    if not text:
        raise ValueError("is empty")
    if len(text) > longest:
        raise ValueError(f"is longer than {longest} characters")
    if "\0" in text:
        raise ValueError("holds a zero byte")
    return text


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):  # fromisoformat alone takes weeks, and dates without hyphens
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("is not a date such as 2024-10-15")


def _number(digits: int, places: int, text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):  # Decimal alone takes exponents, underscores and NaN
        raise ValueError("is not a number such as 3.50")
    number = Decimal(text)
    if number < 0:
        raise ValueError("is below 0")
    if number >= 10 ** (digits - places):
        raise ValueError(f"has more than {digits - places} digits before the point")
    if number != round(number, places):
        raise ValueError(f"has more than {places} decimal places")
    return number


# Limits are those of the columns in `work_result`: what passes here the server takes as well.
COLUMNS: Mapping[str, Callable[[str], Any]] = {
    "contractor_code": partial(_text, 8),
    "contract_no": partial(_whole, 1),
    "order_no": partial(_whole, 1),
    "planned_start_date": _day,
    "work_item_no": partial(_whole, 1),
    "points": partial(_whole, 0),
    "result": partial(_text, 20),
    "work_description": partial(_text, 200),
    "quantity": partial(_number, 9, 2),
    "unit_price": partial(_number, 12, 0),
    "amount": partial(_number, 12, 0),
}


def read_reports(path: Path) -> list[ReceivedReport]:
    """Read the whole file: its reports, in the order in which they begin.

    Raises:
        ReceivedFileError: lines cannot be taken; names each with what is wrong.
        OSError: the file cannot be read.
    """
    faults: list[Fault] = []
    found: dict[tuple[str, ScheduleKey], dict[int, WorkItem]] = {}
    for line_no, fields in _lines(path, faults):
        values = _values(line_no, fields, faults)
        if values is None:
            continue
        code, *key = (values.pop(name) for name in list(COLUMNS)[:4])
        item = WorkItem(line_no, **values)
        items = found.setdefault((code, ScheduleKey(*key)), {})
        first = items.setdefault(item.work_item_no, item)
        if first is not item:
            sentence = f"work item {item.work_item_no} of this report stands on line"
            faults.append(Fault(line_no, f"{sentence} {first.line_no} already"))
    if faults:
        raise ReceivedFileError(path, sorted(faults, key=lambda fault: fault.line_no))
    return [
        ReceivedReport(code, key, tuple(items.values())) for (code, key), items in found.items()
    ]


def _lines(path: Path, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """The lines after the first, which must name the columns; empty ones are passed over."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        try:
            if next(lines, None) != list(COLUMNS):
                faults.append(Fault(1, f"does not name the columns {','.join(COLUMNS)}"))
                return
            for fields in lines:
                if fields:
                    yield lines.line_num, fields
        except csv.Error as error:
            faults.append(Fault(lines.line_num, f"is not CSV: {error}"))
        except UnicodeDecodeError as error:
            sentence = f"what follows is not UTF-8: byte {error.object[error.start]:#04x}"
            faults.append(Fault(lines.line_num + 1, sentence))


def _shown(text: str) -> str:
    return text if len(text) <= _TEXT_SHOWN else f"{text[:_TEXT_SHOWN]}…"


def _values(line_no: int, fields: list[str], faults: list[Fault]) -> dict[str, Any] | None:
    """The line's values by column; None if there are faults, which are noted."""
    if len(fields) != len(COLUMNS):
        faults.append(Fault(line_no, f"has {len(fields)} fields, not {len(COLUMNS)}"))
        return None
    before = len(faults)
    values: dict[str, Any] = {}
    for (name, convert), text in zip(COLUMNS.items(), fields, strict=True):
        try:
            values[name] = convert(text)
        except ValueError as error:
            faults.append(Fault(line_no, f"{name} '{_shown(text)}': {error}"))
    return values if len(faults) == before else None
