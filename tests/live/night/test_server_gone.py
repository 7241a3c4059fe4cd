"""A server that dies in the night of `harness replay night` ends it: unknown, and said why."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from harness import cli
from harness.cli import night
from harness.jobs.ledger import Event
from harness.servers.server import Killable

pytestmark = pytest.mark.integration


@pytest.mark.engines("postgresql")
def test_a_night_whose_server_dies_is_unknown(
    live_server, live_engine, tmp_path, monkeypatch, capsys
) -> None:
    """`live_server` only tells whether this engine can be had; the one that dies is another."""
    started = []

    @contextmanager
    def start(*words, **options):
        with night_start(*words, **options) as server:
            if not isinstance(server, Killable):
                pytest.skip("a given server is not ours to kill")
            started.append(server)
            yield server

    def rehearse(*words, watch, **options):
        def watch_and_kill(entry) -> None:
            watch(entry)
            if entry.event is Event.COMMITTED and len(killed) < 1:
                killed.append(entry.subject)
                started[0].kill()

        return night_rehearse(*words, watch=watch_and_kill, **options)

    killed: list[str] = []
    night_start, night_rehearse = night.start, night.rehearse
    monkeypatch.setattr(night, "start", start)
    monkeypatch.setattr(night, "rehearse", rehearse)
    stored = tmp_path / "night.json"
    words = ("--scale", "0.0005", "--engine", live_engine, "--no-sequence", "--json", str(stored))
    status = cli.main(["replay", "night", "--runs", str(tmp_path / "runs"), *words])
    said = capsys.readouterr()
    assert killed
    assert status == 2, said.out + said.err
    assert f"{live_engine}: the server refused or is gone: " in said.out + said.err
    assert "Traceback" not in said.err
    document = json.loads(stored.read_text("utf-8"))
    assert document["cells"] == []
    assert len(document["missing"]) == 1
