"""Signals that end a program end it in an orderly way while servers run, and only then."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from harness.servers.interruption import orderly_exit

NUMBERS = (signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _nobody_asked_yet():
    """As in a program without servers: a test before this one may have left its own running."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS, ids=["SIGTERM", "SIGHUP"])
def test_signal_becomes_an_exit_with_its_usual_status(number):
    with pytest.raises(SystemExit) as caught, orderly_exit():  # noqa: PT012 - it comes in either
        os.kill(os.getpid(), number)
        signal.pause()
    assert caught.value.code == 128 + number


def test_handlers_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    with orderly_exit(), orderly_exit():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_handler_of_somebody_else_is_left_alone():
    seen = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: seen.append(number))
    try:
        with orderly_exit():
            os.kill(os.getpid(), signal.SIGTERM)
        assert seen == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_other_threads_change_nothing():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def work():
        with orderly_exit():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
