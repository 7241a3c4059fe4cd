r"""The load generator: how fast it can go beside `pgbench`, and how punctual it is at a given rate.

A transaction has four statements beside BEGIN and COMMIT: it reads an account, changes it, reads
another, and adds a line to a history. Both sides run the same statements over TCP, with as many
connections, on one server; the harness's program gives them to SQLAlchemy's `exec_driver_sql`.

Closed loop: every request is due at once, so each connection goes from one to the next. `pgbench`
(two threads) and the harness (two processes) take turns, in rounds. Open loop: one process, which
Python holds to one core, is given Poisson arrivals at a rate; told are the rate that was reached
and the lag, by how much requests began later than they were due.

The server does not flush at commit (profile exploring), so that the disk does not set the pace.

Exit status: 0 all goals reached, 1 not, 2 a server or pgbench is not to be had.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

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

ACCOUNTS = 10_000
GOAL_SHARE = 0.5
GOAL_RATE = 1_000
GOAL_LAG_S = 0.005

STATEMENTS = (
    "SELECT balance FROM account WHERE id = :a",
    "UPDATE account SET balance = balance + 1 WHERE id = :a",
    "SELECT balance FROM account WHERE id = :b",
    "INSERT INTO history (account_id, amount) VALUES (:b, 1)",
)
SCRIPT = "\n".join(
    [
        f"\\set a random(1, {ACCOUNTS})",
        f"\\set b random(1, {ACCOUNTS})",
        "BEGIN;",
        *(f"{statement};" for statement in STATEMENTS),
        "END;",
    ]
)
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
class Found:
    """What was measured."""

    version: str = ""
    pgbench: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    open_rate: float = 0.0
    lag_p50_s: float = 0.0
    lag_p99_s: float = 0.0
    latency_p99_s: float = 0.0

    @property
    def share(self) -> float:
        """Ours as a part of pgbench's, the median of the rounds."""
        return statistics.median(o / p for o, p in zip(self.ours, self.pgbench, strict=True))


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


def pgbench_tps(url: URL, connections: int, seconds: float) -> float:
    """Transactions a second of pgbench, without the time to connect."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT)
        script.flush()
        said = subprocess.run(
            [
                "pgbench", "--no-vacuum", "--client", str(connections), "--jobs", "2",
                "--time", str(round(seconds)), "--file", script.name,
                "--host", str(url.host), "--port", str(url.port), "--username", str(url.username),
                str(url.database),
            ],
            env={**os.environ, "PGPASSWORD": str(url.password)},
            capture_output=True,
            text=True,
            check=True,
        )  # fmt: skip
    found = re.search(r"tps = ([\d.]+) \(without", said.stdout)
    assert found, said.stdout
    return float(found[1])


def replay(url: URL, arrivals: Sequence[Arrival], processes: int, connections: int) -> Replayed:
    """Replay transfers that arrive so."""
    draw = Random(1)
    requests = [(draw.randint(1, ACCOUNTS), draw.randint(1, ACCOUNTS)) for _ in arrivals]
    plan = plan_day(
        DAY, Pace(1.0, processes, connections), arrivals, Prepared({"transfer": requests}, ())
    )
    place = Place("postgresql", url, Isolation.READ_COMMITTED, attempts=5)
    return Replayer(place, plan, (), BatchTime.NONE).run(lambda _moment: None)


def closed_tps(url: URL, connections: int, number: int) -> float:
    """Transactions a second with two processes when all are due at once."""
    found = replay(url, [Arrival(0.0, "transfer")] * number, 2, connections // 2)
    tally = found.tallies["transfer"]
    assert tally.ends[End.COMMITTED] == number, tally.ends
    return number / tally.latency.longest_s


def open_loop(url: URL, found: Found, rate: float, seconds: float, connections: int) -> None:
    """One process, Poisson arrivals."""
    number = round(rate * seconds)
    came = poisson({"transfer": number}, 0.0, seconds, seed=1)
    tally = replay(url, came, 1, connections).tallies["transfer"]
    found.open_rate = tally.ends[End.COMMITTED] / max(seconds, came[-1].at_s)
    found.lag_p50_s, found.lag_p99_s = tally.lag.at_s(50), tally.lag.at_s(99)
    found.latency_p99_s = tally.latency.at_s(99)


def measure(arguments: argparse.Namespace) -> Found:
    """All of it, on one server.

    Raises:
        HarnessError: the server cannot be had.
    """
    found = Found()
    offer = choose(ENGINES["postgresql"], ServerOptions.from_environment())
    with start(offer, Profile.EXPLORING) as server, prepared(server) as url:
        found.version = f"{server.version} ({offer.description})"
        closed_tps(url, arguments.connections, 500)  # everything once
        for number in range(arguments.repeat):
            if number % 2:
                found.ours.append(closed_tps(url, arguments.connections, arguments.number))
            found.pgbench.append(pgbench_tps(url, arguments.connections, arguments.seconds))
            if not number % 2:
                found.ours.append(closed_tps(url, arguments.connections, arguments.number))
            print(".", end="", flush=True, file=sys.stderr)
        open_loop(url, found, arguments.rate, arguments.seconds * 2, arguments.connections)
    return found


def report(found: Found, arguments: argparse.Namespace) -> bool:
    """Print it; whether all goals were reached."""
    print(f"\nPostgreSQL {found.version}, {arguments.connections} connections, four statements")
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("closed loop                  transactions/s  ratio  goal")
    print(f"pgbench, 2 threads           {statistics.median(found.pgbench):14,.0f}   1.00")
    print(
        f"harness replay, 2 processes  {statistics.median(found.ours):14,.0f}   {found.share:.2f}"
        f"  >= {GOAL_SHARE}"
    )
    print(
        f"open loop, 1 process, {arguments.rate:,} arrivals a second: {found.open_rate:,.0f}"
        f" committed a second, lag p50 {found.lag_p50_s * 1e3:.2f} ms, p99"
        f" {found.lag_p99_s * 1e3:.2f} ms (goal: below {GOAL_LAG_S * 1e3:g} ms at {GOAL_RATE:,}),"
        f" latency p99 {found.latency_p99_s * 1e3:.1f} ms"
    )
    return (
        found.share >= GOAL_SHARE
        and found.lag_p99_s < GOAL_LAG_S
        and found.open_rate >= 0.98 * min(GOAL_RATE, arguments.rate)
    )


def main() -> int:
    """Run the benchmark."""
    made = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    made.add_argument("--connections", type=int, default=8, help="of each side (default 8)")
    made.add_argument("--number", type=int, default=8_000, help="transactions a round of ours")
    made.add_argument("--seconds", type=float, default=5.0, help="of a round of pgbench")
    made.add_argument("--repeat", type=int, default=3, help="rounds (default 3)")
    made.add_argument("--rate", type=int, default=GOAL_RATE, help="arrivals a second, open loop")
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
        figures = {
            "version": found.version,
            "pgbench_tps": found.pgbench,
            "ours_tps": found.ours,
            "share": round(found.share, 3),
            "open_rate": round(found.open_rate, 1),
            "lag_p99_s": found.lag_p99_s,
            "reached": reached,
        }
        arguments.json.write_text(json.dumps(figures, indent=2), "utf-8")
    print(f"\n{'reached' if reached else 'missed'}: the goals of rate, lag and share")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
