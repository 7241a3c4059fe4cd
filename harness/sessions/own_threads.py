"""The threads on which the harness itself works, told from those that a program started."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_here = threading.local()


@contextmanager
def own_thread() -> Iterator[None]:
    """What the calling thread does meanwhile is the harness's own work."""
    before = is_own_thread()
    _here.is_own = True
    try:
        yield
    finally:
        _here.is_own = before


def is_own_thread() -> bool:
    """Whether the calling thread does the harness's own work."""
    return getattr(_here, "is_own", False)
