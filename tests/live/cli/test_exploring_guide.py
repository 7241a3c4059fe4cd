"""The guide shows code that is there, and commands that say what it says they say."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

import pytest
from live.cli.conftest import ROOT

PROJECTS = ROOT / "tests" / "projects"
GUIDE = (ROOT / "docs" / "exploring.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)

# An engine and its version, where the row begins with one; a level; a verdict; interleavings.
ROW = re.compile(
    r"^(?:(?P<engine>\w+) \d[\w.]*)? +(?P<level>(?:read|repeatable|serial)\w* ?\w*) +current +"
    r"(?P<verdict>\w+) +(?P<number>\d+) ",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Command:
    """A command of the guide, the folder it is typed in, and what it says."""

    folder: str
    words: tuple[str, ...]
    said: str

    @property
    def engine(self) -> str | None:
        return self.words[self.words.index("--engine") + 1] if "--engine" in self.words else None


def commands() -> list[Command]:
    found = []
    for _, body in BLOCKS:
        if not body.startswith("$ cd "):
            continue
        typed, said = re.fullmatch(r"((?:(?:\$|     ) [^\n]*\n)+)(.*)", body, re.DOTALL).groups()
        folder, line = typed.replace("\\\n", " ").splitlines()
        words = shlex.split(line)
        assert words[:2] == ["$", "../../../run"]
        found.append(Command(folder.removeprefix("$ cd "), tuple(words[2:]), said))
    return found


def rows(text: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Verdict and interleavings by engine and level."""
    engine, found = "", {}
    for row in ROW.finditer(text):
        engine = row["engine"] or engine
        found[engine.lower(), row["level"].strip()] = row["verdict"], row["number"]
    return found


COMMANDS = commands()


def test_the_guide_shows_commands_and_code():
    assert len(COMMANDS) >= 6
    assert sum(language == "python" for language, _ in BLOCKS) >= 4
    assert all(rows(command.said) for command in COMMANDS)


def test_the_code_it_shows_is_that_of_the_projects():
    sources = [path.read_text(encoding="utf-8") for path in PROJECTS.glob("*/*.py")]
    for language, body in BLOCKS:
        if language == "python":
            assert any(body.rstrip() in source for source in sources), body


def test_code_that_is_nowhere_is_found():
    sources = [path.read_text(encoding="utf-8") for path in PROJECTS.glob("*/*.py")]
    assert not any("def order_lamps_in_vain(" in source for source in sources)


@pytest.mark.integration
@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_a_command_says_what_the_guide_says(here, database, number):
    command = COMMANDS[number]
    if command.engine not in (None, database.kind):
        pytest.skip(f"shown on {command.engine}")
    shown = {cell: told for cell, told in rows(command.said).items() if cell[0] == database.kind}
    assert shown
    here.folder = ROOT / command.folder
    chosen = () if command.engine else ("--engine", database.kind)
    said = here(*command.words, *chosen)
    assert rows(said.out) == shown, said.err
    assert said.status == (1 if "violated" in {told[0] for told in shown.values()} else 0)
