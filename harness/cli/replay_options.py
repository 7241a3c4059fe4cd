"""The options of `harness replay day`: what is replayed, and at which pace."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from harness.cli.generated import BUSINESS_DATE, add_data_options
from harness.cli.options import above_zero
from harness.replay.arrivals import Arrival, poisson, read_trace
from harness.replay.day import Day
from harness.replay.plan import BatchTime, Pace
from harness.replay.setting import Setting
from harness.scenario import choose

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", re.ASCII)
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
_PROCESSES_MAX, _CONNECTIONS_MAX = 64, 256


@dataclass(frozen=True, slots=True)
class Defaults:
    """What is replayed, and how, if nothing else is said."""

    day: str = "vehicle-maintenance"
    date: date = BUSINESS_DATE
    speed: float = 1200.0
    speed_means: str = "ten hours in half a minute"
    scale_means: str = "vehicles"


def add_day_options(parser: argparse.ArgumentParser, defaults: Defaults) -> None:
    """What is replayed, and at which pace."""
    parser.add_argument(
        "day",
        nargs="?",
        default=defaults.day,
        metavar="DAY",
        help=f"an unknown name lists all (default: {defaults.day})",
    )
    parser.add_argument(
        "--programs",
        metavar="P,P",
        help="only these online programs; an unknown name lists them (default: all)",
    )
    parser.add_argument(
        "--batch",
        choices=[when.value for when in BatchTime],
        default=BatchTime.BESIDE.value,
        help="beside: moved into online hours (default); after: when they are over; none",
    )
    means = f"of the data and of the numbers of requests; 1 is 100,000 {defaults.scale_means}"
    add_data_options(parser, 0.02, means, defaults.date)
    parser.add_argument(
        "--trace",
        type=Path,
        metavar="FILE",
        help="arrivals from a file: lines like 9:00:01.250,vehicle_inquiry (default: by lot)",
    )
    parser.add_argument(
        "--attempts",
        type=_positive,
        default=5,
        metavar="N",
        help="run a request or a job that the server refused up to N times (default: 5)",
    )
    _add_pace(parser, defaults)


def _add_pace(parser: argparse.ArgumentParser, defaults: Defaults) -> None:
    parser.add_argument(
        "--speed",
        type=above_zero,
        default=defaults.speed,
        metavar="F",
        help="seconds of online time in one second "
        f"(default: {defaults.speed:g}, {defaults.speed_means})",
    )
    parser.add_argument(
        "--duration", type=_length_s, metavar="60s", help="cut the online day after so long"
    )
    parser.add_argument(
        "--processes",
        type=_up_to(_PROCESSES_MAX),
        default=min(2, os.cpu_count() or 1),
        metavar="N",
        help=f"generator processes, at most {_PROCESSES_MAX} (default: one for each core, or 2)",
    )
    parser.add_argument(
        "--connections",
        type=_up_to(_CONNECTIONS_MAX),
        default=8,
        metavar="N",
        help="connections for each program in each process, at most "
        f"{_CONNECTIONS_MAX} (default: 8)",
    )
    parser.add_argument(
        "--lag-bound",
        type=_length_s,
        default=0.02,
        metavar="20ms",
        help="a lag p99 above it makes the verdict unknown (default: 20ms)",
    )


def setting_of(day: Day, arguments: argparse.Namespace) -> Setting:
    """What was said of a replay.

    Raises:
        UsageError: a program is unknown, or a number is out of bounds.
    """
    named = [name for name in (arguments.programs or "").split(",") if name]
    for name in named:
        choose("program", name, day.programs)
    return Setting(
        day.name,
        tuple(dict.fromkeys(named)) or tuple(day.programs),
        BatchTime(arguments.batch),
        arguments.scale,
        arguments.seed,
        arguments.date,
        "poisson" if arguments.trace is None else str(arguments.trace),
        arguments.attempts,
        Pace(
            arguments.speed,
            arguments.processes,
            arguments.connections,
            arguments.duration,
            arguments.lag_bound,
        ),
    )


def arrivals_of(day: Day, setting: Setting, trace: Path | None) -> Sequence[Arrival]:
    """When requests arrive.

    Raises:
        UsageError: the trace cannot be used.
    """
    if trace is not None:
        found = read_trace(trace, day.programs)
        return [arrival for arrival in found if arrival.program in setting.programs]
    counts = {
        name: max(1, round(day.programs[name].daily * setting.scale)) for name in setting.programs
    }
    return poisson(counts, day.opens_s, day.closes_s, setting.seed)


def _length_s(text: str) -> float:
    """Seconds from '90', '90s', '5m' or '20ms'.

    >>> _length_s("90s"), _length_s("20ms")
    (90.0, 0.02)
    """
    found = _DURATION.fullmatch(text)
    if found is None or float(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no duration above 0: 20ms, 90s, 5m")
    return float(found[1]) * _UNITS_S[found[2]]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of 1 or more")
    return int(text)


def _up_to(most: int) -> Callable[[str], int]:
    """A whole number from 1 to `most`.

    What is above is refused: a run with less than was asked for would pass for one with all of it.
    """

    def number(text: str) -> int:
        found = _positive(text)
        if found > most:
            raise argparse.ArgumentTypeError(f"'{text}' is above {most}, the most that are begun")
        return found

    return number
