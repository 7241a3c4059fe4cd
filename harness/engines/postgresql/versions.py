"""What PostgreSQL says of its version, as numbers.

Since version 10 the first number is the major version (manual, section 18.6).
"""

from __future__ import annotations

import re


def parse_postgresql(text: str) -> tuple[int, ...]:
    """The answer of `SELECT version()` or `SHOW server_version` as numbers.

    >>> parse_postgresql("18.1 (Debian 18.1-1)")
    (18, 1)
    >>> parse_postgresql("PostgreSQL 15.13 on x86_64-pc-linux-gnu, compiled by gcc")
    (15, 13)

    Raises:
        ValueError: it is another kind of server.
    """
    found = re.match(r"(?:PostgreSQL )?(\d+(?:\.\d+)*)", text)
    if found is None:
        raise ValueError(f"not PostgreSQL: {text!r}")
    return tuple(int(number) for number in found[1].split("."))


def parse_program(text: str) -> tuple[int, ...]:
    """What `postgres --version` prints, as numbers.

    >>> parse_program("postgres (PostgreSQL) 16.13")
    (16, 13)

    Raises:
        ValueError: it is another program.
    """
    found = re.match(r"postgres \(PostgreSQL\) (\d+(?:\.\d+)*)", text)
    if found is None:
        raise ValueError(f"not PostgreSQL: {text!r}")
    return tuple(int(number) for number in found[1].split("."))
