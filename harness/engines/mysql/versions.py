"""What MySQL and MariaDB say of their versions, as numbers.

MariaDB speaks MySQL's protocol and is told apart by its version only. MySQL's innovation releases
are numbered by the calendar, so a version is a tuple and never a decimal number.
"""

from __future__ import annotations

import re

_OTHERS = re.compile(r"TiDB|Vitess|OceanBase|StarRocks|Doris|SingleStore", re.IGNORECASE)
_NUMBERS = re.compile(r"\d+(?:\.\d+)+")


def parse_mysql(text: str) -> tuple[int, ...]:
    """The answer of `SELECT VERSION()`, or what `mysqld --version` prints, as numbers.

    >>> parse_mysql("9.7.2")
    (9, 7, 2)
    >>> parse_mysql("26.10")
    (26, 10)
    >>> parse_mysql("/usr/sbin/mysqld  Ver 8.4.6 for Linux on x86_64 (MySQL Community Server)")
    (8, 4, 6)

    Raises:
        ValueError: it is another kind of server.
    """
    if "mariadb" in text.lower() or _OTHERS.search(text):
        raise ValueError(f"not MySQL: {text!r}")
    return _numbers(text, "MySQL")


def parse_mariadb(text: str) -> tuple[int, ...]:
    """The same for MariaDB.

    >>> parse_mariadb("11.8.3-MariaDB-deb13u1 from Debian")
    (11, 8, 3)
    >>> parse_mariadb("5.5.5-10.11.6-MariaDB-log")  # as old replication handshakes spell it
    (10, 11, 6)

    Raises:
        ValueError: it is another kind of server.
    """
    if "mariadb" not in text.lower():
        raise ValueError(f"not MariaDB: {text!r}")
    return _numbers(text.removeprefix("5.5.5-"), "MariaDB")


def _numbers(text: str, title: str) -> tuple[int, ...]:
    # A program prints its own path first, which may hold numbers too.
    found = _NUMBERS.search(text.rpartition(" Ver ")[2])
    if found is None:
        raise ValueError(f"not {title}: {text!r}")
    return tuple(int(number) for number in found[0].split("."))
