"""A command is found by its name, and does not wait for what only others need."""

import subprocess
import sys

import pytest

from harness.cli import COMMANDS, build_parser

IMPORTED = """
import sys
from harness.cli import build_parser
build_parser(sys.argv[1:])
print(*(name for name in sys.modules if name.startswith("harness.")))
"""


def imported_by(*words: str) -> set[str]:
    """The modules of the harness that a command line of its own imports before it runs."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *words], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_alone_is_the_one_of_the_whole_command_line(name, capsys):
    said = []
    for words in ([name], []):
        with pytest.raises(SystemExit):
            build_parser(words).parse_args([name, "--help"])
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert said[0].startswith("usage: ")
    assert f" {name} " in said[0].splitlines()[0]


@pytest.mark.parametrize("words", [["repoduce"], ["--help"], []], ids=" ".join)
def test_a_word_that_is_no_command_is_told_all_of_them(words, capsys):
    with pytest.raises(SystemExit):
        build_parser(words).parse_args(words or ["repoduce"])
    said = capsys.readouterr()
    assert [name for name in COMMANDS if name in said.out + said.err] == list(COMMANDS)


def test_a_command_imports_nothing_of_the_others():
    imported = imported_by("schema", "ddl", "--engine", "mysql")
    assert not {f"harness.cli.{name}" for name in COMMANDS if name != "schema"} & imported
    assert not {name for name in imported if name.startswith("harness.interleave")}


def test_who_asks_for_help_is_shown_what_all_import():
    """The control: the check above would see what is imported."""
    assert {f"harness.cli.{name}" for name in COMMANDS} <= imported_by("--help")
