"""The swap by another connection than the one that holds writers out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from harness.clock import Deadline, poll
from harness.engines.engine import Engine
from harness.servers.asking import execute, rows_of

_LIMIT_S: Final = 90.0


def swapped_by_another(engine: Engine, filler: Any, holder: Any, statements: Sequence[str]) -> None:
    """Let `filler` swap as soon as `holder` lets go, before anybody else can write.

    The holder lets go when the server says that the filler waits for it, and not earlier.

    Raises:
        DeadlineExceeded: the filler did not come to wait; the tables are as they were.
        engine.driver_error: the server refused; the tables are as they were.
    """
    how = engine.replacing
    number = rows_of(filler, engine.session_query)[0][0]
    with ThreadPoolExecutor(1, "swap") as thread:
        swap = thread.submit(execute, filler, statements)
        try:
            for _ in poll(Deadline.after(_LIMIT_S), "waiting for the swap to wait", 0.005):
                if swap.done() or rows_of(holder, how.waits.format(number)):
                    break
        finally:
            execute(holder, how.let_go)
        swap.result()
