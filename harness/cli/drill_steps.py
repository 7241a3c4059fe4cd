"""`harness drill steps`: an operation of several steps, the server killed in each of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import __version__
from harness.checks.verdict import Verdict
from harness.cli.drilling import Drilled, Telling, begin_drill
from harness.cli.options import (
    add_engine_option,
    add_result_options,
    add_server_options,
    said_of_servers,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.results import again, say_beside
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.errors import UsageError
from harness.recovery.report import CAVEAT, aligned
from harness.recovery.stepwise import StepDrill, StepKill, Stepwise, Way, operations
from harness.recovery.timing import KillableServer
from harness.scenario import choose
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start

_DESCRIPTION = """\
Run an operation of several steps and kill the server (SIGKILL) as a step begins, or --amid it,
while it is at work; start it again and let the operation's own recovery put things right. The
tables must then hold what a run in peace leaves, to the digest, and nothing else may be left."""

_EPILOG = """\
examples:
  harness drill steps
  harness drill steps billing-replacement --way swap --amid
  harness drill steps billing-partitions
  harness drill steps --way 'in place' --step '③ load 請求' --rows 5000

exit status: 0 nothing was lost in any step, 1 something was, 2 unknown (a kill did not come, or a
             server did not come back), 64 wrong usage, 70 the harness failed"""

_DEFAULT = "billing-replacement"
_HEAD = ("way", "killed in", "tables when it was back", "recovery", "back s", "mended s", "verdict")


@dataclass
class _Answer:
    """What came of the kills on one engine."""

    engine: Engine
    source: str
    version: str
    work: Stepwise
    rows: int
    amid: bool
    planned: int
    """Kills that were to be."""
    kills: list[StepKill] = field(default_factory=list)
    elapsed_s: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The worst of all kills; what one would have shown that was not made is unknown."""
        not_made = [] if self.whole else [Verdict.UNKNOWN]
        return Verdict.worst([*(kill.verdict for kill in self.kills), *not_made])

    @property
    def whole(self) -> bool:
        """Whether every kill was made that was to be, and there was one."""
        return 0 < self.planned == len(self.kills)

    @property
    def expected(self) -> Verdict:
        """Nothing may be lost."""
        return Verdict.HOLDS


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the drill."""
    parser = add_command(
        subparsers, "steps", "kill the server in every step", _DESCRIPTION, _EPILOG
    )
    parser.add_argument(
        "operation",
        nargs="?",
        default=_DEFAULT,
        metavar="NAME",
        help=f"an unknown name lists all (default: {_DEFAULT})",
    )
    parser.add_argument(
        "--way",
        action="append",
        default=[],
        metavar="W",
        help="a way to do it; an unknown name lists all; may be repeated (default: all)",
    )
    parser.add_argument(
        "--step",
        action="append",
        default=[],
        metavar="S",
        help="kill in this step; an unknown name lists all; may be repeated (default: all)",
    )
    parser.add_argument(
        "--amid", action="store_true", help="kill while the step is at work, not as it begins"
    )
    parser.add_argument(
        "--rows", type=int, default=500, metavar="N", help="of its data, about (default: 500)"
    )
    add_engine_option(parser)
    add_result_options(parser)
    add_server_options(parser, given=None)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Kill in each step on each engine, and print what came of it; the exit status.

    Raises:
        UsageError: a name or a number is wrong, a file cannot be written, or a server was given.
    """
    known = operations()
    choose("operation", arguments.operation, known)
    work = known[arguments.operation]
    for name in arguments.way:
        choose("way", name, {way.name: way for way in work.ways})
    steps = dict.fromkeys(step for way in work.ways for step in way.steps)
    for name in arguments.step:
        choose("step", name, steps)
    try:
        work.data(arguments.rows)
    except ValueError as error:
        raise UsageError(f"--rows {arguments.rows}: {error}") from None
    drilled: Drilled[_Answer] = begin_drill(arguments)
    drilled.on_each_engine(lambda engine: _drill(drilled, engine, work))
    return drilled.conclude(
        ["drill", "steps", work.name],
        Telling(_text, _last_line, _document, lambda cell: _again(cell, arguments)),
    )


def _drill(drilled: Drilled[_Answer], engine: Engine, work: Stepwise) -> None:
    arguments, options = drilled.arguments, drilled.options
    offer = choose_server(engine, options)
    settings = {**engine.crash.settings, **engine.loading.settings}
    begun_s = now_s()
    with start(offer, Profile.DURABLE, settings=settings, options=options) as server:
        assert isinstance(server, KillableServer), "only given servers are not ours to kill"
        chosen, rows, amid = _chosen(work, engine, arguments), arguments.rows, arguments.amid
        answer = _Answer(
            engine, offer.description, server.version, work, rows, amid, planned=len(chosen)
        )
        drilled.cells.append(answer)
        drill = StepDrill(server, work, rows)
        drill.prepare()
        for way, step in chosen:
            say_beside(f"{engine.title}: {way.name}: {step}")
            answer.kills.append(drill.kill_in(way, step, amid=amid))
    answer.elapsed_s = now_s() - begun_s


def _chosen(
    work: Stepwise, engine: Engine, arguments: argparse.Namespace
) -> Sequence[tuple[Way, str]]:
    """The ways that this engine offers, and their steps, as far as they were asked for."""
    return [
        (way, step)
        for way in work.ways
        if way.offered(engine) and (not arguments.way or way.name in arguments.way)
        for step in way.steps
        if not arguments.step or step in arguments.step
    ]


def _text(answer: _Answer) -> str:
    when = "while the step was at work" if answer.amid else "as the step began"
    rows: list[Sequence[str]] = [_HEAD]
    rows += [
        (k.way, k.step, k.left, k.recovered, _s(k.back_s), _s(k.recover_s), k.verdict.value)
        for k in answer.kills
    ]
    told = [
        f"{kill.verdict.value}: {kill.way}: {kill.step}: {sentence}"
        for kill in answer.kills
        for sentence in (*kill.wrong, kill.unknown)
        if sentence
    ]
    head = (
        f"{answer.engine.title} {answer.version} ({answer.source}), {answer.work.title}: "
        f"{answer.rows:,} rows; killed {when}"
    )
    return "\n".join([head, *aligned(rows, left=4), *told])


def _s(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"


def _last_line(answer: _Answer) -> str:
    held = sum(kill.verdict is Verdict.HOLDS for kill in answer.kills)
    return (
        f"{answer.verdict.value}: {answer.engine.title} {answer.version}: nothing was lost or left "
        f"behind in {held} of {answer.planned} kills"
        + ("" if answer.whole else f"; {answer.planned - len(answer.kills)} were not made")
    )


def _again(answer: _Answer, arguments: argparse.Namespace) -> Sequence[str]:
    broken = [kill for kill in answer.kills if kill.verdict is Verdict.VIOLATED]
    found = []
    for kill in broken:
        words = ["drill", "steps", answer.work.name, "--engine", answer.engine.name]
        words += ["--way", kill.way, "--step", kill.step, "--rows", str(answer.rows)]
        words += ["--amid"] if arguments.amid else []
        words += said_of_servers(arguments)
        found.append(again(words))
    return found


def _document(answers: Sequence[_Answer]) -> dict[str, Any]:
    return {"harness": __version__, "caveat": CAVEAT, "cells": [_cell(one) for one in answers]}


def _cell(answer: _Answer) -> dict[str, Any]:
    return {
        "scenario": f"drill steps {answer.work.name}",
        "variant": "amid" if answer.amid else "as it begins",
        "engine": answer.engine.name,
        "version": answer.version,
        "source": answer.source,
        "isolation": None,
        "verdict": answer.verdict.value,
        "rows": answer.rows,
        "executions": len(answer.kills),
        "planned": answer.planned,
        "complete": answer.whole
        and all(kill.verdict is not Verdict.UNKNOWN for kill in answer.kills),
        "outcomes": None,
        "anomalies": sum(bool(kill.wrong) for kill in answer.kills),
        "deadlocks": None,
        "executions_with_waits": None,
        "aborts": {},
        "finding": None,
        "kills": [
            {
                "way": kill.way,
                "step": kill.step,
                "left": kill.left,
                "recovery": kill.recovered,
                "back_s": kill.back_s,
                "recover_s": kill.recover_s,
                "wrong": list(kill.wrong),
                "unknown": kill.unknown,
                "verdict": kill.verdict.value,
            }
            for kill in answer.kills
        ],
        "elapsed_s": round(answer.elapsed_s, 3),
    }
