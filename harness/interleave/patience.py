"""How long to listen for a step's answer before the server is asked who waits.

A matter of speed only, never of evidence: asked too soon the server says that nobody waits yet, asked
late it says the same as it would have said before.
"""

from __future__ import annotations

from harness.clock import now_s
from harness.sessions.step import Step

_SHORTEST_S, _LONGEST_S = 0.0002, 0.02


class Patience:
    """Learns how quickly this server answers, and which statements it ever made wait.

    Most steps never wait, and to ask about those costs as much as a statement of their own. A
    statement that has waited before will often wait again: it is asked about early.
    """

    def __init__(self) -> None:
        self._usual_s = 0.001
        self._have_waited: set[str] = set()
        self._released_s = 0.0
        self._step: Step | None = None

    def released(self, step: Step) -> None:
        """Note that a step was let go now."""
        self._step, self._released_s = step, now_s()

    def answered(self) -> None:
        """Note that the step let go last has settled by itself."""
        if self._step is not None:
            self._usual_s += (now_s() - self._released_s - self._usual_s) / 16
            self._step = None

    def waits(self, step: Step) -> None:
        """Note that the server reported this step waiting."""
        self._have_waited.add(step.text)
        self._step = None

    def first_s(self) -> float:
        """How long to listen before asking for the first time."""
        often = self._step is not None and self._step.text in self._have_waited
        return self._within(self._usual_s * (1.25 if often else 8))

    def next_s(self) -> float:
        """How long to listen before asking again."""
        return self._within(self._usual_s / 2)

    @staticmethod
    def _within(wanted_s: float) -> float:
        return min(_LONGEST_S, max(_SHORTEST_S, wanted_s))
