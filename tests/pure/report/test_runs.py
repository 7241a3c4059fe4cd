"""Runs are kept whole, and told early where they cannot be."""

import json
import os
import re

import pytest

from harness.errors import HarnessError
from harness.report import runs


def test_a_run_is_kept_with_its_command(tmp_path) -> None:
    path = runs.store(tmp_path / "deep" / "runs", ["reproduce", "problem-2"], {"cells": ["進捗"]})
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", path.parent.name)
    assert json.loads(path.read_text("utf-8")) == {
        "command": ["reproduce", "problem-2"],
        "cells": ["進捗"],
    }
    assert "進捗" in path.read_text("utf-8")


def test_two_runs_of_the_same_second_do_not_meet(tmp_path) -> None:
    assert len({runs.store(tmp_path, [], {}) for _ in range(5)}) == 5


def test_the_folder_is_the_one_the_environment_names(monkeypatch) -> None:
    monkeypatch.delenv("HARNESS_RUNS", raising=False)
    assert str(runs.default_folder()) == "runs"
    monkeypatch.setenv("HARNESS_RUNS", "/elsewhere")
    assert str(runs.default_folder()) == "/elsewhere"


def test_a_run_that_cannot_be_kept_says_why(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HarnessError) as caught:
        runs.store(tmp_path / "file", [], {})
    assert re.sub(r"file/[^']*", "file/…", caught.value.explain()) == (
        f"run '{tmp_path}/file/…': cannot be stored: not a directory\n"
        "  hint: --runs DIR, or the variable HARNESS_RUNS, names another folder"
    )


def test_what_can_be_made_is_known_beforehand(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    assert runs.can_be_made(tmp_path)
    assert runs.can_be_made(tmp_path / "not" / "yet")
    assert not runs.can_be_made(tmp_path / "file")
    assert not runs.can_be_made(tmp_path / "file" / "below")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_document_replaces_the_one_before_it(tmp_path) -> None:
    path = tmp_path / "result.json"
    runs.write(path, {"cells": [1, 2, 3]})
    runs.write(path, {"cells": []})
    assert json.loads(path.read_text()) == {"cells": []}
    assert list(tmp_path.iterdir()) == [path]


def test_a_document_that_cannot_be_written_leaves_the_one_before_it(tmp_path) -> None:
    path = tmp_path / "result.json"
    runs.write(path, {"cells": []})
    with pytest.raises(TypeError):
        runs.write(path, {"cells": [object()]})
    with pytest.raises(UnicodeEncodeError):
        runs.write(path, {"cells": ["\ud800"]})
    assert json.loads(path.read_text()) == {"cells": []}
    assert list(tmp_path.iterdir()) == [path]


def test_a_document_goes_into_a_pipe_as_well(tmp_path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        runs.write(pipe, {"cells": []})
        assert json.loads(os.read(reader, 1000)) == {"cells": []}
    finally:
        os.close(reader)


def test_a_document_is_written_where_a_link_leads(tmp_path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "there" / "result.json")
    runs.write(link, {"cells": []})
    assert link.is_symlink()
    assert json.loads((tmp_path / "there" / "result.json").read_text()) == {"cells": []}
