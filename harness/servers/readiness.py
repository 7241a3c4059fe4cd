"""Whether a server is ready: it answers a real query, as the user who will use it.

Log lines are never read for this. A server that initialises itself answers log lines, sockets and
even pings before it is the server that was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import URL

from harness.clock import Deadline, poll
from harness.engines.engine import Engine
from harness.errors import DeadlineExceeded, Ended, NotReady
from harness.servers import asking

START_LIMIT_S = 120.0

_TROUBLE = re.compile(r"\b(ERROR|FATAL|PANIC)\b")


def wait_ready(
    engine: Engine,
    url: URL,
    subject: str,
    *,
    died: Callable[[], str | None],
    seen: Callable[[], str],
    limit_s: float = START_LIMIT_S,
    every_s: float = 0.01,
) -> str:
    """Wait until the server says its version; the version as text.

    `died` says how the server ended, if it did; `seen` says what is to be seen of it.

    Raises:
        Ended: it did that instead.
        NotReady: it lives, and answered no query in time.
    """
    last = "no answer"
    try:
        for _ in poll(Deadline.after(limit_s), subject, every_s):
            if (end := died()) is not None:
                raise Ended(f"{subject}: ended while starting ({end})")
            try:
                return asking.ask(engine, url, engine.version_query)
            except engine.driver_error as error:
                last = asking.words(error)
    except DeadlineExceeded as error:
        raise NotReady(
            f"{subject}: not ready after {limit_s:.1f} s ({seen()})",
            f"the last attempt to connect said: {last}",
            "is the machine busy? HARNESS_START_LIMIT=SECONDS gives it more time",
        ) from error
    raise AssertionError("poll ends by raising")


def last_words(log: str) -> list[str]:
    r"""The lines of a log that say most: the last two that report errors, else the last line.

    >>> last_words("[ERROR] no space left\n[ERROR] Aborting\n[Note] end\n")
    ['its log says: [ERROR] no space left', 'its log says: [ERROR] Aborting']
    >>> last_words("")
    ['its log is empty']
    """
    lines = [line.strip() for line in log[-20_000:].split("\n") if line.strip()]
    errors = [line for line in lines if _TROUBLE.search(line)]
    said = errors[-2:] or lines[-1:]
    return [f"its log says: {line[:300]}" for line in said] or ["its log is empty"]
