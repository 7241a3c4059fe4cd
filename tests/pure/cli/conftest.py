from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.cli import main


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


@pytest.fixture
def state(tmp_path, monkeypatch) -> Path:
    """The register's folder, which is made when the first thing is about to be started."""
    folder = tmp_path / "state"
    monkeypatch.setenv("HARNESS_STATE", str(folder))
    return folder


@pytest.fixture
def harness(capsys, tmp_path, monkeypatch, state) -> Callable[..., Said]:
    """The command line, in an empty folder; what it said and its exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    for name in ("HARNESS_SERVER", "HARNESS_SOURCE", "HARNESS_RUNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> Said:
        try:
            status = main(words)
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return run
