"""Who reads the results may leave early: the status stays that of the command, or says so."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# A command that prints in one of the ways in which commands print, and holds, breaks or knows not.
COMMAND = """
import argparse, os, pathlib, sys
from harness import cli
from harness.cli.results import console, keep, say_beside
from harness.errors import HarnessError
how, status = sys.argv[1], int(sys.argv[2])
def run(arguments):
    if how == "rich":
        for _ in range(3):
            console().print("line " * 10_000)
    elif how == "at once":
        for _ in range(3):
            print("line " * 10_000, flush=True)
    elif how == "told beside":
        console(sys.stderr).print("progress")
        console(sys.stderr).print("progress")
        print("line")
    elif how == "a document alone":
        print("for people", flush=True)
        console().print("for people")
        arguments.json.write_text("line\\n")
    elif how == "told, and goes on":
        for _ in range(3):
            say_beside("progress")
        print("line")
    elif how == "in the middle":
        print("line")
        print("progress", file=sys.stderr)
    elif how == "kept":
        folder = pathlib.Path(sys.argv[3])
        print("line")
        keep(argparse.Namespace(runs=folder / "runs", json=folder / "it.json"), ["it"], {})
    elif how == "in the end, and refused":
        print("line")
        sys.stderr = open(os.devnull, "w")
        raise HarnessError("refused")
    elif how == "refused":
        raise HarnessError("refused")
    elif how == "a bug":
        raise AssertionError
    else:
        print("line")
    return status
class Built:
    def __init__(self, words):
        pass
    def parse_args(self, words):
        alone = pathlib.Path("-") if how == "a document alone" else None
        return argparse.Namespace(run=run, json=alone)
cli.build_parser = Built
sys.exit(cli.main([]))
"""


@pytest.mark.parametrize(
    ("how", "status", "seen"),
    [
        ("rich", 0, 0),
        ("rich", 2, 2),
        ("in the end", 0, 0),
        ("in the end", 1, 1),
        ("at once", 0, 141),
        ("in the end, and refused", 0, 70),
    ],
)
def test_a_reader_that_left_is_no_verdict(how, status, seen):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, how, str(status)],
            stdout=gone,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (seen, b"")


@pytest.mark.parametrize(
    ("how", "status", "seen", "printed"),
    [
        ("told beside", 1, 1, b"line\n"),
        ("kept", 0, 0, b"line\n"),
        ("told, and goes on", 1, 1, b"line\n"),
        ("a document alone", 2, 2, b"line\n"),
        ("in the middle", 0, 141, b"line\n"),
        ("refused", 0, 70, b""),
        ("a bug", 0, 70, b""),
    ],
)
def test_a_reader_of_what_is_told_beside_takes_no_result_along(
    how, status, seen, printed, tmp_path
):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, how, str(status), str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=gone,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stdout) == (seen, printed)
    assert (tmp_path / "it.json").exists() == (how == "kept")


WRONG_USAGE = 64


@pytest.mark.parametrize("stderr", ["read by nobody", "closed", "on a full disk"])
@pytest.mark.parametrize(
    ("words", "status", "printed"),
    [(["--version"], 0, b"harness "), (["--versoin"], WRONG_USAGE, b"")],
    ids=["a result", "wrong usage"],
)
def test_what_cannot_be_told_beside_changes_no_status(stderr, words, status, printed):
    reading, writing = os.pipe()
    os.close(reading)
    where = {"read by nobody": f">&{writing}", "closed": ">&-", "on a full disk": ">/dev/full"}
    command = 'exec "$0" -c "import sys; from harness import cli; sys.exit(cli.main())" "$@" 2{{}}'
    try:
        done = subprocess.run(
            ["bash", "-c", command.format(where[stderr]), sys.executable, *words],
            stdout=subprocess.PIPE,
            pass_fds=[writing],
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == status
    assert done.stdout.startswith(printed)
    assert printed or not done.stdout
