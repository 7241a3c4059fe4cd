"""Versions are tuples of numbers; another kind of server is a ValueError."""

from __future__ import annotations

import pytest

from harness.engines import ENGINES
from harness.servers.docker import version_of

# engine, what the server or its program says, the numbers
SAID = [
    ("mysql", "9.7.2", (9, 7, 2)),
    ("mysql", "8.4.6-0ubuntu0.24.04.1", (8, 4, 6)),
    ("mysql", "26.10.0", (26, 10, 0)),
    ("mysql", "26.10", (26, 10)),
    ("mariadb", "11.8.3-MariaDB-deb13u1 from Debian", (11, 8, 3)),
    ("mariadb", "10.11.14-MariaDB-0+deb12u2-log", (10, 11, 14)),
    ("mariadb", "5.5.5-10.11.6-MariaDB", (10, 11, 6)),
    ("postgresql", "18.1 (Debian 18.1-1)", (18, 1)),
    ("postgresql", "15.13", (15, 13)),
    ("postgresql", "19beta2", (19,)),
    ("postgresql", "PostgreSQL 18.1 on x86_64-pc-linux-gnu, compiled by gcc", (18, 1)),
]
PROGRAMS = [
    ("mysql", "/usr/sbin/mysqld  Ver 9.7.2 for Linux on x86_64 ((Debian))", (9, 7, 2)),
    ("mysql", "/opt/mysql-8.0/bin/mysqld  Ver 8.4.6 for Linux on x86_64", (8, 4, 6)),
    (
        "mariadb",
        "/usr/sbin/mariadbd  Ver 11.8.3-MariaDB-deb13u1 for debian-linux-gnu on x86_64 (Debian)",
        (11, 8, 3),
    ),
    ("postgresql", "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)", (15, 13)),
    ("postgresql", "postgres (PostgreSQL) 18.1", (18, 1)),
]
OTHERS = [
    ("mysql", "11.8.3-MariaDB"),
    ("mysql", "8.0.11-TiDB-v7.5.0"),
    ("mysql", "no numbers"),
    ("mariadb", "9.7.2"),
    ("mariadb", "MariaDB"),
    ("postgresql", "CockroachDB CCL v23.1.0 (x86_64-pc-linux-gnu)"),
    ("postgresql", ""),
]


@pytest.mark.parametrize(("engine", "text", "numbers"), SAID)
def test_version_of_a_server_is_numbers(engine, text, numbers):
    assert ENGINES[engine].parse_version(text) == numbers


@pytest.mark.parametrize(("engine", "text", "numbers"), PROGRAMS)
def test_version_of_a_program_is_numbers(engine, text, numbers):
    assert ENGINES[engine].recipe.local.parse_program(text) == numbers


@pytest.mark.parametrize(("engine", "text"), OTHERS)
def test_another_kind_of_server_is_refused_with_its_own_words(engine, text):
    with pytest.raises(ValueError, match=f"^not {ENGINES[engine].title}: "):
        ENGINES[engine].parse_version(text)


def test_versions_are_compared_as_numbers():
    parse = ENGINES["mysql"].parse_version
    assert parse("26.10") > parse("9.7.2") > parse("8.4.6")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1:11.8.3+maria~ubu2404", (11, 8, 3)),
        ("18.1-1.pgdg13+1", (18, 1)),
        ("9.7.2-1.el9", (9, 7, 2)),
        ("18", (18,)),
        ("", None),
        ("latest", None),
    ],
)
def test_version_in_an_image_is_numbers_or_unknown(text, numbers):
    assert version_of(text) == numbers
