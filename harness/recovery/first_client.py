"""The first program at the door: it asks a server that starts for entry until it is let in.

How often and in which words it is refused belongs to a recovery: users see nothing else of it.
"""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DBAPIError

from harness.clock import now_s, pause
from harness.errors import HarnessError
from harness.servers import asking

_EVERY_S = 0.02
_LOOK_S = 0.2
NOBODY = "nobody listens"
_PORT = re.compile(r"(?<=port) \d+")
_JOIN_S = 30.0


class FirstClient:
    """Connects again and again on a thread of its own, then does one thing and leaves."""

    def __init__(self, database: Database, enter: Callable[[Connection], None]) -> None:
        """`enter` commits one transaction.

        The engine has connected before: a connection costs what it costs a program that runs.
        """
        self.refused: Counter[str] = Counter()
        """Refused connections, by the words in which they were refused."""
        self.connected_s: float | None = None
        """When it was let in, on the clock of `now_s`."""
        self.committed_s: float | None = None
        """When its commit was acknowledged."""
        self.problem: HarnessError | None = None
        """Why its commit was not."""
        self._database = database
        self._enter = enter
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="first client", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._leave.set()
        self._thread.join(_JOIN_S)
        self._leave.set()

    def _ask(self) -> None:
        while not self._leave.is_set():
            if not self._listens():
                self.refused[NOBODY] += 1
                pause(_EVERY_S)
                continue
            try:
                with self._database.connect() as connection:
                    self.connected_s = now_s()
                    self._enter(connection)
                    self.committed_s = now_s()
                    return
            except DBAPIError as error:
                self.connected_s = None
                said = asking.words(error.orig or error)
                self.refused[_PORT.sub("", said)] += 1
            except HarnessError as error:
                self.problem = error
                return
            pause(_EVERY_S)

    def _listens(self) -> bool:
        """Whether anybody listens on the server's port.

        A driver's attempt that meets a network still under construction gets no answer, and the
        operating system repeats it only after a second: the server would seem slower than it is.
        """
        url = self._database.url
        try:
            with socket.create_connection((url.host, url.port), timeout=_LOOK_S):
                return True
        except OSError:
            return False
