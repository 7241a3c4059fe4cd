"""A client in a process of its own: heard, paused, killed, and gone with its folder."""

import pytest

from harness.errors import DeadlineExceeded, ServerError
from harness.servers import processes, register
from harness.servers.client_process import client_process

ECHO = "harness.recovery.client_program"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))


def test_a_client_that_ends_by_itself_is_an_error_with_its_last_words():
    with client_process(ECHO) as client:
        client.say("no JSON")
        with pytest.raises(ServerError, match="has ended") as raised:
            client.heard()
        assert "JSONDecodeError" in raised.value.hints[0]


def test_a_paused_client_says_nothing_until_it_goes_on():
    with client_process(ECHO) as client:
        client.pause()
        client.say("no JSON")
        with pytest.raises(DeadlineExceeded):
            client.heard(limit_s=0.5)
        client.resume()
        with pytest.raises(ServerError, match="has ended"):
            client.heard()


def test_a_killed_client_leaves_what_it_had_said_and_nothing_else():
    with client_process(ECHO) as client:
        (record,) = register.records()
        (folder,) = record.folders
        assert processes.inside(folder)
        assert client.kill() == []
        assert processes.inside(folder) == []
    assert list(register.records()) == []


def test_a_client_that_ended_by_itself_was_not_killed():
    """Else a drill would count it among those that died at its hand."""
    with client_process(ECHO) as client:
        client.say("no JSON")
        with pytest.raises(ServerError, match="has ended"):
            client.heard()
        with pytest.raises(ServerError, match="has ended"):
            client.kill()
