"""The front page shows commands that exist, and every command there is."""

from __future__ import annotations

import argparse

import pytest
from tidy.commands import WORDS_OF_RUN, Shown, names, shown, unexplained
from tidy.source import ROOT


@pytest.fixture(scope="module")
def readme() -> str:
    path = ROOT / "README.md"
    assert path.is_file(), "README.md is missing: the front page shows the commands"
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def parser() -> argparse.ArgumentParser:
    try:
        from harness.cli import build_parser
    except ImportError as error:
        pytest.fail(f"harness.cli.build_parser() is needed to check the README: {error}")
    return build_parser()


def refusal(parser: argparse.ArgumentParser, command: Shown, capsys) -> str:
    """What the parser says against a command; empty when it is content."""
    from harness.errors import HarnessError

    try:
        parser.parse_args(command.arguments)
    except SystemExit as end:
        said = capsys.readouterr().err.strip()
        return "" if end.code in {0, None} else said or f"exit status {end.code}"
    except (HarnessError, argparse.ArgumentError) as error:
        return str(error)
    return ""


def test_every_command_of_the_readme_exists(readme, parser, capsys) -> None:
    commands = list(shown(readme))
    assert commands, "README.md shows no command in a fenced block"
    refused = {
        f"{command.program} {' '.join(command.arguments)}": said
        for command in commands
        if command.is_for_harness and (said := refusal(parser, command, capsys))
    }
    assert not refused


def test_every_command_is_in_the_readme(readme, parser) -> None:
    assert not unexplained(readme, names(parser))


def test_words_of_run_are_in_run_and_in_the_readme(readme) -> None:
    text = (ROOT / "run").read_text(encoding="utf-8")
    for word in WORDS_OF_RUN:
        assert f"        {word})" in text, f"./run knows no '{word}'"
    for word in WORDS_OF_RUN - {"python"}:
        assert f"./run {word}" in readme


def test_made_up_command_is_refused(parser, capsys) -> None:
    assert refusal(parser, Shown("harness", ("no-such-command",)), capsys)


DOCUMENT = r"""
Prose with `harness nothing` and ./run nothing.

```console
$ ./run reproduce problem-2 --engine "a b"  # a comment
harness output that looks like a command
$ MODE=quick harness explore a:b \
      c:d | less
$ cd elsewhere && ./run test -k x > out.txt
```

```sh
harness servers
ls
```

```text
./run drill
harness is no command here
```
"""


def test_commands_are_found_where_a_reader_would_type_them() -> None:
    assert [(command.program, *command.arguments) for command in shown(DOCUMENT)] == [
        ("./run", "reproduce", "problem-2", "--engine", "a b"),
        ("harness", "explore", "a:b", "c:d"),
        ("./run", "test", "-k", "x"),
        ("harness", "servers"),
        ("./run", "drill"),
    ]


def test_words_of_run_are_not_for_harness() -> None:
    assert not Shown("./run", ("test", "-k", "x")).is_for_harness
    assert Shown("./run", ("reproduce", "problem-2")).is_for_harness
    assert Shown("harness", ("test",)).is_for_harness


def test_command_that_no_document_shows_is_found() -> None:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    commands.add_parser("servers")
    backup = commands.add_parser("backup").add_subparsers()
    backup.add_parser("take")
    backup.add_parser("list")
    assert list(names(parser)) == ["servers", "backup take", "backup list"]
    text = "Use `harness servers`, then `./run backup take`."
    assert unexplained(text, names(parser)) == ["backup list"]
