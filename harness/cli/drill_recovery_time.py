"""`harness drill recovery-time`: how long a killed server takes to come back."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import Progress, TaskID
from sqlalchemy.exc import DBAPIError

from harness.cli.drilling import Drilled, Telling, add_drill, begin_drill, drill_progress
from harness.cli.options import positive
from harness.cli.parser import Parser, Subparsers
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.errors import HarnessError, ServerError, UsageError
from harness.measure.picture import see_can_be_drawn
from harness.recovery.distance import DistanceDrill
from harness.recovery.distance_cell import DistanceCell
from harness.recovery.distance_picture import draw_distances
from harness.recovery.distance_report import cell_text, distance_document, verdict_line
from harness.recovery.distance_rows import UNIT_ROWS
from harness.recovery.interval import measure_interval
from harness.recovery.timing import KillableServer
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.sessions.trouble import told

_DESCRIPTION = """\
Measure how long a killed server takes to come back, and hold the exam's model against it.

Distances: checkpoints are kept away by the server's own settings. After a fresh checkpoint so many
rows are committed, and a part of that number is written and left open; the server is killed and
started again, and the time is told in parts. Every committed row must be there afterwards, and none
that was left open. Straight lines through the points are the calibration: seconds for each row, for
each byte of log, for each row undone. `harness plan recovery-time --calibration FILE` uses them.

Intervals: the server takes its checkpoints itself, each time so much log is behind the last one,
while two writers work steadily; then it is killed. So more commits a second stand beside a longer
recovery.

The exam's model is 2 ms a row rolled forward and 1 ms a row rolled back (`harness plan
recovery-time`). Seconds are those of this machine, whose file cache outlives the kill."""

_EPILOG = """\
examples:
  harness drill recovery-time --json recovery.json --plot recovery.svg
  harness drill recovery-time --rows 1000 --rows 50000 --rows 200000 --only distances
  harness drill recovery-time --only intervals --interval 16 --interval 256 --seconds 30
  harness plan recovery-time --calibration recovery.json

No line is drawn through fewer than 3 distances, through such as are near each other, or where the
points scatter so much that no slope can be told: the verdict is then unknown, and --rounds helps.

exit status: 0 nothing was lost (with --control: a loss was seen) and a line was found, 1 something
             was lost (with --control: nothing was), 2 unknown, 64 wrong usage,
             70 the harness failed"""

ROWS = (1000, 200_000, 500_000, 1_000_000)
INTERVALS_MB = (16, 64, 256)
_SECONDS = 15
_OPEN_PART = 0.25
_MB = 2**20


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the drill."""
    texts = _DESCRIPTION, _EPILOG
    parser = add_drill(subparsers, "recovery-time", "how long a killed server takes", texts, run)
    parser.add_argument(
        "--rows",
        type=_units,
        action="append",
        default=[],
        metavar="N",
        help="rows committed since the checkpoint, in whole thousands; may be repeated (default: "
        f"{' '.join(map(str, ROWS))})",
    )
    parser.add_argument(
        "--rounds",
        type=positive,
        default=1,
        metavar="N",
        help="measure all distances so often: a line through more points is surer (default: 1)",
    )
    parser.add_argument(
        "--open-part",
        type=_part,
        default=_OPEN_PART,
        metavar="P",
        help=f"rows left open, as a part of those; 0 leaves none (default: {_OPEN_PART})",
    )
    parser.add_argument(
        "--interval",
        type=positive,
        action="append",
        default=[],
        metavar="MB",
        help="log that may lie behind a checkpoint; may be repeated (default: "
        f"{' '.join(map(str, INTERVALS_MB))})",
    )
    parser.add_argument(
        "--seconds",
        type=positive,
        default=_SECONDS,
        metavar="S",
        help=f"how long the writers work in each interval (default: {_SECONDS})",
    )
    parser.add_argument("--only", choices=["distances", "intervals"], help="default: both")
    parser.add_argument(
        "--control",
        action="store_true",
        help="run the engine's negative controls instead: commits must be seen to be lost",
    )
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the distances")


def run(arguments: argparse.Namespace) -> int:
    """Measure on each engine and print what came of it; the exit status.

    Raises:
        UsageError: a name or a number is wrong, a file cannot be written, or a server was given.
    """
    see_can_be_drawn(arguments.plot)
    if arguments.plot is not None and arguments.only == "intervals":
        raise UsageError("--plot: draws distances", "leave out --only intervals")
    drilled: Drilled[DistanceCell] = begin_drill(arguments)
    drilled.on_each_engine(lambda engine: _each_control(drilled, engine))
    telling = Telling(cell_text, verdict_line, distance_document)
    status = drilled.conclude(["drill", "recovery-time"], telling)
    if arguments.plot is not None:
        draw_distances(arguments.plot, drilled.cells)
    return status


def _each_control(drilled: Drilled[DistanceCell], engine: Engine) -> None:
    for control in engine.crash.controls if drilled.arguments.control else ("",):
        _drill(drilled, engine, control)


def _drill(drilled: Drilled[DistanceCell], engine: Engine, control: str) -> None:
    arguments = drilled.arguments
    cell = DistanceCell(
        engine,
        choose_server(engine, drilled.options).description,
        control=control,
        distances_asked=arguments.only != "intervals",
    )
    begun_s = now_s()
    with drill_progress() as progress:
        measuring = _Measuring(drilled, cell, progress)
        try:
            if arguments.only != "intervals":
                rows = tuple(arguments.rows or ROWS) * arguments.rounds
                measuring.distances(rows, arguments.open_part)
            if arguments.only != "distances":
                measuring.intervals(arguments.interval or INTERVALS_MB, arguments.seconds)
        except HarnessError as error:
            if cell not in drilled.cells:
                raise
            cell.unknown.append(error.explain())
        except (DBAPIError, engine.driver_error) as error:
            if cell not in drilled.cells:
                raise
            cell.unknown.append(told(engine, error))
    cell.elapsed_s = now_s() - begun_s


class _Measuring:
    """Measures one cell, and tells how far it has come."""

    def __init__(
        self, drilled: Drilled[DistanceCell], cell: DistanceCell, progress: Progress
    ) -> None:
        self._drilled = drilled
        self._cell = cell
        self._progress = progress
        crash = cell.engine.crash
        self._checkpoints = crash.checkpoints
        self._settings = {
            **crash.settings,
            **(crash.controls[cell.control] if cell.control else {}),
        }

    def distances(self, chosen: Sequence[int], open_part: float) -> None:
        """One recovery from each distance, all of one server."""
        task = self._begin("starting a server", len(chosen))
        with self._server(self._checkpoints.away) as server:
            for rows in chosen:
                self._tell(task, f"{rows:,} rows")
                point = DistanceDrill(server).measure(rows, round(rows * open_part))
                self._cell.points.append(point)
                self._progress.advance(task)
                self._said(f"{rows:,} rows: {point.verdict.value}")
                if point.trouble:
                    raise ServerError(
                        f"{server.engine.name}: not measured further: {point.trouble}"
                    )

    def intervals(self, chosen: Sequence[int], seconds: int) -> None:
        """Steady work, then one recovery, under each setting: a server for each."""
        task = self._begin("starting a server", len(chosen))
        for megabytes in chosen:
            self._tell(task, f"{megabytes} MB between checkpoints")
            limit = megabytes * _MB
            with self._server(self._checkpoints.every(limit)) as server:
                found = measure_interval(DistanceDrill(server), limit, seconds)
            self._cell.intervals.append(found)
            self._progress.advance(task)
            self._said(f"{megabytes} MB between checkpoints: {found.point.verdict.value}")

    @contextmanager
    def _server(self, settings: Mapping[str, str]) -> Iterator[KillableServer]:
        options = self._drilled.options
        offer = choose_server(self._cell.engine, options)
        said = {**self._settings, **settings}
        with start(offer, Profile.DURABLE, settings=said, options=options) as server:
            assert isinstance(server, KillableServer), "only given servers are not ours to kill"
            self._cell.version = server.version
            if self._cell not in self._drilled.cells:
                self._drilled.cells.append(self._cell)
            yield server

    def _begin(self, what: str, total: int) -> TaskID:
        return self._progress.add_task(f"{self._cell.engine.title}: {what}", total=total)

    def _tell(self, task: TaskID, what: str) -> None:
        self._progress.update(task, description=f"{self._cell.engine.title}: {what}")

    def _said(self, what: str) -> None:
        self._progress.console.print(f"{self._cell.engine.title}: {what}")


def _units(text: str) -> int:
    rows = positive(text)
    if rows % UNIT_ROWS:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of thousands")
    return rows


def _part(text: str) -> float:
    try:
        part = float(text)
    except ValueError:
        part = -1.0
    if not 0 <= part <= 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not between 0 and 1")
    return part
