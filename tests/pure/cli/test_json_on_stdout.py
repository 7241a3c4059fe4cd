"""`--json -`: the document alone on stdout, what is for people beside it."""

import json
import sys
from argparse import Namespace

import pytest

from harness.cli.results import ON_STDOUT, document_alone
from harness.errors import HarnessError
from harness.report import runs


@pytest.mark.parametrize("planner", ["restart", "recovery-time", "log-volume", "backups"])
def test_a_program_reads_the_document_from_stdout(harness, planner, tmp_path):
    alone = harness("plan", planner, "--json", "-")
    told = harness("plan", planner, "--json", "answer.json")
    assert json.loads(alone.out) == json.loads((tmp_path / "answer.json").read_text())
    assert alone.err == told.out
    assert alone.status == told.status


def test_what_is_refused_leaves_stdout_empty(harness):
    said = harness("plan", "restart", "--crash", "9", "--json", "-")
    assert (said.status, said.out) == (64, "")
    assert said.err == "window 9: the night has windows 1 to 5\n"


def test_what_was_written_is_told_whatever_fails_behind_it(capsys):
    """A folder for `--script`, or a file for `--write-expected`, which cannot be written."""

    def run(arguments):
        runs.write(arguments.json, {"cells": []})
        sys.stdout.write("for people\n")
        raise HarnessError("a script cannot be written")

    arguments = Namespace(json=ON_STDOUT)
    with pytest.raises(HarnessError), document_alone(arguments):
        run(arguments)
    said = capsys.readouterr()
    assert (json.loads(said.out), said.err) == ({"cells": []}, "for people\n")


def test_what_fails_before_a_document_is_made_leaves_stdout_empty(capsys):
    with pytest.raises(HarnessError), document_alone(Namespace(json=ON_STDOUT)):
        raise HarnessError("no room")
    assert capsys.readouterr().out == ""


def test_no_file_is_called_minus(harness, tmp_path):
    harness("plan", "backups", "--json", "-")
    assert not list(tmp_path.iterdir())


def test_servers_are_written_to_a_file_as_well(harness, tmp_path):
    """From one source that starts nothing and asks nobody."""
    only = ("--source", "given")
    shown = harness("servers", "--json", *only)
    harness("servers", "--json", "found.json", *only)
    assert json.loads(shown.out) == json.loads((tmp_path / "found.json").read_text())
    assert {one["source"] for one in json.loads(shown.out)["servers"]} == {"given"}


@pytest.mark.parametrize("word", ["list", "clean"])
def test_what_servers_does_is_no_file_s_name(harness, tmp_path, word):
    said = harness("servers", "--json", word)
    assert (said.status, said.out) == (64, "")
    assert said.err.endswith(f"  hint: say it first: harness servers {word} --json\n")
    assert not list(tmp_path.iterdir())
