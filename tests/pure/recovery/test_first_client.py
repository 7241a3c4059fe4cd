"""The first program at the door counts how often it is refused, and leaves when it is told to."""

import socket
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from harness.clock import Deadline, poll
from harness.errors import ServerError
from harness.recovery.first_client import NOBODY, FirstClient


class Door:
    """A database that refuses in given words, then lets in."""

    def __init__(self, port, *refusals):
        self.url = SimpleNamespace(host="127.0.0.1", port=port)
        self._refusals = list(refusals)

    def connect(self):
        if self._refusals:
            raise OperationalError("", {}, Exception(self._refusals.pop(0)))
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def listener():
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    return found


def wait_at(client):
    with client:
        for _ in poll(Deadline.after(20), "a refusal"):
            if client.refused[NOBODY]:
                break
        raise ServerError("the server does not start")


def test_refusals_are_counted_by_their_words_without_the_port():
    with listener() as heard:
        heard.listen()
        words = ["port 4711 failed: starting up", "port 4712 failed: starting up", "not yet"]
        with FirstClient(Door(heard.getsockname()[1], *words), lambda _: None) as client:
            for _ in poll(Deadline.after(20), "entry"):
                if client.committed_s is not None:
                    break
    assert client.refused == {"port failed: starting up": 2, "not yet": 1}
    assert client.connected_s <= client.committed_s
    assert client.problem is None


def test_nobody_at_the_door_is_counted_and_an_error_of_ours_ends_the_waiting():
    with listener() as deaf:
        client = FirstClient(Door(deaf.getsockname()[1]), lambda _: None)
        with pytest.raises(ServerError, match="does not start"):
            wait_at(client)
    assert (client.connected_s, client.committed_s) == (None, None)


def test_what_goes_wrong_inside_is_no_refusal():
    def enter(_):
        raise ServerError("did not commit")

    with listener() as heard:
        heard.listen()
        with FirstClient(Door(heard.getsockname()[1]), enter) as client:
            for _ in poll(Deadline.after(20), "an end"):
                if client.problem is not None:
                    break
    assert client.problem.message == "did not commit"
    assert client.committed_s is None
