"""Split a block of SQL into its statements, for servers that take one at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import sqlglot
from sqlglot import TokenType
from sqlglot.errors import SqlglotError

from harness.errors import UsageError

# A body has semicolons of its own, which only the server can tell from those between statements.
_HAS_A_BODY = re.compile(
    r"\s*create\s+(?:or\s+replace\s+)?(?:definer\s*=\s*\S+\s+)?(?:aggregate\s+)?"
    r"(?:procedure|function|trigger|event)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def statements_of(block: str, dialect: str) -> Sequence[str]:
    r"""The statements of a block, each as it is written, without the semicolon behind it.

    A routine, trigger or event ends with its block: put it into a block of its own.

    >>> statements_of("begin; select ';' /* ; */ from t; -- no more", "mysql")
    ('begin', "select ';' /* ; */ from t")

    Raises:
        UsageError: the block cannot be read: a quote is not closed, for one.
    """
    try:
        tokens = sqlglot.tokenize(block, read=dialect)
    except SqlglotError as error:
        raise UsageError(f"SQL block: cannot be split into statements: {error}", block) from error
    ends = [token.start for token in tokens if token.token_type is TokenType.SEMICOLON]
    found, begin = [], 0
    while begin < len(block):
        whole = _HAS_A_BODY.match(block, begin) is not None
        end = next((e for e in ends if e >= begin and not whole), len(block))
        if any(begin <= token.start < end for token in tokens):
            found.append(block[begin:end].strip())
        begin = end + 1
    return tuple(found)
