"""The words of a spec file, each with its line."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import UsageError
from harness.specs.spec import BLANKS, KEYWORDS


class Kind(enum.Enum):
    """What a word is; the value is how a message calls it."""

    KEYWORD = "keyword"
    NAME = "name"
    BLOCK = "SQL block"
    NUMBER = "number"
    SIGN = "sign"
    END = "end of the file"


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `text` is a name without its quotes, a block without its braces."""

    kind: Kind
    text: str
    line: int

    def readable(self) -> str:
        """As a message shows it."""
        match self.kind:
            case Kind.END:
                return "the end of the file"
            case Kind.BLOCK:
                return "an SQL block"
            case Kind.NAME:
                return f"the name '{self.text}'"
            case _:
                return f"'{self.text}'"


_WORD = re.compile(
    rf"""
      (?P<skipped> [\n{BLANKS}]+ | \#[^\n]* )
    | (?P<name>    [^\W\d][\w$]* )
    | (?P<number>  [0-9]+ )
    | (?P<sign>    [(),*] )
    | " (?P<quoted> (?: "" | [^"\n] )* ) "
    | \{{ (?P<block> [^}}]* ) \}}
    """,
    re.VERBOSE,
)


def words(text: str, file: str) -> Iterator[Word]:
    """The words of a spec, then its end.

    Raises:
        UsageError: something is no word; says in which line.
    """
    line, at = 1, 0
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise UsageError(f"{file}:{line}: {_strange(text[at:])}")
        if (word := _word(match, line)) is not None:
            yield word
        line += match[0].count("\n")
        at = match.end()
    yield Word(Kind.END, "", line)


def _word(match: re.Match[str], line: int) -> Word | None:
    kind = match.lastgroup
    text = match[kind] if kind is not None else ""
    match kind:
        case "name":
            return Word(Kind.KEYWORD if text in KEYWORDS else Kind.NAME, text, line)
        case "quoted":
            return Word(Kind.NAME, text.replace('""', '"'), line)
        case "block":
            return Word(Kind.BLOCK, text.strip(BLANKS), line)
        case "number":
            return Word(Kind.NUMBER, text, line)
        case "sign":
            return Word(Kind.SIGN, text, line)
        case _:
            return None


def _strange(rest: str) -> str:
    match rest[0]:
        case "{":
            return "the SQL block that begins here has no '}'"
        case '"':
            return "the quoted name that begins here does not end in its line"
        case character:
            return f"the character {character!r} begins nothing that a spec knows"
