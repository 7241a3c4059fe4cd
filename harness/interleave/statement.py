"""Read a statement's text: which tables it names, which it changes, and how it locks.

What cannot be read for sure is not read at all: the callers then assume the worst.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

# What sqlglot cannot parse in full it takes as a command, and warns: here that is an answer.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_PLACEHOLDER = re.compile(r"%\(\w+\)s|%s")
_CHANGING = (exp.Insert, exp.Update, exp.Delete)
_TOUCHING_NO_TABLE = (exp.Set, exp.Transaction, exp.Show)
# What may hide behind a word: a function of the user's own changes what it likes; INTO makes a
# table; what sqlglot does not know in full is a command.
_UNREADABLE = (exp.Anonymous, exp.Command, exp.Into)
_NO_TABLE = "dual"
"""Stands for no table where one must be named."""


@dataclass(frozen=True, slots=True)
class Change:
    """One table changed."""

    table: str
    columns: frozenset[str] | None
    """Those an UPDATE sets; None if rows come or go, or if it cannot be told which."""
    only_adds: bool
    """Rows are added and none that is there is touched."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a text says."""

    tables: frozenset[str] = frozenset()
    """Every table that is named, for reading or changing."""
    hidden: frozenset[str] = frozenset()
    """Names of common table expressions, in each of which a table of that name may be read."""
    changes: tuple[Change, ...] = ()
    locks: bool = False
    """It reads with locks."""
    locks_to_change: bool = False
    """It reads FOR UPDATE."""
    plain: bool = False
    """It may read without locks: some query in it has none, and belongs to no change."""


@lru_cache(maxsize=4096)
def read_statement(text: str, dialect: str) -> Statement | None:
    """A statement from the text that goes to the driver; None if it cannot be read for sure.

    >>> found = read_statement("update t set v = %(v)s where k = 1", "postgres")
    >>> found.changes
    (Change(table='t', columns=frozenset({'v'}), only_adds=False),)
    >>> read_statement("call surprise()", "mysql") is None
    True
    """
    tree = parsed(text, dialect)
    if tree is None:
        return None
    if isinstance(tree, _TOUCHING_NO_TABLE):
        return None if tree.find(exp.Query, *_UNREADABLE) else Statement()
    if tree.find(*_UNREADABLE):
        return None
    if not isinstance(tree, (exp.Query, *_CHANGING)):
        return None
    changes = [_change(node) for node in tree.find_all(*_CHANGING)]
    locks = list(tree.find_all(exp.Lock))
    return _statement(tree, changes, locks)


def parsed(text: str, dialect: str) -> exp.Expr | None:
    """The tree of a text that goes to the driver; None if sqlglot cannot parse it."""
    try:
        return sqlglot.parse_one(_PLACEHOLDER.sub("NULL", text).replace("%%", "%"), dialect=dialect)
    except SqlglotError:
        return None


def _statement(
    tree: exp.Expr, changes: list[Change | None], locks: list[exp.Lock]
) -> Statement | None:
    sure = tuple(change for change in changes if change is not None)
    if len(sure) < len(changes):
        return None
    named = frozenset(cte.alias for cte in tree.find_all(exp.CTE))
    tables = frozenset(table.name for table in tree.find_all(exp.Table) if not _is_none(table))
    return Statement(
        tables - named,
        tables & named,
        sure,
        bool(locks),
        any(lock.args.get("update") for lock in locks),
        not sure and any(not query.args.get("locks") for query in tree.find_all(exp.Select)),
    )


def _is_none(table: exp.Table) -> bool:
    """Whether it names no table: DUAL, or what FOR UPDATE OF repeats, maybe by its alias."""
    return table.name.lower() == _NO_TABLE or isinstance(table.parent, exp.Lock)


def _change(node: exp.Expr) -> Change | None:
    target = node.this.this if isinstance(node.this, exp.Schema) else node.this
    several = node.args.get("tables") or node.args.get("using")
    if not isinstance(target, exp.Table) or target.args.get("joins") or several:
        return None
    if isinstance(node, exp.Update):
        return Change(target.name, _columns_set(node), only_adds=False)
    only_adds = isinstance(node, exp.Insert) and not node.args.get("conflict")
    return Change(target.name, None, only_adds)


def _columns_set(node: exp.Update) -> frozenset[str] | None:
    targets = [e.this if isinstance(e, exp.EQ) else None for e in node.expressions]
    names = frozenset(target.name for target in targets if isinstance(target, exp.Column))
    return names if len(names) == len(targets) else None
