"""A server that dies in the middle of `harness replay day`: unknown, said why, and all stored."""

from __future__ import annotations

import json
import re

import pytest

from harness import cli
from harness.engines import ENGINES
from harness.operations.server_log import ServerLog
from harness.replay.rehearsal import Rehearsal
from harness.servers.server import Killable

pytestmark = pytest.mark.integration

NOT_SEEN = r"lock waits, deadlocks and figures from \d+\.\d s on are unknown: the server "
WORDS = ("--scale", "0.001", "--speed", "9000", "--processes", "1", "--connections", "2")


def test_a_day_whose_server_dies_is_unknown(
    live_server, live_engine, tmp_path, monkeypatch, capsys
) -> None:
    """`live_server` only tells whether this engine can be had; the one that dies is another."""
    killed: list[int] = []
    on = Rehearsal.on

    def on_one_that_dies(self, server, url, isolation, source, say, watch):
        if not isinstance(server, Killable):
            pytest.skip("a given server is not ours to kill")

        def watch_and_kill(moment) -> None:
            watch(moment)
            if moment.ended >= 3 and not killed:
                killed.append(moment.ended)
                server.kill()

        return on(self, server, url, isolation, source, say, watch_and_kill)

    monkeypatch.setattr(Rehearsal, "on", on_one_that_dies)
    stored = tmp_path / "day.json"
    words = ["replay", "day", "--runs", str(tmp_path / "runs"), "--engine", live_engine, *WORDS]
    status = cli.main([*words, "--json", str(stored)])
    said = capsys.readouterr()
    assert killed
    assert status == 2, said.out + said.err
    assert "Traceback" not in said.err
    (cell,) = json.loads(stored.read_text("utf-8"))["cells"]
    assert cell["verdict"] == "unknown"
    ended, lost = cell["executions"], cell["outcomes"]["lost"]
    # Each request was tried: a server that is gone does not make the generator stop or wait.
    assert ended == cell["planned"] == cell["outcomes"]["committed"] + lost, cell["outcomes"]
    assert cell["outcomes"]["committed"] >= killed[0]
    assert lost > 0
    title = f"{ENGINES[live_engine].title} {cell['version']}"
    silent = NOT_SEEN + "is gone: "
    unread = "what the tables hold afterwards is unknown: the server took no connection: "
    for reason in (silent, unread):
        assert re.search(rf"unknown: {re.escape(title)}, read committed: {reason}", said.out)
    assert "requests lost their connection: " in said.out
    (last,) = [
        line
        for line in said.out.splitlines()
        if line.startswith("unknown") and " invariants, " in line
    ]
    assert last.startswith(f"unknown: {title}, read committed: {ended} of {ended} requests")


@pytest.mark.engines("postgresql")
def test_a_day_whose_monitor_fails_tells_what_it_has_not_seen(
    live_server, live_engine, tmp_path, monkeypatch, capsys
) -> None:
    """The server is well, so the tables are looked at; that nobody waited is not known.

    At this level no program takes another's update away: nothing else is wrong.
    """
    read, times = ServerLog.read, []

    def break_down(self, **asked):
        times.append(asked)
        if len(times) == 2:
            raise ZeroDivisionError("nothing to divide by")
        return read(self, **asked)

    monkeypatch.setattr(ServerLog, "read", break_down)
    stored = tmp_path / "day.json"
    words = ["replay", "day", "--runs", str(tmp_path / "runs"), "--engine", live_engine, *WORDS]
    assert cli.main([*words, "--isolation", "serializable", "--json", str(stored)]) == 2
    (cell,) = json.loads(stored.read_text("utf-8"))["cells"]
    assert (cell["verdict"], cell["outcomes"]["lost"]) == ("unknown", 0)
    (reason,) = cell["unknown"]
    failed = "the monitor itself failed: ZeroDivisionError: nothing to divide by"
    assert re.fullmatch(f"{NOT_SEEN}is not watched any more: {failed}", reason)
    assert f"{reason}\n" in capsys.readouterr().out
