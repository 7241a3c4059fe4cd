"""When each request arrives: by lot, or as a trace has it. Known before the first one does.

Times are seconds after midnight of the day that is replayed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from harness.errors import UsageError

_CLOCK = re.compile(r"(\d{1,2}):(\d\d):(\d\d(?:\.\d+)?)", re.ASCII)
_SHOWN = 60


class Arrival(NamedTuple):
    """A program's request, and when it comes."""

    at_s: float
    program: str


def poisson(counts: Mapping[str, int], opens_s: float, closes_s: float, seed: int) -> list[Arrival]:
    """Each program's requests as a Poisson process of which the number is known.

    Given their number, the arrivals of a Poisson process are independent and anywhere with equal
    chance; so exactly the day's numbers come. Each program has its own lots: leaving one out does
    not move the others.

    >>> [round(at_s) for at_s, _ in poisson({"a": 3}, 0, 100, seed=1)]
    [33, 84, 88]
    """
    found = []
    for name, number in counts.items():
        draw = Random(f"{seed} {name}").random
        found += [Arrival(opens_s + draw() * (closes_s - opens_s), name) for _ in range(number)]
    return sorted(found)


def read_trace(path: Path, known: Collection[str]) -> list[Arrival]:
    """Read a trace: lines of a time and a program, `9:00:01.250,vehicle_inquiry`, in any order.

    Empty lines and lines that begin with # are passed over.

    Raises:
        UsageError: the file cannot be read, a line is malformed, or there is none.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else f"not UTF-8: {error.reason}"
        raise UsageError(f"--trace '{path}': cannot be read: {said}") from None
    found = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith("#"):
            found.append(_arrival(line, f"--trace '{path}', line {number}", known))
    if not found:
        raise UsageError(
            f"--trace '{path}': has no arrivals", "a line is a time and a program: 9:00:01.250,name"
        )
    return sorted(found)


def _arrival(line: str, where: str, known: Collection[str]) -> Arrival:
    when, comma, name = (part.strip() for part in line.partition(","))
    clock = _CLOCK.fullmatch(when)
    if not comma or clock is None or int(clock[1]) > 23 or int(clock[2]) > 59:
        raise UsageError(
            f"{where}: '{line[:_SHOWN]}' is no time and program",
            "for example 9:00:01.250,vehicle_inquiry",
        )
    if name not in known:
        raise UsageError(f"{where}: program '{name}': unknown; known are {', '.join(known)}")
    return Arrival(int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3]), name)


def counts_of(arrivals: Sequence[Arrival]) -> Mapping[str, int]:
    """How many requests of each program arrive."""
    return Counter(arrival.program for arrival in arrivals)


def as_clock(at_s: float) -> str:
    """A time of day.

    >>> as_clock(9 * 3600 + 61)
    '9:01:01'
    """
    minutes, seconds = divmod(int(at_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
