"""A server that dies in `harness replay night` ends it: unknown, told why, and what was found."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager

import pytest

from harness import cli
from harness.cli import night
from harness.jobs.ledger import Event
from harness.servers.server import Killable

pytestmark = pytest.mark.integration


@pytest.fixture
def dying(live_server, monkeypatch):
    """Has the server die at the first commit of the night of that number, from 1.

    `live_server` only tells whether this engine can be had; the one that dies is another.
    """
    started, begun, killed = [], [], []
    fatal = 1

    @contextmanager
    def start(*words, **options):
        with night_start(*words, **options) as server:
            if not isinstance(server, Killable):
                pytest.skip("a given server is not ours to kill")
            started.append(server)
            yield server

    def rehearse(*words, watch, **options):
        begun.append(words)

        def watch_and_kill(entry) -> None:
            watch(entry)
            if entry.event is Event.COMMITTED and len(begun) == fatal and not killed:
                killed.append(entry.subject)
                started[0].kill()

        return night_rehearse(*words, watch=watch_and_kill, **options)

    night_start, night_rehearse = night.start, night.rehearse
    monkeypatch.setattr(night, "start", start)
    monkeypatch.setattr(night, "rehearse", rehearse)

    def dies_in(number: int) -> None:
        nonlocal fatal
        fatal = number

    yield dies_in
    assert len(killed) == 1


@pytest.fixture
def replayed(live_engine, tmp_path, capsys):
    """The one cell of a night of this command, which the server's death made unknown."""

    def run(*words):
        stored = tmp_path / "night.json"
        small = ("--scale", "0.0005", "--engine", live_engine, "--runs", str(tmp_path / "runs"))
        status = cli.main(["replay", "night", *small, "--json", str(stored), *words])
        said = capsys.readouterr()
        assert status == 2, said.out + said.err
        gone = "took no connection|is gone, or ended the connection"
        assert re.search(rf"{live_engine}: the server ({gone}): ", said.out)
        assert "again: " in said.out
        assert "Traceback" not in said.err
        document = json.loads(stored.read_text("utf-8"))
        assert (document["verdict"], len(document["missing"])) == ("unknown", 1)
        (cell,) = document["cells"]
        assert (cell["verdict"], cell["complete"]) == ("unknown", False)
        return cell

    return run


@pytest.mark.engines("postgresql")
def test_a_night_whose_server_dies_is_unknown_and_told(dying, replayed):
    dying(1)
    cell = replayed("--no-sequence")
    assert cell["at_once"]["stopped"]
    assert {job["outcome"] for job in cell["at_once"]["jobs"].values()} >= {"not started"}


@pytest.mark.engines("postgresql")
def test_the_night_that_ended_before_stands(dying, replayed):
    dying(2)
    cell = replayed()
    assert cell["at_once"]["stopped"] == ""
    assert {job["outcome"] for job in cell["at_once"]["jobs"].values()} == {"ended"}
    assert cell["at_once"]["tables"]
    assert cell["in_sequence"]["stopped"]
    assert cell["differing"] == []
