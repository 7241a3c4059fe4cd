"""The commands a document shows, as the argument parser would get them."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

# What ./run itself understands; anything else is a command of harness.
WORDS_OF_RUN = frozenset({"test", "lint", "python"})

FENCE = re.compile(
    r"^ {0,3}```+ *(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^ {0,3}```",
    re.MULTILINE | re.DOTALL,
)
SCRIPTS = frozenset({"sh", "bash", "shell"})
SETTING = re.compile(r"[A-Z_][A-Z0-9_]*=\S*")


@dataclass(frozen=True)
class Shown:
    """One command of a document: the program and its arguments."""

    program: str
    arguments: tuple[str, ...]

    @property
    def is_for_harness(self) -> bool:
        return self.program == "harness" or self.arguments[:1] not in {
            (word,) for word in WORDS_OF_RUN
        }


def shown(document: str) -> Iterator[Shown]:
    """Every `./run …` and `harness …` in the fenced blocks.

    A line counts when it has a prompt (`$ `), is in a block of a script, or calls ./run.
    """
    for fence in FENCE.finditer(document):
        for line in fence["body"].replace("\\\n", " ").splitlines():
            text = line.strip()
            is_prompted = text.startswith("$ ")
            text = text.removeprefix("$ ").strip()
            if not (is_prompted or fence["language"] in SCRIPTS or text.startswith("./run")):
                continue
            yield from _commands(text)


def _commands(line: str) -> Iterator[Shown]:
    """The commands of a line, without settings before and redirections behind."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    command: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set("();<>|&"):
            if command and command[0] in {"./run", "harness"}:
                yield Shown(command[0], tuple(command[1:]))
            command = ["(redirected)"] if set(word) <= set("<>") else []
        elif command or not SETTING.fullmatch(word):
            command.append(word)


def names(parser: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> Iterator[str]:
    """The commands a parser understands: 'replay', 'backup take'."""
    nested = [
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    ]
    if not nested and before:
        yield " ".join(before)
    for action in nested:
        for name, child in action.choices.items():
            yield from names(child, (*before, name))


def unexplained(document: str, commands: Iterator[str]) -> list[str]:
    """The commands that a document never shows after `./run` or `harness`."""
    return [
        command
        for command in commands
        if not re.search(rf"(\./run|\bharness) {re.escape(command)}\b", document)
    ]
