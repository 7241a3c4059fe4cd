"""What docs/night.md shows of `harness plan` is what the command prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from harness import cli

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "night.md"
BLOCK = re.compile(r"^\$ \./run (plan [^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = BLOCK.findall(DOCUMENT.read_text("utf-8"))


def test_the_document_shows_every_planner():
    assert {command.split()[1] for command, _ in SHOWN} == {
        "restart", "recovery-time", "lock-memory", "log-volume", "backups",
    }  # fmt: skip


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_what_is_shown_is_what_is_printed(command, shown, capsys):
    cli.main(shlex.split(command))
    assert capsys.readouterr().out == shown
