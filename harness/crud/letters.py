"""The letters of a statement: which tables it touches, and how."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from sqlglot import expressions as exp

from harness.interleave.statement import parsed, read_statement

LETTERS = "CRUD"

# A savepoint touches no table, and is no statement that sqlglot knows.
_SAVEPOINT = re.compile(r"\s*(savepoint|release|rollback\s+to)\b", re.IGNORECASE)


def in_order(letters: Iterable[str]) -> str:
    """Letters as they are written in a cell.

    >>> in_order({"U", "R", "C"})
    'CRU'
    """
    return "".join(sorted(letters, key=LETTERS.index))


def cells(
    columns: Sequence[str], certain: Mapping[str, str], taken: Collection[str] = ()
) -> dict[str, str]:
    """One program's cells from left to right: the letters that are certain, and reads beside them.

    >>> cells(("a", "b", "c"), {"c": "U", "a": "C"}, taken=("b", "c"))
    {'a': 'C', 'b': 'R', 'c': 'RU'}
    """
    found = {table: set(certain.get(table, "")) for table in columns}
    for table in taken:
        found[table].add("R")
    return {table: in_order(letters) for table, letters in found.items() if letters}


@lru_cache(maxsize=4096)
def letters_of(text: str, dialect: str) -> Mapping[str, str] | None:
    """The letters of a statement by table; None if the text cannot be read for sure.

    >>> letters_of("insert into wk1 (no) select no from vehicle", "mysql")
    {'vehicle': 'R', 'wk1': 'C'}
    >>> letters_of("update sheet set points = 1 where no = 2", "postgres")
    {'sheet': 'U'}
    >>> letters_of("call surprise()", "mysql") is None
    True
    """
    if _SAVEPOINT.match(text):
        return {}
    statement = read_statement(text, dialect)
    tree = parsed(text, dialect)
    if statement is None or tree is None:
        return None
    found: dict[str, set[str]] = {}
    for node in tree.find_all(exp.Insert, exp.Update, exp.Delete):
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        found.setdefault(target.name, set()).update(_verbs(node))
    for table in statement.tables:
        found.setdefault(table, {"R"})
    return {table: in_order(letters) for table, letters in sorted(found.items())}


def _verbs(node: exp.Expr) -> str:
    if isinstance(node, exp.Update):
        return "U"
    if isinstance(node, exp.Delete):
        return "D"
    conflict = node.args.get("conflict")
    if conflict is None:
        return "C"
    # DO NOTHING leaves the row that is there alone; any other answer to a conflict changes it.
    says = conflict.sql().upper()
    return "C" if says.endswith("DO NOTHING") else "CU"
