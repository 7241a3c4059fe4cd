"""Schedules per second of the two-session lost update, beside PostgreSQL's `isolationtester`.

Two programs read an account, write what they computed and commit: 14 orders are possible. The
harness finds them by itself, on each engine, with one worker and with two; the peer is given them.
Both keep their connections, and read the final rows and put them back after every schedule. Each
round of ours follows one of the peer's, on servers that idle otherwise, and a ratio is the median
over such pairs: on a machine with other work to do nothing else means anything.

Exit status: 0 all goals reached, 1 not, 2 the peer or a server is not to be had.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import peer
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    create_engine,
    insert,
    text,
)

from harness.engines import ENGINES, Isolation, Profile
from harness.errors import HarnessError, SourceUnavailable
from harness.interleave.cell import Cell, Target
from harness.interleave.exploration import Exploration
from harness.interleave.explore import workers_for
from harness.interleave.search import Bounds
from harness.interleave.workers import Alone, Workers
from harness.programs import Program
from harness.scenario import Scenario, Variant
from harness.servers.databases import fresh_databases
from harness.servers.ladder import choose, start
from harness.servers.options import ServerOptions

GOALS = {
    ("postgresql", 1): 2.0,
    ("mysql", 1): 1.2,
    ("mariadb", 1): 0.8,
    ("postgresql", 2): 3.0,
    ("mysql", 2): None,
    ("mariadb", 2): None,
}
"""How many schedules per second there must be for each one of the peer's, by workers."""

PEER = "isolationtester"
BALANCES = (90, 70)
WARM_UP = 2
"""Searches before the clock starts."""

metadata = MetaData()
account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("balance", Integer, nullable=False),
)


READ = text("SELECT balance FROM account WHERE id = :id")
WRITE = text("UPDATE account SET balance = :balance WHERE id = :id")


def withdrawal(amount: int) -> Program:
    """Read the balance, write what is left of it: the lost update."""

    def withdraw(connection: Connection) -> None:
        balance = connection.execute(READ, {"id": 1}).scalar_one()
        connection.execute(WRITE, {"id": 1, "balance": balance - amount})
        connection.commit()

    return Program(f"withdraw {amount}", withdraw)


def load(connection: Connection) -> None:
    """One account."""
    connection.execute(insert(account), [{"id": 1, "balance": 100}])


LOST_UPDATE = Scenario(
    name="lost-update",
    title="Lost update",
    question="Is a withdrawal lost?",
    metadata=metadata,
    load=load,
    variants={
        "current": Variant(
            "current",
            "read, then write",
            {f"T{n}": withdrawal(100 - left) for n, left in enumerate(BALANCES, 1)},
        )
    },
)


class Repeated(Exploration):
    """The product's own exploration, search after search on the same sessions, each timed."""

    searches = 1
    elapsed_search_s = 0.0

    def _search(self) -> None:
        self.cell.complete = True
        crew = self.engaged() if self.engaged else None
        self.sharing = crew or Alone()
        for _ in range(WARM_UP):  # runs the serial orders as well, and warms every cache
            self._once()
        begun = time.perf_counter()
        for _ in range(self.searches):
            self._once()
        self.elapsed_search_s = time.perf_counter() - begun
        if crew is not None:
            crew.dismiss()
        self.cell.outcomes = len(self.outcomes)

    def _once(self) -> None:
        self._search_all(self._new_search())
        while (share := self.sharing.next_share()) is not None:
            self._search_all(self._new_search(share))


@dataclass
class Side:
    """One contestant: where it runs, and its schedules per second in each round."""

    name: str
    version: str
    goal: float | None = None
    rates: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    """Each round's rate by that of the peer's round before it."""
    waits: int = 0
    """Schedules with a wait among the 14."""

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios) if self.ratios else 1.0


def peer_round(side: Side, program: Path, target: Target, times: int) -> None:
    """One round of the peer: the cost of its start is measured, and taken out."""
    with created(target):
        short = peer.run(program, target.url, peer.specification(BALANCES, 1))
        long = peer.run(program, target.url, peer.specification(BALANCES, 1 + times))
    side.waits = short.waits
    if long.schedules != len(peer.ORDERS) * (1 + times):
        raise HarnessError(f"{PEER}: ran {long.schedules} schedules, and was given others")
    side.rates.append((long.schedules - short.schedules) / (long.elapsed_s - short.elapsed_s))


@contextmanager
def created(target: Target) -> Iterator[None]:
    """The table, for a peer that makes none."""
    database = create_engine(target.url)
    try:
        with database.begin() as connection:
            metadata.create_all(connection)
            load(connection)
        yield
        with database.begin() as connection:
            metadata.drop_all(connection)
    finally:
        database.dispose()


def our_round(side: Side, target: Target, times: int, workers: Workers) -> Cell:
    """One round of the harness."""
    exploration = Repeated(
        target,
        LOST_UPDATE,
        LOST_UPDATE.variants["current"],
        Isolation.READ_COMMITTED,
        Bounds(executions=len(peer.ORDERS) * (times + WARM_UP) + 1),
        None,
    )
    exploration.searches = times
    if target.further:
        exploration.share_with(workers)
    cell = exploration.run(None)
    found = len(peer.ORDERS) * (times + WARM_UP)
    if cell.unknown or cell.executions != found or not cell.complete:
        raise HarnessError(
            f"{side.name}: {cell.executions} schedules of {found}; {'; '.join(cell.unknown)}"
        )
    side.waits = cell.executions_with_waits // (WARM_UP + times)
    side.rates.append(len(peer.ORDERS) * times / exploration.elapsed_search_s)
    return cell


def measure(arguments: argparse.Namespace, program: Path) -> list[Side]:
    """Alternate until every side has its rounds."""
    options = ServerOptions.from_environment(source=arguments.source)
    sides = [Side(PEER, peer.version(program))]
    ours: list[tuple[Side, Target]] = []
    with ExitStack() as stack:
        workers = stack.enter_context(workers_for(LOST_UPDATE, 2))
        targets: dict[str, list[Target]] = {}
        for name in dict.fromkeys(("postgresql", *arguments.engine)):
            engine = ENGINES[name]
            server = stack.enter_context(
                start(choose(engine, options), Profile.EXPLORING, options=options)
            )
            url, beside = stack.enter_context(fresh_databases(server, 2))
            alone = Target(engine, server.version, server.source, url)
            targets[name] = [alone, replace(alone, further=(beside,))]
        for number, name in product((1, 2), arguments.engine):
            target = targets[name][number - 1]
            version = f"{target.engine.title} {target.version} ({target.source})"
            title = f"{name}, {number} worker{'s' * (number > 1)}"
            ours.append((Side(title, version, GOALS[name, number]), target))
        for _ in range(arguments.repeat):
            for side, target in ours:
                peer_round(sides[0], program, targets["postgresql"][0], arguments.searches)
                our_round(side, target, arguments.searches, workers)
                side.ratios.append(side.rates[-1] / sides[0].rates[-1])
                print(".", end="", flush=True, file=sys.stderr)
    print(file=sys.stderr)
    return [*sides, *(side for side, _ in ours)]


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    made.add_argument("--repeat", type=int, default=5, help="rounds of each engine (default 5)")
    made.add_argument(
        "--searches", type=int, default=40, help="searches of 14 schedules in a round (default 40)"
    )
    made.add_argument(
        "--engine", action="append", choices=list(ENGINES), help="only this one; may be repeated"
    )
    made.add_argument("--source", help="where servers come from: given, docker, local, wheel")
    made.add_argument("--isolationtester", type=Path, help="the peer's program")
    made.add_argument("--json", type=Path, help="also write the figures to this file")
    return made


def report(sides: Sequence[Side]) -> tuple[list[dict[str, object]], bool]:
    """Print the table; the figures, and whether every goal is reached."""
    print(f"{'':21}  schedules/s  ratio   goal            of 14 wait  version")
    figures: list[dict[str, object]] = []
    for side in sides:
        goal = side.goal
        good = goal is None or side.ratio >= goal
        said = "" if goal is None else f">= {goal:.1f}  {'reached' if good else 'MISSED'}"
        print(
            f"{side.name:21}  {side.rate:11.0f}  {side.ratio:5.2f}   {said:14}  {side.waits:10}"
            f"  {side.version}"
        )
        figures.append(
            {
                "name": side.name,
                "version": side.version,
                "schedules_per_s": round(side.rate, 1),
                "rounds": [round(rate, 1) for rate in side.rates],
                "ratio": round(side.ratio, 3),
                "ratios": [round(ratio, 3) for ratio in side.ratios],
                "goal": goal,
                "reached": good,
                "schedules_with_waits": side.waits,
            }
        )
    return figures, all(figure["reached"] for figure in figures)


def main() -> int:
    """Run the benchmark."""
    arguments = parser().parse_args()
    arguments.engine = arguments.engine or list(ENGINES)
    program = arguments.isolationtester or peer.find()
    if program is None or not program.exists():
        print(f"{PEER}: not found\n  hint: {peer.HOW_TO_GET_IT}", file=sys.stderr)
        return 2
    try:
        sides = measure(arguments, program)
    except SourceUnavailable as error:
        print(error, file=sys.stderr)
        return 2
    figures, reached = report(sides)
    if arguments.json:
        arguments.json.write_text(json.dumps({"sides": figures, "reached": reached}, indent=2))
    print(f"\n{'reached' if reached else 'missed'}: schedules per second against {PEER}'s")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
