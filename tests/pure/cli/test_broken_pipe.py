"""Who reads the results may leave early: the status stays that of the command, or says so."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# A command that prints in one of the ways in which commands print, and holds, breaks or knows not.
COMMAND = """
import argparse, sys
from harness import cli
from harness.cli.results import console
how, status = sys.argv[1], int(sys.argv[2])
def run(arguments):
    if how == "rich":
        for _ in range(3):
            console().print("line " * 10_000)
    elif how == "at once":
        for _ in range(3):
            print("line " * 10_000, flush=True)
    else:
        print("line")
    return status
class Built:
    def parse_args(self, words):
        return argparse.Namespace(run=run)
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
