"""How long to listen for a step's answer before the server is asked who waits.

A matter of speed only, never of evidence: asked too soon the server says that nobody waits yet,
asked late it says the same as it would have said before.
"""

from __future__ import annotations

from harness.clock import now_s

Situation = tuple[str, ...]
"""The text of the step let go, and those of the steps before which others are held."""

_SHORTEST_S, _LONGEST_S = 0.00005, 0.02


class Patience:
    """Learns how quickly this server answers, and in which situations a step ever waited.

    Most steps never wait, and to ask about those costs as much as a statement of their own. The
    same step beside the same steps of others will mostly wait again: then it is asked about early.
    """

    def __init__(self) -> None:
        self._usual_s = 0.001
        self._have_waited: set[Situation] = set()
        self._released_s = 0.0
        self._situation: Situation | None = None

    def released(self, situation: Situation) -> None:
        """Note that a step is let go now."""
        self._situation, self._released_s = situation, now_s()

    def answered(self) -> None:
        """Note that the step let go last has settled by itself."""
        if self._situation is not None:
            self._usual_s += (now_s() - self._released_s - self._usual_s) / 16
            self._situation = None

    def waits(self) -> None:
        """Note that the server reported the step let go last waiting."""
        if self._situation is not None:
            self._have_waited.add(self._situation)
            self._situation = None

    def expects_wait(self) -> bool:
        """Whether the step let go last has waited before."""
        return self._situation in self._have_waited

    def first_s(self) -> float:
        """How long to listen before asking for the first time."""
        if self._situation is None:  # somebody may just have been let go on
            return self._within(self._usual_s * 2)
        return self._within(self._usual_s * (0.5 if self.expects_wait() else 8))

    def next_s(self) -> float:
        """How long to listen before asking again."""
        return self._within(self._usual_s / 2)

    @staticmethod
    def _within(wanted_s: float) -> float:
        return min(_LONGEST_S, max(_SHORTEST_S, wanted_s))
