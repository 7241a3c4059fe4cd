"""Rules about who may know what: imports, processes, sleeping, the names of engines."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from tidy.source import PACKAGES, Complaint, Source, is_part_of

# folders, what they must not import, why
BANS = (
    (("harness/",), ("schema", "workloads"), "the harness knows databases, not bills"),
    (PACKAGES, ("tests", "tidy"), "a package does not know its tests"),
    (
        ("harness/checks/",),
        (
            "sqlalchemy", "pymysql", "psycopg", "time", "socket", "threading",
            "harness.clock", "harness.engines", "harness.servers", "harness.sessions",
        ),
        "a check judges values: no connection, no clock",
    ),
)  # fmt: skip

SCHEMA_MAY_IMPORT = ("schema", "sqlalchemy", *sys.stdlib_module_names)

PROCESS_MODULES = ("subprocess", "signal", "multiprocessing", "pty", "psutil")
PROCESS_FUNCTIONS = re.compile(
    r"os\.(kill|killpg|fork|forkpty|system|popen|posix_spawnp?|exec[lv]\w*|spawn[lv]\w*)"
    r"|asyncio\.(subprocess(\..*)?|create_subprocess_\w+)"
)

ENGINE_NAME = re.compile(r"mysql|mariadb|postgres|psycopg", re.IGNORECASE)


def imports_point_downwards(source: Source) -> Iterator[Complaint]:
    """The harness knows no workload, the schema only SQLAlchemy, checks know no server."""
    for line, name in source.imports():
        if source.is_inside(*PACKAGES) and name.startswith("."):
            yield source.complain(line, f"relative import '{name}'; say the whole path")
        for folders, modules, reason in BANS:
            if source.is_inside(*folders) and is_part_of(name, *modules):
                yield source.complain(line, f"imports '{name}': {reason}")
        if source.is_inside("schema/") and not is_part_of(name, *SCHEMA_MAY_IMPORT, ""):
            yield source.complain(line, f"imports '{name}': the schema knows only SQLAlchemy")


def processes_only_in_servers(source: Source) -> Iterator[Complaint]:
    """Only harness/servers/ starts processes, looks at them or sends them signals."""
    if not source.is_inside(*PACKAGES) or source.is_inside("harness/servers/"):
        return
    for line, name in source.uses():
        if is_part_of(name, *PROCESS_MODULES) or PROCESS_FUNCTIONS.fullmatch(name):
            yield source.complain(line, f"'{name}' outside harness/servers/")


def sleeping_only_in_the_clock(source: Source) -> Iterator[Complaint]:
    """Only harness/clock.py sleeps: everybody else asks again under a deadline."""
    if not source.is_inside(*PACKAGES) or source.path == "harness/clock.py":
        return
    for line, name in source.uses():
        if name in {"time.sleep", "asyncio.sleep"}:
            yield source.complain(line, f"'{name}' outside harness/clock.py")


def engines_named_only_in_their_room(source: Source) -> Iterator[Complaint]:
    """Only harness/engines/ and schema/dialect.py name an engine, in code or in a text.

    Docstrings and comments may name whatever they explain.
    """
    if not source.is_inside(*PACKAGES) or source.path == "schema/dialect.py":
        return
    if source.is_inside("harness/engines/"):
        return
    if ENGINE_NAME.search(source.path):
        yield source.complain(1, "the file is named after an engine")
    prose = {id(node.value) for node in ast.walk(source.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(source.tree):
        if id(node) in prose and isinstance(node, ast.Constant):
            continue
        for text in _texts(node):
            if ENGINE_NAME.search(text):
                line = getattr(node, "lineno", 1)
                yield source.complain(line, f"{text!r} names an engine")


def _texts(node: ast.AST) -> Iterator[str]:
    """The identifiers and strings that a node itself holds."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=text) | ast.Attribute(attr=text) | ast.arg(arg=text):
            yield text
        case ast.keyword(arg=str(text)):
            yield text
        case ast.FunctionDef(name=text) | ast.AsyncFunctionDef(name=text):
            yield text
        case ast.ClassDef(name=text):
            yield text
        case ast.ImportFrom(module=str(text)):
            yield text
        case ast.alias(name=text, asname=other):
            yield text
            yield from filter(None, [other])
