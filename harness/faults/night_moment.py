"""When a kill comes in a night: at an entry of its record, or inside a job.

A night writes down each milestone, each job's start and end, and each commit just before it is sent
and just after it was acknowledged. Each of these is a moment; so is any part of a job's usual time.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import UsageError
from harness.jobs.ledger import Entry, Event

_INSIDE = "inside"
_AFTERWARDS = {Event.FAILED, Event.REOPENED}


@dataclass(frozen=True, slots=True)
class NightMoment:
    """One moment of a night.

    >>> print(NightMoment("committing", "progress_update", 3), "|", NightMoment("passed", "T2"))
    committing progress_update 3 | passed T2
    >>> print(NightMoment.parse("inside report_creation 0.25"))
    inside report_creation 0.25
    """

    event: str
    """An entry's event, or 'inside'."""
    subject: str
    unit: int = 0
    part: float = 0.0
    """Inside a job: the part of its usual time."""

    def __str__(self) -> str:
        if self.event == _INSIDE:
            return f"{self.event} {self.subject} {self.part:.2f}"
        return f"{self.event} {self.subject}" + (f" {self.unit}" if self.unit else "")

    @property
    def is_inside(self) -> bool:
        """Whether it is timed, and not an entry."""
        return self.event == _INSIDE

    @property
    def is_of_a_program(self) -> bool:
        """Whether a job's own program is at work then, so that it can be ended."""
        return self.event in _OF_PROGRAMS

    @classmethod
    def parse(cls, text: str) -> NightMoment:
        """A moment as it was printed.

        Raises:
            UsageError: it is none.
        """
        events = "|".join([_INSIDE, *(event.value for event in Event if event not in _AFTERWARDS)])
        found = re.fullmatch(rf"({events}) (\w+)(?: (\d+(?:\.\d+)?))?", text.strip())
        if found is None or (found[1] == _INSIDE and not 0 <= float(found[3] or -1) <= 1):
            raise UsageError(
                f"moment of a night {text!r}: unknown",
                "'passed T2', 'started JOB', 'committing JOB 3', 'committed JOB 3', 'ended JOB', "
                "'inside JOB 0.25'",
            )
        if found[1] == _INSIDE:
            return cls(_INSIDE, found[2], part=float(found[3]))
        return cls(found[1], found[2], int(float(found[3] or 0)))

    def is_entry(self, entry: Entry) -> bool:
        """Whether an entry of the record is this moment; a job's end, after however many commits.

        A kill at an end that is named without its commits would never come otherwise.
        """
        if (self.event, self.subject) != (entry.event.value, entry.subject):
            return False
        return entry.event is Event.ENDED or self.unit == entry.unit


_OF_PROGRAMS = {Event.STARTED.value, Event.COMMITTING.value, Event.COMMITTED.value}


def program_moments(entries: Sequence[Entry], kills: int, seed: int) -> list[NightMoment]:
    """So many of the moments at which a job's own program is at work and can be ended."""
    lot = random.Random(seed)
    whole = night_moments(entries, 3 * len(entries), seed)
    found = [moment for moment in whole if moment.event in _OF_PROGRAMS]
    return sorted(lot.sample(found, min(kills, len(found))), key=found.index)


def night_moments(entries: Sequence[Entry], kills: int, seed: int) -> list[NightMoment]:
    """So many moments of a night that was recorded whole, the same for the same seed.

    First every milestone, then for each job its start, its first commit before and after, a part of
    its time, and its end; then all other entries, which are the commits in between, by lot.
    """
    lot = random.Random(seed)
    known = [e for e in entries if e.event not in _AFTERWARDS]
    first = [NightMoment("passed", e.subject) for e in known if e.event is Event.PASSED]
    for job in dict.fromkeys(e.subject for e in known if e.event is Event.STARTED):
        first.append(NightMoment(_INSIDE, job, part=round(lot.uniform(0.1, 0.9), 2)))
        first += [
            NightMoment(e.event.value, job, e.unit)
            for e in known
            if e.subject == job and (e.unit < 2 or e.event is Event.ENDED)
        ]
    rest = [NightMoment(e.event.value, e.subject, e.unit) for e in known]
    rest = [moment for moment in rest if moment not in first]
    lot.shuffle(rest)
    some = [*first, *rest]
    if kills < len(first):
        # So that a short run meets the end of the night as well as its begin.
        some = sorted(lot.sample(first, kills), key=first.index)
    return some[:kills]
