"""The repository keeps its own shape; and every rule has been seen to complain."""
# ruff: noqa: E501 - a table is read by its rows

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tidy import directions, manners
from tidy.rules import ALLOWED, ALONE, RULES, complaints
from tidy.source import ROOT, Rule, Source, python_sources

BY_NAME = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)

# rule, path, broken text, what the rule says about it
BROKEN = [
    (directions.imports_point_downwards, "harness/x.py", "import schema.naming", "'schema.naming'"),
    (directions.imports_point_downwards, "harness/cli/x.py", "from workloads import billing", "'workloads.billing'"),
    (directions.imports_point_downwards, "harness/x.py", "import_module('workloads.billing')", "'workloads.billing'"),
    (directions.imports_point_downwards, "harness/x.py", "from . import clock", "relative"),
    (directions.imports_point_downwards, "schema/x.py", "from harness.clock import poll", "only SQLAlchemy"),
    (directions.imports_point_downwards, "schema/x.py", "import psycopg", "only SQLAlchemy"),
    (directions.imports_point_downwards, "harness/checks/x.py", "def f():\n    from sqlalchemy import text", "no connection"),
    (directions.imports_point_downwards, "harness/checks/x.py", "import time as t", "no clock"),
    (directions.imports_point_downwards, "harness/checks/x.py", "from harness import clock", "no clock"),
    (directions.imports_point_downwards, "workloads/x.py", "import tests.live", "does not know its tests"),
    (directions.processes_only_in_servers, "harness/backup/x.py", "import subprocess", "'subprocess'"),
    (directions.processes_only_in_servers, "harness/x.py", "from signal import SIGKILL", "'signal.SIGKILL'"),
    (directions.processes_only_in_servers, "harness/x.py", "import os\nos.kill(1, 9)", "'os.kill'"),
    (directions.processes_only_in_servers, "harness/x.py", "import os as o\no.execvp('a', [])", "'os.execvp'"),
    (directions.processes_only_in_servers, "workloads/x.py", "from os import system", "'os.system'"),
    (directions.sleeping_only_in_the_clock, "harness/x.py", "import time\ntime.sleep(1)", "'time.sleep'"),
    (directions.sleeping_only_in_the_clock, "workloads/x.py", "from time import sleep", "'time.sleep'"),
    (directions.sleeping_only_in_the_clock, "schema/x.py", "import time as t\nt.sleep(1)", "'time.sleep'"),
    (directions.engines_named_only_in_their_room, "harness/x.py", "import psycopg.errors", "'psycopg.errors'"),
    (directions.engines_named_only_in_their_room, "harness/x.py", "if name == 'mysql': pass", "'mysql'"),
    (directions.engines_named_only_in_their_room, "harness/x.py", "print(f'on {x} PostgreSQL')", "PostgreSQL"),
    (directions.engines_named_only_in_their_room, "harness/x.py", "def is_mariadb(): pass", "'is_mariadb'"),
    (directions.engines_named_only_in_their_room, "harness/x.py", "f(mysql_engine='InnoDB')", "'mysql_engine'"),
    (directions.engines_named_only_in_their_room, "schema/x.py", "from a import b as pymysql", "'pymysql'"),
    (directions.engines_named_only_in_their_room, "harness/mysql_locks.py", "", "named after an engine"),
    (manners.oldest_python_can_read_it, "harness/x.py", "def f[T](a: T) -> T: return a", "not Python 3.11"),
    (manners.oldest_python_can_read_it, "harness/x.py", "a = 1\ndef f(", "x.py:2: not Python"),
    (manners.files_fit_in_a_head, "harness/x.py", "a = 1\n" * 401, "401 lines"),
    (manners.functions_fit_on_a_screen, "harness/x.py", "def f():\n" + "    a = 1\n" * 60, "f() has 61 lines"),
    (manners.functions_fit_on_a_screen, "tests/x.py", "class A:\n    async def f():\n" + "        a = 1\n" * 60, "61 lines"),
    (manners.files_are_nouns, "harness/utils.py", "", "'utils'"),
    (manners.files_are_nouns, "tests/live/server_helper.py", "", "'server_helper'"),
    (manners.files_are_nouns, "harness/common/locks.py", "", "'common'"),
    (manners.public_names_are_explained, "harness/x.py", "a = 1", "module has no docstring"),
    (manners.public_names_are_explained, "harness/x.py", "'''X.'''\nclass A: pass", "'A' has no docstring"),
    (manners.public_names_are_explained, "harness/x.py", "'''X.'''\ndef f(): pass", "'f' has no docstring"),
    (
        manners.public_names_are_explained,
        "schema/x.py",
        "'''X.'''\nclass A:\n    '''A.'''\n    def f(self):\n        a = 1\n        return a",
        "'f' has no docstring",
    ),
    (manners.nothing_is_swallowed, "harness/x.py", "try: f()\nexcept: pass", "catches everything"),
    (manners.nothing_is_swallowed, "harness/x.py", "try: f()\nexcept Exception: g()", "catches Exception"),
    (manners.nothing_is_swallowed, "harness/x.py", "try: f()\nexcept (A, BaseException) as e: g(e)", "BaseException"),
    (manners.nothing_is_swallowed, "harness/x.py", "with suppress(Exception): f()", "swallows"),
    (manners.no_reader_of_stderr_is_relied_on, "harness/x.py", "import sys\nprint(1, file=sys.stderr)", "x.py:2: say_beside"),
]  # fmt: skip

# rule, path, a text that comes close and is in order
SOUND = [
    (directions.imports_point_downwards, "workloads/x.py", "import harness.clock, schema, sqlalchemy"),
    (directions.imports_point_downwards, "schema/x.py", "import datetime, schema.naming\nfrom sqlalchemy import Table"),
    (directions.imports_point_downwards, "harness/checks/x.py", "from harness.outcome import Outcome\nimport itertools"),
    (directions.imports_point_downwards, "harness/x.py", "import schematics"),
    (directions.processes_only_in_servers, "harness/servers/x.py", "import subprocess, signal"),
    (directions.processes_only_in_servers, "harness/x.py", "import os\nos.getpid()"),
    (directions.processes_only_in_servers, "harness/x.py", "server.kill()"),
    (directions.sleeping_only_in_the_clock, "harness/clock.py", "import time\ntime.sleep(1)"),
    (directions.sleeping_only_in_the_clock, "harness/x.py", "import time\ntime.monotonic()"),
    (directions.engines_named_only_in_their_room, "harness/engines/mysql/x.py", "import pymysql"),
    (directions.engines_named_only_in_their_room, "schema/dialect.py", "NAME = 'postgresql'"),
    (directions.engines_named_only_in_their_room, "harness/x.py", "'''On MySQL.'''\na = 1\n'''mysql'''  # mariadb"),
    (manners.oldest_python_can_read_it, "harness/x.py", "match a:\n    case 1: pass"),
    (manners.files_fit_in_a_head, "harness/x.py", "a = 1\n" * 400),
    (manners.functions_fit_on_a_screen, "harness/x.py", "def f():\n" + "    a = 1\n" * 59),
    (manners.files_are_nouns, "harness/commons.txt.py", ""),
    (manners.files_are_nouns, "harness/commonwealth.py", ""),
    (manners.public_names_are_explained, "harness/__init__.py", ""),
    (manners.public_names_are_explained, "tests/x.py", "def test_this_and_that(): pass"),
    (
        manners.public_names_are_explained,
        "harness/x.py",
        "'''X.'''\nclass A:\n    '''A.'''\n    def f(self): ...\n    def _g(self):\n        a = 1\n        b = 2",
    ),
    (manners.nothing_is_swallowed, "harness/x.py", "try: f()\nexcept BaseException:\n    g()\n    raise"),
    (manners.nothing_is_swallowed, "harness/x.py", "try: f()\nexcept KeyError: pass"),
    (manners.no_reader_of_stderr_is_relied_on, "harness/x.py", "print(1, file=out)\nconsole(sys.stderr)"),
]  # fmt: skip


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return python_sources()


@BY_NAME
def test_every_file_keeps_the_rule(rule: Rule, sources: list[Source]) -> None:
    found = complaints(rule, sources)
    assert not found, f"{rule.__doc__}\n" + "\n".join(map(str, found))


@pytest.mark.parametrize(("rule", "path", "text", "said"), BROKEN)
def test_rule_complains_about_a_broken_text(rule: Rule, path: str, text: str, said: str) -> None:
    assert any(said in str(complaint) for complaint in rule(Source(path, text)))


@pytest.mark.parametrize(("rule", "path", "text"), SOUND)
def test_rule_is_content_with_a_sound_text(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(Source(path, text)))


@BY_NAME
def test_rule_has_been_seen_to_complain_and_to_be_content(rule: Rule) -> None:
    assert rule in {row[0] for row in BROKEN}
    assert rule in {row[0] for row in SOUND}


def test_every_allowance_is_needed_and_has_a_reason(sources: list[Source]) -> None:
    by_path = {source.path: source for source in sources}
    for rule, files in ALLOWED.items():
        for path, reason in files.items():
            assert path in by_path, f"{path} may break {rule.__name__}, and is not there"
            assert list(rule(by_path[path])), f"{path} keeps {rule.__name__} by now"
            assert len(reason.split()) > 3, f"{path}: {reason!r} is no reason"


def twins(engines: Path, family: str) -> set[str]:
    """The files of a family that need a twin; a query's version (`_80`) belongs to its engine."""
    folder = engines / family
    return {
        re.sub(r"_\d+(?=\.sql$)", "", path.relative_to(folder).as_posix())
        for path in folder.rglob("*")
        if path.suffix in {".py", ".sql"}
        and "__pycache__" not in path.parts
        and path.relative_to(engines).as_posix() not in ALONE
    }


def test_both_engine_families_have_the_same_files() -> None:
    engines = ROOT / "harness" / "engines"
    assert twins(engines, "mysql") == twins(engines, "postgresql")


def test_twins_differ_when_one_has_a_file_more(tmp_path: Path) -> None:
    for name in ("one/a.py", "two/a.py", "one/queries/b_80.sql", "two/queries/b.sql"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert twins(tmp_path, "one") == twins(tmp_path, "two")
    (tmp_path / "one" / "c.py").touch()
    assert twins(tmp_path, "one") != twins(tmp_path, "two")


@pytest.mark.parametrize("path", ALONE)
def test_file_without_a_twin_is_there_and_alone(path: str) -> None:
    family, _, name = path.partition("/")
    other = {"mysql": "postgresql", "postgresql": "mysql"}[family]
    assert (ROOT / "harness" / "engines" / family / name).is_file()
    assert not (ROOT / "harness" / "engines" / other / name).exists()
