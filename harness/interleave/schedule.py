"""The turns of one execution, as text that can be run again.

    T1 T1 T2 T2* T1 T2

Each word is a turn of the named session. A star says that the step of this turn had to wait, which
is checked when the schedule is run again; a schedule without stars is accepted and checks less.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from harness.errors import UsageError

_TURN = re.compile(r"(?P<session>[A-Za-z][A-Za-z0-9_-]*)(?P<waits>\*?)")


@dataclass(frozen=True, slots=True)
class ScheduledTurn:
    """One turn: whose, whether its step waited, and who could have moved (None: not recorded)."""

    session: str
    waits: bool | None = None
    movable: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The turns taken by one execution."""

    turns: tuple[ScheduledTurn, ...]

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Read a schedule.

        >>> str(Schedule.parse("T1 T2* T1"))
        'T1 T2* T1'

        Raises:
            UsageError: a word is not a turn, or there is none.
        """
        words = text.split()
        starred = "*" in text
        turns = []
        for number, word in enumerate(words, start=1):
            match = _TURN.fullmatch(word)
            if match is None:
                raise UsageError(
                    f"schedule: word {number}, {word!r}, is not a turn",
                    "a schedule is session names separated by blanks: 'T1 T1 T2* T1 T2'",
                )
            waits = bool(match["waits"]) if starred else None
            turns.append(ScheduledTurn(match["session"], waits))
        if not turns:
            raise UsageError(
                "schedule: empty", "a schedule is session names separated by blanks: 'T1 T1 T2'"
            )
        return cls(tuple(turns))

    def sessions(self) -> Sequence[str]:
        """The sessions named, in order of their first turn."""
        return list(dict.fromkeys(turn.session for turn in self.turns))

    def must_name(self, sessions: Collection[str]) -> None:
        """See that a schedule names no others than these.

        Raises:
            UsageError: it does.
        """
        strangers = [name for name in self.sessions() if name not in sessions]
        if strangers:
            raise UsageError(
                f"schedule: names {', '.join(strangers)}, but the sessions are "
                f"{', '.join(sessions)}",
                "T1 is the first program, T2 the second",
            )

    def __str__(self) -> str:
        return " ".join(turn.session + ("*" if turn.waits else "") for turn in self.turns)

    def __len__(self) -> int:
        return len(self.turns)
