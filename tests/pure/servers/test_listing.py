"""What `harness servers` prints, for people and for programs."""

from __future__ import annotations

import json

import pytest

from harness.cli import main
from harness.cli.servers import document
from harness.engines import ENGINES
from harness.errors import Refused
from harness.servers import cleaning, ladder
from harness.servers.cleaning import Cleaned
from harness.servers.offer import Missing, Offer

OFFERED = Offer(ENGINES["mysql"], "docker", "docker mysql:9.7", "9.7.2", open=print)
MISSING = Missing(ENGINES["mysql"], "given", "no URL was given", "--server URL")


@pytest.fixture
def answers(monkeypatch):
    """What each source says, in place of asking the machine."""
    said = {"given": MISSING, "docker": OFFERED}
    monkeypatch.setattr(
        ladder, "LADDER", {name: lambda *_, one=one: one for name, one in said.items()}
    )
    monkeypatch.setattr("harness.cli.servers.ENGINES", {"mysql": ENGINES["mysql"]})
    return said


def test_document_holds_every_answer():
    assert document([MISSING, OFFERED])["servers"] == [
        {
            "engine": "mysql",
            "source": "given",
            "offered": False,
            "description": "no URL was given",
            "version": "",
            "hint": "--server URL",
        },
        {
            "engine": "mysql",
            "source": "docker",
            "offered": True,
            "description": "docker mysql:9.7",
            "version": "9.7.2",
            "hint": "",
        },
    ]


def test_list_shows_offers_with_versions_and_how_to_get_the_others(answers, capsys):
    assert main(["servers"]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "engine  source  version",
        "mysql   given   —        missing: no URL was given",
        "                           hint: --server URL",
        "mysql   docker  9.7.2    docker mysql:9.7",
        "",
        "mysql is taken from docker mysql:9.7",
    ]


def test_list_as_document_is_json_only(answers, capsys):
    assert main(["servers", "--json"]) == 0
    assert [one["source"] for one in json.loads(capsys.readouterr().out)["servers"]] == [
        "given",
        "docker",
    ]


def test_machine_without_any_server_has_status_2(answers, capsys):
    answers["docker"] = MISSING
    ladder.LADDER["docker"] = lambda *_: MISSING
    assert main(["servers"]) == 2
    assert "mysql cannot be had" in capsys.readouterr().out


@pytest.mark.parametrize(("outcome", "status"), [("removed", 0), ("kept", 0), ("failed", 2)])
def test_clean_says_what_became_of_each_thing(monkeypatch, capsys, outcome, status):
    done = [Cleaned("harness-1", "a server", outcome, "a reason")]
    monkeypatch.setattr("harness.cli.servers.clean", lambda **_: done)
    assert main(["servers", "clean"]) == status
    out = capsys.readouterr().out
    assert out.splitlines()[1].split() == [outcome, "harness-1", "a", "server", "a", "reason"]


def test_clean_with_nothing_left_says_so(monkeypatch, capsys):
    monkeypatch.setattr("harness.cli.servers.clean", lambda **_: [])
    assert main(["servers", "clean"]) == 0
    assert capsys.readouterr().out == "nothing was left\n"


def test_error_of_a_given_server_stops_the_ladder(monkeypatch):
    error = Refused("given server there/test: connection refused")
    broken = Missing(ENGINES["mysql"], "given", error.message, "", error)
    monkeypatch.setattr(
        ladder, "LADDER", {"given": lambda *_: broken, "docker": lambda *_: OFFERED}
    )
    with pytest.raises(Refused, match="connection refused"):
        ladder.choose(ENGINES["mysql"], ladder.ServerOptions())


def test_containers_that_docker_cannot_tell_about_do_not_stop_the_cleaning(monkeypatch, tmp_path):
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    assert list(cleaning.clean()) == []
