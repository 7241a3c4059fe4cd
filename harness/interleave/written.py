"""Which tables a statement writes, read from its text.

Used to put back no more than an execution may have changed. In doubt (a text that does not parse, a
statement that is no plain DML) the answer is `EVERYTHING`.
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


@dataclass(frozen=True, slots=True)
class Writing:
    """One table written; `columns` are those an UPDATE sets, None if rows come or go."""

    table: str
    columns: frozenset[str] | None


EVERYTHING = (Writing("*", None),)
"""The statement may have written any table."""


@lru_cache(maxsize=4096)
def written_by(text: str, dialect: str) -> tuple[Writing, ...]:
    """What a statement's text says that it writes.

    >>> written_by("update t set v = %(v)s where k = 1", "postgres")
    (Writing(table='t', columns=frozenset({'v'})),)
    >>> written_by("select 1 from t for update", "mysql")
    ()
    >>> written_by("call surprise()", "mysql") == EVERYTHING
    True
    """
    try:
        tree = sqlglot.parse_one(_PLACEHOLDER.sub("NULL", text).replace("%%", "%"), dialect=dialect)
    except SqlglotError:
        return EVERYTHING
    if any(tree.find_all(exp.Anonymous)):
        return EVERYTHING  # a function of the user's own may write
    writings = tuple(_writing(node) for node in tree.find_all(exp.Insert, exp.Update, exp.Delete))
    if writings or isinstance(tree, _READING):
        return writings
    return EVERYTHING


_READING = (exp.Query, exp.Set, exp.Transaction, exp.Commit, exp.Rollback, exp.Show)


def _writing(node: exp.Expression) -> Writing:
    table = node.find(exp.Table)
    if table is None or (isinstance(node, exp.Update) and table.args.get("joins")):
        return EVERYTHING[0]
    if isinstance(node, exp.Update) and isinstance(node.this, exp.Table):
        targets = [e.this for e in node.expressions if isinstance(e, exp.EQ)]
        return Writing(table.name, frozenset(t.name for t in targets if isinstance(t, exp.Column)))
    return Writing(table.name, None)
