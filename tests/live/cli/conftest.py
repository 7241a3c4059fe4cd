"""The command line in a process of its own, as a user runs it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from live.cli.standby import HARNESS, stand_by
from live.servers import evidence

from harness.servers import register

ROOT = Path(__file__).resolve().parents[3]
BANK = ROOT / "tests" / "examples" / "bank"


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit status."""

    status: int
    out: str
    err: str

    def line(self, beginning: str) -> str:
        """The one line of the results that begins so, without that beginning."""
        (found,) = [x for x in self.out.splitlines() if x.startswith(beginning)]
        return found.removeprefix(beginning)


@dataclass
class CommandLine:
    """Runs `harness` in a folder, with a register and a folder of runs of its own."""

    folder: Path
    state: Path
    environment: dict[str, str] = field(repr=False)

    def start(
        self, *words: str, stderr: int = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[str]:
        """Start it in a process group of its own, as a shell does."""
        return subprocess.Popen(
            [str(HARNESS), *words],
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *words: str, **environment: str) -> Said:
        return Said(*stand_by().run(words, self.folder, self.environment | environment))

    def remains(self) -> Sequence[str]:
        """What is left of all that was ever started from here."""
        left = []
        for path in self.state.glob("harness-*.json"):
            record = register.Record.parse(path.read_text("utf-8"))
            folders = [Path(folder) for folder in record.folders]
            left += [record.name, *evidence.remains_of(record.name, folders)]
        return left


@pytest.fixture
def harness(tmp_path) -> Iterator[CommandLine]:
    """The command line, taking servers from wherever this machine offers them."""
    said = {name: value for name, value in os.environ.items() if not name.endswith("_COMMAND")}
    said.pop("COLUMNS", None)  # pytest-xdist tells its workers a width; a pipe has none
    own = {"HARNESS_STATE": str(tmp_path / "state"), "HARNESS_RUNS": str(tmp_path / "runs")}
    folder = tmp_path / "here"
    folder.mkdir()
    line = CommandLine(folder, tmp_path / "state", said | own)
    yield line
    assert not line.remains()


@pytest.fixture
def here(harness, database) -> CommandLine:
    """The command line, using an empty database on the test session's server of each engine."""
    url = database.url.render_as_string(hide_password=False)
    harness.environment["HARNESS_SERVER"] = url
    harness.environment["HARNESS_SOURCE"] = "given"
    return harness


@pytest.fixture
def bank(here) -> CommandLine:
    """The same, in the folder of the bank."""
    here.folder = BANK
    return here
