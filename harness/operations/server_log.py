"""The server's own log, read as it grows: how many entries of which severity, and their texts.

No password is kept: the one of the connection, and whatever stands where statements have one.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import URL

from harness.clock import now_s
from harness.engines.engine import Engine
from harness.engines.monitoring import SEVERITIES, LogLine, Severity
from harness.errors import ServerError
from harness.servers.server import Inspectable, Server

_KEPT = 100
"""Entries of each severity whose text is kept; all are counted."""
_LONGEST = 1000
_RECENT = 500
_PAUSE_FACTOR = 20
"""A log that can only be read as a whole is left alone for this many times what reading took."""

HIDDEN = "***"
_SECRETS = re.compile(
    r"(?P<before>(?:IDENTIFIED\s+(?:WITH\s+\S+\s+)?(?:BY|AS)|PASSWORD|USING)\s*[=(]?\s*)"
    r"(?P<quote>['\"])(?:(?!(?P=quote)).|(?P=quote){2})*(?P=quote)?"
    r"|(?P<name>\b(?:password|passwd|pwd)\s*=\s*)[^\s'\"]+"
    r"|(?P<url>\b\w[\w+.-]*://[^\s:/@]*:)[^\s@]+(?=@)",
    re.IGNORECASE | re.DOTALL,
)


def without_passwords(text: str, *known: str) -> str:
    """A text of the log with `***` for passwords: those that are known, and where one stands.

    >>> without_passwords("STATEMENT:  ALTER ROLE a PASSWORD 'geheim'; -- abc1", "abc1")
    "STATEMENT:  ALTER ROLE a PASSWORD '***'; -- ***"
    >>> without_passwords("CREATE USER u IDENTIFIED BY 'it''s' REQUIRE SSL")
    "CREATE USER u IDENTIFIED BY '***' REQUIRE SSL"
    >>> without_passwords("conninfo password=x host=h, or postgresql://a:b@h/d")
    'conninfo password=*** host=h, or postgresql://a:***@h/d'
    """
    for word in filter(None, known):
        text = text.replace(word, HIDDEN)
    return _SECRETS.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    if found["quote"]:
        return f"{found['before']}{found['quote']}{HIDDEN}{found['quote']}"
    return f"{found['name'] or found['url']}{HIDDEN}"


@dataclass(frozen=True)
class LogReport:
    """What the server logged while it was watched."""

    counts: dict[Severity, int] = field(default_factory=dict)
    """Entries by severity; all four if the log could be read."""
    lines: tuple[LogLine, ...] = ()
    """The first of each severity, in their order, without passwords."""
    missing: str = ""
    """Why the log could not be read, or not to its end."""


class ServerLog:
    """Follows the log of one server from now on."""

    def __init__(self, engine: Engine, url: URL, server: Server | None) -> None:
        self._engine = engine
        self._password = url.password or ""
        self._taken = 0
        self._rest = ""
        self._counts: Counter[Severity] = Counter()
        self._lines: list[LogLine] = []
        self._recent: deque[LogLine] = deque(maxlen=_RECENT)
        self._not_before = 0.0
        self._lost = ""
        self._server: Inspectable | None = None
        if server is not None and isinstance(server, Inspectable):
            self._server = server
            self._news()
            self._not_before = 0.0

    def read(self, *, ended: bool = False) -> Sequence[LogLine]:
        """Take the new whole entries, without passwords; `ended` takes the last as whole, too.

        Returned are the newest few hundred, new or not: a deadlock may be told in several.
        """
        if self._server is None:
            return []
        news = self._news() if ended or now_s() >= self._not_before else ""
        # An entry that nothing was added to since the last look is whole.
        text, ended = self._rest + news, ended or not news
        read, self._rest = self._engine.monitoring.read_log(text, ended=ended)
        for line in read:
            text = without_passwords(line.text, self._password)
            self._recent.append(replace(line, text=text))
            self._counts[line.severity] += 1
            if self._counts[line.severity] <= _KEPT:
                self._lines.append(replace(line, text=text[:_LONGEST]))
        return list(self._recent)

    def report(self) -> LogReport:
        """What it came to so far."""
        if self._server is None:
            return LogReport(missing="the log of a given server is out of reach")
        counts = {severity: self._counts[severity] for severity in SEVERITIES}
        return LogReport(counts, tuple(self._lines), self._lost)

    def _news(self) -> str:
        """What the log says beyond what was taken already."""
        assert self._server is not None
        path = self._server.log_path
        if path is not None:
            if not path.exists():
                return ""
            with path.open("rb") as file:
                file.seek(self._taken)
                read = file.read()
            self._taken += len(read)
            return read.decode(errors="replace")
        began = now_s()
        try:
            whole, self._lost = self._server.log(), ""
        except ServerError as error:
            self._lost = error.message
            return ""
        self._not_before = now_s() + _PAUSE_FACTOR * (now_s() - began)
        news, self._taken = whole[self._taken :], len(whole)
        return news
