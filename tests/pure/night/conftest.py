"""The command line without servers."""

from __future__ import annotations

import json

import pytest

from harness import cli


@pytest.fixture
def plan(tmp_path, capsys):
    """`harness plan …`: its status, what it printed, and its document (None after an error)."""

    def run(*words):
        path = tmp_path / "answer.json"
        status = cli.main(["plan", *words, "--json", str(path)])
        said = capsys.readouterr()
        document = json.loads(path.read_text("utf-8")) if path.exists() else None
        return status, said.out + said.err, document

    return run
