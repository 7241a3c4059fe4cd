r"""The load generator: how fast it can go beside `pgbench`, and how punctual it is at a given rate.

A transaction has four statements beside BEGIN and COMMIT: it reads an account, changes it, reads
another, and adds a line to a history. Both sides run the same statements over TCP, with as many
connections, on one server; the harness's program gives them to SQLAlchemy's `exec_driver_sql`.

Closed loop: every request is due at once, so each connection goes from one to the next. `pgbench`
(two threads) and the harness (two processes) take turns, in rounds. Open loop: one process, which
Python holds to one core, is given Poisson arrivals at a rate; told are the rate that was reached
and the lag, by how much requests began later than they were due. `pgbench --rate` (one thread)
takes turns with it: its lag says what the machine and the server do, without Python. A round counts
if pgbench kept time before it and after it, with a 99th percentile of at most 1 ms; where it did
not, the machine stood still by itself. There are up to three times as many rounds as are to count.

*CPU* is for how long the load generator computed for each transaction, without the server: of all
figures the one that other work on the machine changes least.

The server does not flush at commit (profile exploring), so that the disk does not set the pace.

Exit status: 0 all goals reached, 1 not, 2 unknown: a server or pgbench is not to be had, or too few
rounds count.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from statistics import median

import pgbench
from pgbench import ACCOUNTS, STATEMENTS, Speed
from sqlalchemy import URL, Connection, create_engine, text

from harness.engines import ENGINES, Isolation, Profile
from harness.errors import HarnessError
from harness.replay.arrivals import Arrival, poisson
from harness.replay.day import Day, OnlineProgram, Prepared
from harness.replay.opening import Place
from harness.replay.plan import BatchTime, Pace, plan_day
from harness.replay.replayer import Replayed, Replayer
from harness.replay.tally import End
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose, start
from harness.servers.options import ServerOptions
from harness.servers.server import Server

GOAL_SHARE = 0.5
GOAL_RATE = 1_000
GOAL_LAG_S = 0.005
QUIET_S = 0.001
"""If pgbench is later than this at its 99th percentile, the machine stands still by itself."""
TRIES = 3
"""For each round that is to count."""

TABLES = (
    "CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)",
    "CREATE TABLE history (account_id int NOT NULL, amount int NOT NULL)",
    f"INSERT INTO account SELECT n, 0 FROM generate_series(1, {ACCOUNTS}) AS n",
)

READ_A, CHANGE_A, READ_B, ADD_LINE = (
    statement.replace(":a", "%s").replace(":b", "%s") for statement in STATEMENTS
)


def transfer(connection: Connection, request: tuple[int, int]) -> None:
    """The transaction, its statements in the driver's own words as pgbench has them in its."""
    a, b = (request[0],), (request[1],)
    connection.exec_driver_sql(READ_A, a).scalar_one()
    connection.exec_driver_sql(CHANGE_A, a)
    connection.exec_driver_sql(READ_B, b).scalar_one()
    connection.exec_driver_sql(ADD_LINE, b)
    connection.commit()


DAY = Day(
    "bench",
    "bench",
    "bench",
    0.0,
    1e6,
    {"transfer": OnlineProgram("transfer", "transfer", transfer, 1)},
    lambda _connection, _circumstances: Prepared({}, ()),
)


@dataclass
class Closed:
    """All rounds with so many connections."""

    connections: int
    pgbench: list[Speed] = field(default_factory=list)
    ours: list[Speed] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Ours as a part of pgbench's, the median of the rounds."""
        return median(o.tps / p.tps for o, p in zip(self.ours, self.pgbench, strict=True))


@dataclass(frozen=True, slots=True)
class Punctuality:
    """One round of ours in open loop."""

    tps: float
    cpu_s: float
    lag_p50_s: float
    lag_p99_s: float
    latency_p50_s: float
    latency_p99_s: float


@dataclass
class Open:
    """All rounds at a rate: pgbench's stand around ours."""

    ours: list[Punctuality] = field(default_factory=list)
    pgbench_lag_p99_s: list[float] = field(default_factory=list)

    def parted(self, *, quiet: bool) -> list[Punctuality]:
        """Those between two rounds in which pgbench kept time, or the others."""
        around = zip(self.pgbench_lag_p99_s, self.pgbench_lag_p99_s[1:], strict=False)
        return [
            one
            for one, lags_s in zip(self.ours, around, strict=True)
            if (max(lags_s) <= QUIET_S) is quiet
        ]


@dataclass
class Found:
    """What was measured."""

    version: str = ""
    closed: list[Closed] = field(default_factory=list)
    opened: dict[int, Open] = field(default_factory=dict)
    """By arrivals a second."""


@contextmanager
def prepared(server: Server) -> Iterator[URL]:
    """A database with the accounts."""
    with fresh_database(server) as url:
        database = create_engine(url)
        with database.begin() as connection:
            for statement in TABLES:
                connection.execute(text(statement))
        database.dispose()
        yield url


def replay(url: URL, arrivals: Sequence[Arrival], processes: int, connections: int) -> Replayed:
    """Replay transfers that arrive so."""
    draw = Random(1)
    requests = [(draw.randint(1, ACCOUNTS), draw.randint(1, ACCOUNTS)) for _ in arrivals]
    plan = plan_day(
        DAY, Pace(1.0, processes, connections), arrivals, Prepared({"transfer": requests}, ())
    )
    place = Place("postgresql", url, Isolation.READ_COMMITTED, attempts=5)
    found = Replayer(place, plan, (), BatchTime.NONE).run(lambda _moment: None)
    tally = found.tallies["transfer"]
    assert tally.ends == {End.COMMITTED: len(arrivals)}, tally.ends
    return found


def closed_loop(url: URL, connections: int, number: int) -> Speed:
    """A round with two processes when all are due at once."""
    found = replay(url, [Arrival(0.0, "transfer")] * number, 2, connections // 2)
    return Speed(number / found.online_s, found.computed_s / number)


def open_loop(url: URL, rate: int, seconds: float, connections: int, seed: int) -> Punctuality:
    """A round with one process and Poisson arrivals.

    With fewer than six connections requests find all of them at work too often; with more, threads
    take turns more often.
    """
    number = round(rate * seconds)
    came = poisson({"transfer": number}, 0.0, seconds, seed=seed)
    found = replay(url, came, 1, connections)
    lag, latency = found.tallies["transfer"].lag, found.tallies["transfer"].latency
    return Punctuality(
        number / max(seconds, found.online_s),
        found.computed_s / number,
        *(durations.at_s(percentile) for durations in (lag, latency) for percentile in (50, 99)),
    )


def open_rounds(url: URL, rate: int, arguments: argparse.Namespace) -> Open:
    """Rounds at a rate until enough of them count, or all tries are used up."""
    found = Open()
    seconds, connections = arguments.seconds * 2, arguments.open_connections

    def theirs() -> None:
        lags_s = sorted(pgbench.lags_s(url, rate, connections, seconds))
        found.pgbench_lag_p99_s.append(lags_s[len(lags_s) * 99 // 100])

    theirs()
    for seed in range(1, arguments.repeat * TRIES + 1):
        found.ours.append(open_loop(url, rate, seconds, connections, seed))
        theirs()
        print(".", end="", flush=True, file=sys.stderr)
        if len(found.parted(quiet=True)) == arguments.repeat:
            break
    return found


def measure(arguments: argparse.Namespace) -> Found:
    """All of it, on one server.

    Raises:
        HarnessError: the server cannot be had.
    """
    found = Found(closed=[Closed(number) for number in arguments.connections])
    offer = choose(ENGINES["postgresql"], ServerOptions.from_environment())
    with start(offer, Profile.EXPLORING) as server, prepared(server) as url:
        found.version = f"{server.version} ({offer.description})"
        closed_loop(url, arguments.connections[0], 500)  # everything once
        for one in found.closed:
            for number in range(arguments.repeat):
                _round(url, one, arguments, first=bool(number % 2))
                print(".", end="", flush=True, file=sys.stderr)
        for rate in arguments.rate:
            found.opened[rate] = open_rounds(url, rate, arguments)
    print(file=sys.stderr)
    return found


def _round(url: URL, one: Closed, arguments: argparse.Namespace, *, first: bool) -> None:
    """One round of both sides, ours first or last: a machine gets slower and faster."""
    if first:
        one.ours.append(closed_loop(url, one.connections, arguments.number))
    one.pgbench.append(pgbench.closed_loop(url, one.connections, arguments.seconds))
    if not first:
        one.ours.append(closed_loop(url, one.connections, arguments.number))


def report(found: Found, arguments: argparse.Namespace) -> bool | None:
    """Print it; whether all goals were reached, None if that is not known."""
    print(f"PostgreSQL {found.version}, four statements, medians of {arguments.repeat} rounds")
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    goals = [*_closed_lines(found), *_open_lines(found, arguments.repeat)]
    return False if False in goals else None if None in goals else True


def _closed_lines(found: Found) -> Iterator[bool]:
    print("closed loop                  connections  transactions/s  ratio  CPU ms each  goal")
    for one in found.closed:
        reached = one.share >= GOAL_SHARE
        sides = (("pgbench, 2 threads", one.pgbench), ("harness replay, 2 processes", one.ours))
        for name, rounds in sides:
            tps, cpu_ms = (median(s.tps for s in rounds), median(s.cpu_s for s in rounds) * 1e3)
            ours = rounds is one.ours
            ratio = f"{one.share if ours else 1.0:5.2f}"
            goal = f"  >= {GOAL_SHARE}  {'reached' if reached else 'missed'}" if ours else ""
            print(f"{name:27}  {one.connections:11}  {tps:14,.0f}  {ratio}  {cpu_ms:11.2f}{goal}")
        yield reached


def _open_lines(found: Found, wanted: int) -> Iterator[bool | None]:
    for rate, opened in found.opened.items():
        counting, others = opened.parted(quiet=True), opened.parted(quiet=False)
        goal = ""
        if rate >= GOAL_RATE:
            reached = _in_time(rate, counting) if len(counting) >= wanted else None
            named = {True: "reached", False: "missed", None: "unknown"}[reached]
            goal = f"  < {GOAL_LAG_S * 1e3:g}  {named}"
            yield reached
        print(f"\nopen loop, 1 process, {rate:,} arrivals/s")
        if counting:
            print(_middle(counting))
        print("lag p99 in ms                median  rounds")
        sides = (
            ("harness replay", [one.lag_p99_s for one in counting], goal),
            ("  where pgbench was late", [one.lag_p99_s for one in others], ""),
            ("pgbench --rate", opened.pgbench_lag_p99_s, ""),
        )
        for name, each_s, said in sides:
            if each_s or said:
                middle = f"{median(each_s) * 1e3:6.1f}" if each_s else "     -"
                print(f"{name:27}  {middle}  {_ms(each_s)}{said}")
        if len(counting) < wanted:
            print(
                f"only {len(counting)} of {len(opened.ours)} rounds count, of {wanted} wanted: in "
                f"others pgbench too was more than {QUIET_S * 1e3:g} ms late: another time"
            )


def _in_time(rate: int, rounds: Sequence[Punctuality]) -> bool:
    lag_s, tps = median(one.lag_p99_s for one in rounds), median(one.tps for one in rounds)
    return lag_s < GOAL_LAG_S and tps >= 0.98 * rate


def _middle(rounds: Sequence[Punctuality]) -> str:
    tps, cpu_s, lag_p50_s, _, p50_s, p99_s = (
        median(getattr(one, name) for one in rounds) for name in Punctuality.__slots__
    )
    return (
        f"{tps:,.0f} committed/s, CPU {cpu_s * 1e3:.2f} ms each, latency p50 {p50_s * 1e3:.2f} ms, "
        f"p99 {p99_s * 1e3:.1f} ms; lag p50 {lag_p50_s * 1e3:.2f} ms"
    )


def _ms(each_s: Sequence[float]) -> str:
    return " ".join(f"{one_s * 1e3:.1f}" for one_s in each_s)


def _even(text: str) -> int:
    """Two processes share them."""
    if not text.isdecimal() or int(text) < 2 or int(text) % 2:
        raise argparse.ArgumentTypeError(f"'{text}' is not an even number of 2 or more")
    return int(text)


def main() -> int:
    """Run the benchmark."""
    made = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    made.add_argument(
        "--connections", type=_even, nargs="+", default=[4, 8], help="of each side (default 4 8)"
    )
    made.add_argument("--number", type=int, default=8_000, help="transactions a round of ours")
    made.add_argument("--seconds", type=float, default=5.0, help="of a round of pgbench")
    made.add_argument("--repeat", type=int, default=5, help="rounds (default 5)")
    made.add_argument(
        "--rate",
        type=int,
        nargs="+",
        default=[GOAL_RATE // 2, GOAL_RATE],
        help=f"arrivals a second, open loop (default {GOAL_RATE // 2} {GOAL_RATE})",
    )
    made.add_argument(
        "--open-connections", type=int, default=6, help="in open loop, each side (default 6)"
    )
    made.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = made.parse_args()
    if shutil.which("pgbench") is None:
        print("pgbench is not to be had (Debian: postgresql-contrib)", file=sys.stderr)
        return 2
    try:
        found = measure(arguments)
    except HarnessError as error:
        print(error.explain(), file=sys.stderr)
        return error.exit_status
    reached = report(found, arguments)
    if arguments.json:
        figures = {**asdict(found), "reached": reached}
        arguments.json.write_text(json.dumps(figures, indent=2), "utf-8")
    named = {True: "reached", False: "missed", None: "unknown"}[reached]
    print(f"\n{named}: the goals of rate, lag and share")
    return {True: 0, False: 1, None: 2}[reached]


if __name__ == "__main__":
    sys.exit(main())
