"""What sessions put their arrivals into, and one listener takes them from."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A queue for many that put and one that takes, with a limit of time that is kept.

    `SimpleQueue.get(timeout=...)` alone may wait for ever: if its lock happens to be free while it
    is empty, as it is after an item has been taken without waiting, CPython takes the lock, works
    out what is left of the time, and where the machine let more than all of it pass meanwhile, the
    rest is negative, which the lock reads as no limit (CPython 3.11, Modules/_queuemodule.c). A
    look without waiting takes the lock first, after which only `put` frees it.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[T] = SimpleQueue()

    def put(self, item: T) -> None:
        """Put an item in; any thread may."""
        self._queue.put(item)

    def take(self, limit_s: float = 0.0) -> T:
        """The next item, waiting for it at most so many seconds.

        Raises:
            Empty: nothing came in time.
        """
        try:
            return self._queue.get(False)
        except Empty:
            if limit_s <= 0:
                raise
        return self._queue.get(True, limit_s)
