"""ruff and mypy are content; their configuration is in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tidy.source import ROOT


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "--output-format=concise"], ["ruff", "format", "--check"], ["mypy"]],
    ids=["lint", "format", "types"],
)
def test_tool_is_content(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_are_checked_strictly(tmp_path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("def f(a):\n    return a\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(ROOT / "pyproject.toml"),
            str(broken),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "missing a type annotation" in done.stdout
