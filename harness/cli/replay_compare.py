"""`harness replay compare`: two stored replays beside each other."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness import __version__
from harness.cli.options import above_zero, writable
from harness.cli.parser import Parser, Subparsers, add_command
from harness.errors import UsageError
from harness.replay.comparison import Compared, Figure, compare
from harness.replay.report import table
from harness.report import runs

_DESCRIPTION = """\
Put two stored replays beside each other: for each engine and isolation level that both have,
throughput, lag, and each program's latencies, retries and refusals, with the second as a multiple
of the first. Runs of another day, scale, seed or speed are not comparable, nor are incomplete ones
or those whose generator did not keep up: their figures are shown, and the answer is unknown."""

_EPILOG = """\
examples:
  harness replay compare runs/20241015-090000-1a2b runs/20241015-093000-3c4d
  harness replay compare before.json behind.json --tolerance 1.5

exit status: 0 compared, 1 a latency is worse than --tolerance, 2 not comparable, 64 wrong usage"""


def add_compare(subparsers: Subparsers[Parser]) -> None:
    """Add the sub-command."""
    parser = add_command(subparsers, "compare", "two stored replays", _DESCRIPTION, _EPILOG)
    parser.add_argument("before", type=Path, metavar="RUN", help="a run's folder, or its document")
    parser.add_argument("behind", type=Path, metavar="RUN", help="the run to compare with it")
    parser.add_argument(
        "--tolerance",
        type=above_zero,
        metavar="F",
        help="status 1 if p50 or p99 of a program is more than F times that of the first run",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the figures as JSON; - is stdout"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare and print; the exit status.

    Raises:
        UsageError: a run cannot be read, or is no replay.
    """
    writable(arguments.json, runs.default_folder())
    found = list(compare(read_cells(arguments.before), read_cells(arguments.behind)))
    if not found:
        raise UsageError(
            "replay compare: the runs share no engine at the same isolation level",
            "the cells of a run are in its run.json",
        )
    for one in found:
        print(*_lines(one), "", sep="\n")
    if arguments.json is not None:
        runs.write(arguments.json, _document(found))
    return _say(found, arguments.tolerance)


def _say(found: Sequence[Compared], tolerance: float | None) -> int:
    """The last paragraph, and the exit status."""
    unknown = [f"{one.where}: {why}" for one in found for why in one.unknown]
    worse = [
        f"{one.where}: {_title(figure)} {figure.name}: {figure.before:.1f}, {figure.behind:.1f}"
        for one in found
        if tolerance is not None
        for figure in one.worse(tolerance)
    ]
    for line in unknown:
        print(f"unknown: {line}")
    for line in worse:
        print(f"worse: {line}")
    if unknown:
        return 2
    within = "" if tolerance is None else f", none worse than {tolerance:g} times"
    if not worse:
        print(f"compared: {len(found)} replay{'' if len(found) == 1 else 's'}{within}")
    return 1 if worse else 0


def read_cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a stored replay.

    Raises:
        UsageError: the file cannot be read, or holds no replay.
    """
    file = path / "run.json" if path.is_dir() else path
    where = "`harness replay day` says where it stored its run"
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"run '{path}': cannot be read: {runs.words(error)}", where) from None
    except ValueError:
        raise UsageError(f"run '{path}': is no JSON document", where) from None
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list) or not all(_is_replay(cell) for cell in cells) or not cells:
        raise UsageError(f"run '{path}': is no replay", where)
    return cells


def _is_replay(cell: object) -> bool:
    needed = {"engine", "isolation", "setting", "programs", "lag", "transactions_per_s", "complete"}
    return isinstance(cell, dict) and needed <= cell.keys()


def _lines(one: Compared) -> Iterator[str]:
    yield one.where
    rows = [
        [
            _title(figure),
            figure.name,
            _number(figure, figure.before),
            _number(figure, figure.behind),
            "-" if figure.ratio is None else f"{figure.ratio:.2f}",
        ]
        for figure in one.figures
        if figure.before or figure.behind or not figure.is_count
    ]
    yield from table(["program", "figure", "first", "second", "ratio"], rows, left=2)
    yield from (f"different: {line}" for line in one.different)


def _title(figure: Figure) -> str:
    return figure.program.replace("_", " ")


def _number(figure: Figure, value: float) -> str:
    return f"{value:,.0f}" if figure.is_count else f"{value:,.1f}"


def _document(found: Sequence[Compared]) -> dict[str, Any]:
    return {
        "harness": __version__,
        "compared": [
            {
                "where": one.where,
                "different": list(one.different),
                "unknown": list(one.unknown),
                "figures": [
                    {
                        "program": figure.program,
                        "figure": figure.name,
                        "before": figure.before,
                        "behind": figure.behind,
                        "ratio": figure.ratio,
                    }
                    for figure in one.figures
                ],
            }
            for one in found
        ],
    }
