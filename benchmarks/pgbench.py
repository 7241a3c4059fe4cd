"""PostgreSQL's own `pgbench` with our transaction, in closed loop and at a given rate."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

ACCOUNTS = 10_000
STATEMENTS = (
    "SELECT balance FROM account WHERE id = :a",
    "UPDATE account SET balance = balance + 1 WHERE id = :a",
    "SELECT balance FROM account WHERE id = :b",
    "INSERT INTO history (account_id, amount) VALUES (:b, 1)",
)
_SCRIPT = "\n".join(
    [
        f"\\set a random(1, {ACCOUNTS})",
        f"\\set b random(1, {ACCOUNTS})",
        "BEGIN;",
        *(f"{statement};" for statement in STATEMENTS),
        "END;",
    ]
)
_LAG = 6
"""The field of a line of its log that holds the lag, in microseconds (pgbench, "Per-Transaction
Logging", `schedule_lag`)."""


@dataclass(frozen=True, slots=True)
class Speed:
    """One round in closed loop."""

    tps: float
    """Transactions a second."""
    cpu_s: float
    """CPU of the load generator for each transaction."""


def closed_loop(url: URL, connections: int, seconds: float) -> Speed:
    """A round with two threads, without the time to connect."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with _folder() as folder:
        said = _run(url, folder, connections, seconds, "--jobs", "2")
    behind = resource.getrusage(resource.RUSAGE_CHILDREN)
    tps = re.search(r"tps = ([\d.]+) \(without", said)
    number = re.search(r"transactions actually processed: (\d+)", said)
    assert tps, said
    assert number, said
    cpu_s = behind.ru_utime + behind.ru_stime - before.ru_utime - before.ru_stime
    return Speed(float(tps[1]), cpu_s / int(number[1]))


def lags_s(url: URL, rate: int, connections: int, seconds: float) -> list[float]:
    """By how much each transaction began later than it was due: one thread, Poisson arrivals."""
    with _folder() as folder:
        log = folder / "log"
        options = ("--jobs", "1", "--rate", str(rate), "--log", "--log-prefix", str(log))
        _run(url, folder, connections, seconds, *options)
        lines = [line for file in folder.glob("log.*") for line in file.read_text().splitlines()]
    return [int(line.split()[_LAG]) / 1e6 for line in lines]


def _run(url: URL, folder: Path, connections: int, seconds: float, *options: str) -> str:
    script = folder / "script.sql"
    script.write_text(_SCRIPT, "utf-8")
    at: Sequence[str] = (
        "--host", str(url.host), "--port", str(url.port), "--username", str(url.username),
    )  # fmt: skip
    return subprocess.run(
        [
            "pgbench", "--no-vacuum", "--client", str(connections), "--time", str(round(seconds)),
            "--file", str(script), *options, *at, str(url.database),
        ],
        env={**os.environ, "PGPASSWORD": str(url.password)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout  # fmt: skip


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
