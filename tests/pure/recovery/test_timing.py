"""A dead server is started again, and starts that are refused are counted, not hidden."""

import pytest

from harness.errors import NotReady, ServerError
from harness.recovery.timing import start_again


class Restarting:
    """A server whose starts end as they are told to."""

    def __init__(self, *ends: Exception | None) -> None:
        self._ends = list(ends)

    def restart(self) -> None:
        end = self._ends.pop(0)
        if end is not None:
            raise end


REFUSED = ServerError("e (docker): ended while starting (exit status 1)")


def test_first_start_that_answers_is_the_last():
    started = start_again(Restarting(None))
    assert (started.refused, started.refused_s < started.start_s + 1) == (0, True)


def test_refused_starts_are_tried_again_and_counted():
    assert start_again(Restarting(REFUSED, REFUSED, None)).refused == 2


def test_server_that_ends_in_every_start_does_not_come_back():
    with pytest.raises(ServerError, match="ended while starting"):
        start_again(Restarting(REFUSED, REFUSED, REFUSED))


def test_server_that_lives_and_does_not_answer_is_not_started_again():
    """Nobody knows what it is doing: that is no refusal, and the verdict is unknown."""
    with pytest.raises(NotReady):
        start_again(Restarting(NotReady("e: not ready after 120 s"), None))
