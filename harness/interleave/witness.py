"""The server's own word about our sessions: who waits, who was in a deadlock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from sqlalchemy import URL

from harness.clock import pause
from harness.engines.engine import Engine
from harness.errors import ServerError
from harness.locks import DeadlockReport, LockProbe, Wait
from harness.sessions.trouble import told

T = TypeVar("T")


class Witness:
    """Asks a lock probe. `asked` counts the quick looks.

    Every method raises ServerError, with what was seen, if the server does not answer.
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self.asked = 0
        self._engine = engine
        self._probe = engine.probe(url)
        self._watched: Mapping[str, int] = {}

    def watch(self, numbers: Mapping[str, int]) -> None:
        """Learn the server's numbers of our sessions; one that connected again has a new one."""
        if numbers != self._watched:
            self._ask(lambda probe: probe.watch(numbers))
            self._watched = dict(numbers)

    def waiting(self, among: Collection[str]) -> Mapping[str, Wait]:
        """Who of these waits for another of ours, now.

        Whose number is not known is only just connecting, and holds and wants nothing.
        """
        self.asked += 1
        known = [name for name in among if name in self._watched]
        return self._ask(lambda probe: probe.waiting(known))

    def await_examination(self) -> None:
        """Pause until the server has looked for a deadlock in each wait told last."""
        if left_s := self._ask(lambda probe: probe.unexamined_s()):
            pause(left_s)

    def closer(self, wait: Wait) -> Wait:
        """The same wait with its lock and row, if it is still there."""
        return self._ask(lambda probe: probe.details(wait.waiter)) or wait

    def last_deadlock(self, detail: str) -> DeadlockReport:
        """The server's newest deadlock; empty if it tells of none, or of somebody else's."""
        report = self._ask(lambda probe: probe.last_deadlock(detail))
        ours = report is not None and not self._watched.keys().isdisjoint(report.cycle)
        return report if report is not None and ours else DeadlockReport((), ())

    def cut(self, name: str) -> None:
        """Have the server end a session's connection, if it knows it."""
        if name in self._watched:
            self._ask(lambda probe: probe.cancel(name))

    def close(self) -> None:
        """Close the probe's connection."""
        self._probe.close()

    def _ask(self, question: Callable[[LockProbe], T]) -> T:
        try:
            return question(self._probe)
        except self._engine.driver_error as error:
            raise ServerError(told(self._engine, error)) from error
