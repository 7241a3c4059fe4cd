"""Turn the signals that end a program into an orderly end, so that `with` blocks clean up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def orderly_exit() -> Iterator[None]:
    """SIGTERM and SIGHUP raise SystemExit in the main thread while this is held.

    Only a signal nobody else asked for is changed, and only from the main thread: elsewhere it
    does nothing. A second signal during the clean-up interrupts it; the reaper does the rest.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            before[number] = signal.signal(number, _leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
