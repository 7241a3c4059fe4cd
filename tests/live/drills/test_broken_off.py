"""A drill that breaks off half way never holds: unknown with what was seen, or interrupted.

Everything at night (HARNESS_REPEATS), one engine and no more than tells the drills apart otherwise:
each drill starts a server.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager

import pytest

from harness import cli
from harness.cli import (
    drill_lock_memory,
    drill_log_space,
    drill_recovery_time,
    drill_steps,
    drill_work_tables,
)
from harness.engines import ENGINES
from harness.errors import DeadlineExceeded

REPEATS = bool(os.environ.get("HARNESS_REPEATS"))

pytestmark = [
    pytest.mark.integration,
    pytest.mark.engines(*(ENGINES if REPEATS else ["postgresql"])),
]

DISTANCES = ("--only", "distances", "--rows", "1000", "--rows", "2000", "--open-part", "0")
# module, words, how often it tells what it does until it breaks off, how much has been done then
DRILLS = {
    "work-tables": (drill_work_tables, ("work-tables",), 2, 2),
    "lock-memory": (drill_lock_memory, ("lock-memory",), 4, 0),
    "log-space": (drill_log_space, ("log-space",), 2, 1),
    "recovery-time": (drill_recovery_time, ("recovery-time", *DISTANCES), 1, 1),
    "steps": (drill_steps, ("steps", "--way", "swap", "--rows", "200"), 2, 1),
}


SOME = DRILLS if REPEATS else ["lock-memory"]


@pytest.fixture
def broken_off(request, live_engine, live_server, monkeypatch, tmp_path, capsys):
    """Runs a drill in whose middle something happens; its cells, if it told any.

    `live_server` only tells whether this engine can be had; the one that is drilled is another.
    """
    module, words, enough, done = DRILLS[request.param]
    stored, servers, told = tmp_path / "cells.json", [], []

    @contextmanager
    def start(*said, **options):
        with really_start(*said, **options) as server:
            servers.append(server)
            yield server

    really_start = module.start
    monkeypatch.setattr(module, "start", start)

    def run(happens):
        def tell(*said) -> None:
            told.append(said)
            if len(told) == enough:
                happens(servers[-1])

        if module is drill_recovery_time:
            monkeypatch.setattr(module._Measuring, "_said", tell)
        else:
            monkeypatch.setattr(module, "say_beside", tell)
        options = ("--engine", live_engine, "--runs", str(tmp_path / "runs"))
        status = cli.main(["drill", *words, *options, "--json", str(stored)])
        said = capsys.readouterr()
        assert len(told) >= enough, said.out + said.err
        document = json.loads(stored.read_text("utf-8")) if stored.exists() else None
        return status, said, document, done

    return run


def told_of(document) -> str:
    """Why nothing is known: of the engine, or of its cell."""
    return "\n".join([*document["missing"], *(w for c in document["cells"] for w in why(c))])


def why(cell) -> list[str]:
    return cell["unknown"] if isinstance(cell.get("unknown"), list) else []


@pytest.mark.parametrize("broken_off", DRILLS, indirect=True)
def test_server_that_goes_away_is_unknown_with_what_was_seen(broken_off) -> None:
    status, said, document, done = broken_off(lambda server: server.kill())
    assert status == 2, said.out + said.err
    assert "Traceback" not in said.err
    assert "holds:" not in said.out
    for cell in document["cells"]:
        assert (cell["verdict"], cell["complete"]) == ("unknown", False)
        assert cell["executions"] == done
    assert document["cells"]
    seen = ("took no connection", "is gone, or ended the connection")
    assert any(f"the server {one}" in told_of(document) for one in seen), told_of(document)
    assert "unknown: " in said.out


@pytest.mark.parametrize("broken_off", SOME, indirect=True)
def test_what_does_not_happen_in_time_is_unknown(broken_off) -> None:
    def late(_server) -> None:
        raise DeadlineExceeded("not in time, says this test")

    status, said, document, done = broken_off(late)
    assert status == 2, said.out + said.err
    assert [cell["verdict"] for cell in document["cells"]] == ["unknown"] * len(document["cells"])
    assert [cell["executions"] for cell in document["cells"]] == [done] * len(document["cells"])
    assert "not in time, says this test" in told_of(document)
    assert "not in time, says this test" in said.out


@pytest.mark.parametrize("broken_off", SOME, indirect=True)
def test_interrupted_drill_says_so(broken_off) -> None:
    def interrupt(_server) -> None:
        raise KeyboardInterrupt

    status, said, document, _done = broken_off(interrupt)
    assert (status, document) == (cli.INTERRUPTED, None)
    assert said.out == ""
    assert "interrupted: everything that was started has been ended" in said.err
