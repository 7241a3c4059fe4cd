"""Explore the bank with several workers, in a process where no other thread runs.

Reads from standard input what to explore, and prints the cells as JSON. Not a test: `test_workers`
runs it.
"""

import json
import multiprocessing
import os
import sys
from dataclasses import replace
from functools import partial

from live.interleave import bank
from sqlalchemy import make_url

from harness.engines import ENGINES, Isolation
from harness.interleave.cell import Target
from harness.interleave.explore import explore, workers_for
from harness.interleave.search import Bounds
from harness.report.document import document
from harness.scenario import Scenario, Variant

PROGRAMS = {
    "lost update": [partial(bank.withdraw, amount=n) for n in (10, 20)],
    "three": [partial(bank.withdraw, amount=n) for n in (10, 20, 30)],
    "deadlock": [
        partial(bank.transfer, source=1, target=2, amount=5),
        partial(bank.transfer, source=2, target=1, amount=7),
    ],
    "numbers": [partial(bank.enter, amount=n) for n in (1, 2)],
    "cannot be sent": [lambda connection: (bank.withdraw(connection, 1), lambda: None)] * 2,
    "ends a worker": [lambda connection: (bank.withdraw(connection, 1), _end_worker())] * 2,
}


def _end_worker() -> None:
    """As if the machine had killed it; the parent goes on."""
    if multiprocessing.parent_process() is not None:
        os._exit(3)


def main() -> None:
    asked = json.load(sys.stdin)
    first, *further = [make_url(url) for url in asked["urls"]]
    engine = ENGINES[asked["engine"]]
    target = Target(engine, asked["version"], "test", first, tuple(further))
    variant = Variant("current", "as they are", bank.named(PROGRAMS[asked["programs"]]))
    scenario = Scenario(
        "bank",
        "the bank",
        "is it right?",
        metadata=bank.metadata,
        load=bank.load,
        variants={"current": variant},
    )
    bounds = replace(Bounds(), executions=asked["executions"])
    level = Isolation(asked["isolation"])
    with workers_for(scenario, asked["workers"]) as workers:
        cell = explore(target, scenario, variant, level, bounds=bounds, workers=workers)
    json.dump(document([cell])["cells"][0], sys.stdout)


if __name__ == "__main__":
    main()
