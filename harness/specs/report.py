"""Tell a permutation as PostgreSQL's isolation tester does: what is said, and when.

The tester looks at one step at a time, in a fixed order, and says what it sees: first at the step
that it has just sent, then at those it has seen waiting, the longest waiting first. A step that
comes to wait is looked at again when the next one has been sent. Here the same looks are taken when
the sessions are at rest, so that what is said does not depend on who was quicker.

No connection and no clock: the stage says what became of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.specs.answer import Answer, Failure, Notice, Notification, Rows, aligned
from harness.specs.spec import AfterNotices, Behind, Once, Place, SpecStep


class Stage(Protocol):
    """Where the sessions are."""

    def answer(self, session: str) -> Answer | None:
        """What came back for the session's step; None while it is under way."""

    def take_notices(self, session: str) -> Sequence[str]:
        """The notices that the session has got and nobody has taken, each with its line end."""

    def name_of(self, server_id: int) -> str | None:
        """The session that the server knows by this number, if it is one of the spec's."""


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """A step that was sent and not yet reported completed."""

    step: SpecStep
    session: str
    place: Place
    targets: tuple[tuple[str, int], ...]
    """For each marker that waits for notices: the session, and its count that is enough."""


class Report:
    """What is said of one permutation; `say` takes it, piece by piece."""

    def __init__(self, stage: Stage, say: Callable[[str], None]) -> None:
        self._stage = stage
        self.say = say
        self._active: dict[str, Sent] = {}
        self._notices: dict[str, int] = {}
        self._new_notices = False
        self.waiting: list[Sent] = []

    def say_result(self, session: str, answer: Answer) -> None:
        """Say what a setup or teardown block gave: its notices, and its last result's rows."""
        self._hear(session)
        for part in answer.parts:
            if isinstance(part, Notice):
                self._say_notice(session, part.text)
        last = answer.last()
        if isinstance(last, Rows):
            self.say(aligned(last))

    def active(self, session: str) -> Sent | None:
        """The session's step that was sent and not yet reported completed."""
        return self._active.get(session)

    def send(self, step: SpecStep, session: str, place: Place, sessions_of: dict[str, str]) -> Sent:
        """Note that a step is sent; `sessions_of` says whose step is whose."""
        targets = tuple(
            (sessions_of[m.step], self._notices.get(sessions_of[m.step], 0) + m.number)
            for m in place.markers
            if isinstance(m, AfterNotices)
        )
        sent = self._active[session] = Sent(step, session, place, targets)
        return sent

    def look_first(self, sent: Sent) -> None:
        """Look at the step that was just sent, then at those that wait."""
        completed = self._complete(sent, first=True)
        self.look_again()
        if not completed:
            self.waiting.append(sent)

    def look_again(self) -> None:
        """Look at the steps that wait; again, if one may have made another's markers true."""
        again = True
        while again:
            self._new_notices = False
            before = len(self.waiting)
            for sent in list(self.waiting):
                self.look_at(sent)
            marked = any(sent.place.markers for sent in self.waiting)
            again = marked and (len(self.waiting) < before or self._new_notices)

    def look_at(self, sent: Sent) -> bool:
        """Look at one step that waits; whether it is completed by now."""
        completed = self._complete(sent, first=False)
        if completed and sent in self.waiting:
            self.waiting.remove(sent)
        return completed

    # -- one look ---------------------------------------------------------------------------------

    def _complete(self, sent: Sent, *, first: bool) -> bool:
        head = f"step {sent.step.name}: "
        if first and Once() in sent.place.markers:
            self.say(f"{head}{sent.step.sql} <waiting ...>\n")
            return False
        self._hear(sent.session)
        answer = self._stage.answer(sent.session)
        if answer is None or self._must_wait(sent):
            if first:
                self.say(f"{head}{sent.step.sql} <waiting ...>\n")
            return False
        self.say(f"{head}{sent.step.sql if first else '<... completed>'}\n")
        self._say_answer(sent.session, answer)
        del self._active[sent.session]
        return True

    def _must_wait(self, sent: Sent) -> bool:
        under_way = {other.step.name for other in self._active.values()}
        markers = sent.place.markers
        if any(isinstance(marker, Behind) and marker.step in under_way for marker in markers):
            return True
        return any(self._notices.get(session, 0) < enough for session, enough in sent.targets)

    def _hear(self, session: str) -> None:
        for notice in self._stage.take_notices(session):
            self._say_notice(session, notice)

    def _say_notice(self, session: str, notice: str) -> None:
        self.say(f"{session}: {notice}")
        self._notices[session] = self._notices.get(session, 0) + 1
        self._new_notices = True

    def _say_answer(self, session: str, answer: Answer) -> None:
        for part in answer.parts:
            if isinstance(part, Rows):
                self.say(aligned(part))
            elif isinstance(part, Failure):
                self.say(f"{part}\n")
            elif isinstance(part, Notice):
                self._say_notice(session, part.text)
        for notification in answer.notifications:
            self._say_notification(session, notification)

    def _say_notification(self, session: str, got: Notification) -> None:
        sender = self._stage.name_of(got.sender) or f"PID {got.sender}"
        self.say(f'{session}: NOTIFY "{got.channel}" with payload "{got.payload}" from {sender}\n')
