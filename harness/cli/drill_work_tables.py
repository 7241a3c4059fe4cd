"""`harness drill work-tables`: what a table without log does on a rollback, a restart, a kill."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import __version__
from harness.checks.verdict import Verdict
from harness.cli.drilling import Drilled, Telling, add_drill, begin_drill
from harness.cli.parser import Parser, Subparsers
from harness.cli.results import say_beside
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.recovery.report import CAVEAT, aligned
from harness.recovery.timing import KillableServer
from harness.recovery.work_tables import LOGGED, WITHOUT_LOG, Observed, WorkTableDrill, verdicts
from harness.report.keys import with_all_keys
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start

_DESCRIPTION = """\
The exam's work tables are in a no-log mode, which no engine here has. Show what each engine's
nearest means does on a rollback, an orderly restart and a kill, to other sessions and to
checkpoints, beside an ordinary table to which the same is done. The ordinary table must obey; of
the other it is shown what it does, with what the exam says beside it."""

_EPILOG = """\
examples:
  harness drill work-tables
  harness drill work-tables --json work-tables.json

exit status: 0 all was observed and the ordinary tables obeyed, 1 one did not, 2 something could not
             be observed, 64 wrong usage, 70 the harness failed"""


@dataclass
class _Answer:
    """What was observed on one engine."""

    engine: Engine
    source: str
    version: str = ""
    observed: list[Observed] = field(default_factory=list)
    whole: bool = False
    """Whether everything was tried."""
    elapsed_s: float = 0.0

    @property
    def told(self) -> Mapping[str, Verdict]:
        """Of each table; what would have been seen of one that was not tried is unknown."""
        not_tried = [] if self.whole else [Verdict.UNKNOWN]
        found = verdicts(self.observed)
        return {table: Verdict.worst([one, *not_tried]) for table, one in found.items()}

    @property
    def verdict(self) -> Verdict:
        """Of both tables: all was observed, and the ordinary table obeyed."""
        return Verdict.worst(self.told.values())

    @property
    def expected(self) -> Verdict:
        """What a table without log does is told, and never broken."""
        return Verdict.HOLDS


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the drill."""
    texts = (_DESCRIPTION, _EPILOG)
    add_drill(subparsers, "work-tables", "what tables without log do", texts, run)


def run(arguments: argparse.Namespace) -> int:
    """Observe on each engine and print the tables; the exit status.

    Raises:
        UsageError: a name is unknown, a file cannot be written, or a server was given.
    """
    drilled: Drilled[_Answer] = begin_drill(arguments)
    drilled.on_each_engine(lambda engine: _observe(drilled, engine))
    return drilled.conclude(["drill", "work-tables"], Telling(_table, _last_line, _document))


def _observe(drilled: Drilled[_Answer], engine: Engine) -> None:
    options = drilled.options
    offer = choose_server(engine, options)
    answer = _Answer(engine, offer.description)
    begun_s = now_s()
    with (
        start(
            offer, Profile.DURABLE, settings=dict(engine.crash.settings), options=options
        ) as server,
        fresh_database(server) as url,
    ):
        assert isinstance(server, KillableServer), "only given servers are not ours to kill"
        answer.version = server.version
        drilled.cells.append(answer)
        for one in WorkTableDrill(server, url).observe():
            answer.observed.append(one)
            say_beside(f"{engine.title}: {one.what}")
        answer.whole = True
    answer.elapsed_s = now_s() - begun_s


def _last_line(answer: _Answer) -> str:
    return (
        f"{answer.told[LOGGED].value}: {answer.engine.title} {answer.version}: the ordinary table; "
        f"{len(answer.observed)} observations of the one without log, "
        f"{sum(not one.without_log.known for one in answer.observed)} could not be made"
        + ("" if answer.whole else "; the rest was not tried")
    )


def _table(answer: _Answer) -> str:
    crash = answer.engine.crash
    heading = (f"{answer.engine.title} {answer.version}", "exam's no-log mode")
    rows = [(*heading, crash.without_log.means, "ordinary table")]
    rows += [
        (one.what, one.exam or "-", one.without_log.said, one.logged.said)
        for one in answer.observed
    ]
    return "\n".join(aligned(rows, left=4))


def _document(answers: Sequence[_Answer]) -> dict[str, Any]:
    return {
        "harness": __version__,
        "caveat": CAVEAT,
        "cells": [cell for answer in answers for cell in _cells(answer)],
    }


def _cells(answer: _Answer) -> list[dict[str, Any]]:
    crash = answer.engine.crash
    found = []
    for table, variant, means in (
        (LOGGED, "logged", "ordinary table"),
        (WITHOUT_LOG, "without log", crash.without_log.means),
    ):
        seen = {o.what: o.logged if table == LOGGED else o.without_log for o in answer.observed}
        cell = {
            "scenario": "drill work-tables",
            "variant": variant,
            "means": means,
            "engine": answer.engine.name,
            "version": answer.version,
            "source": answer.source,
            "verdict": answer.told[table].value,
            "executions": len(answer.observed),
            "complete": answer.whole and all(one.known for one in seen.values()),
            "observed": {what: one.said for what, one in seen.items()},
            "exam": {one.what: one.exam or None for one in answer.observed},
            "elapsed_s": round(answer.elapsed_s, 3),
        }
        found.append(with_all_keys(cell))
    return found
