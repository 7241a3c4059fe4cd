"""The options of `harness replay day`: what is replayed, and at which pace."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path

from harness.cli.generated import add_data_options
from harness.replay.arrivals import Arrival, poisson, read_trace
from harness.replay.day import Day
from harness.replay.plan import BatchTime, Pace
from harness.replay.setting import Setting
from harness.scenario import choose

_DEFAULT = "vehicle-maintenance"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", re.ASCII)
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
_PROCESSES_MAX, _CONNECTIONS_MAX = 64, 256


def add_day_options(parser: argparse.ArgumentParser) -> None:
    """What is replayed, and at which pace."""
    parser.add_argument(
        "day", nargs="?", default=_DEFAULT, metavar="DAY", help=f"default: {_DEFAULT}"
    )
    parser.add_argument(
        "--programs", metavar="P,P", help="only these online programs (default: all)"
    )
    parser.add_argument(
        "--batch",
        choices=[when.value for when in BatchTime],
        default=BatchTime.BESIDE.value,
        help="beside: moved into online hours (default); after: when they are over; none",
    )
    add_data_options(parser, 0.02, "of the data and of the daily numbers; 1 is 100,000 vehicles")
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
    _add_pace(parser)


def _add_pace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--speed",
        type=_speed,
        default=1200.0,
        metavar="F",
        help="seconds of the day in one second (default: 1200, ten hours in half a minute)",
    )
    parser.add_argument(
        "--duration", type=_length_s, metavar="60s", help="cut the online day after so long"
    )
    parser.add_argument(
        "--processes",
        type=_positive,
        default=min(2, os.cpu_count() or 1),
        metavar="N",
        help="generator processes (default: one for each core, at most 2)",
    )
    parser.add_argument(
        "--connections",
        type=_positive,
        default=8,
        metavar="N",
        help="connections for each program in each process (default: 8)",
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
            min(arguments.processes, _PROCESSES_MAX),
            min(arguments.connections, _CONNECTIONS_MAX),
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


def _speed(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0")
    return number


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
