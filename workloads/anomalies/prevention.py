"""What prevented an anomaly: what became of each dangerous order on a live server.

A dangerous order is one that shows the anomaly when its statements simply take effect. Where no
execution shows the anomaly, each of these orders was hindered in one of three ways:

- *snapshot*: it ran as it is, every step took effect in its place and nobody was refused; the reads
  were answered from versions that hide the anomaly.
- *wait*: it could not be followed to its end, or its steps took effect in another order, because a
  lock made a step wait; and of the executions that follow it for longest, some end well.
- *refusal CODE*: the server refused a program in every execution that follows it for longest.

So a wait that leads to a refusal in any case counts as the refusal: the wait alone would not have
been enough. Where the first of two writers commits, for one, the second waits at every level, and
the levels differ in whether it may go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.interleave.execution import Execution
from workloads.anomalies.orders import Order

SNAPSHOT, WAIT = "snapshot", "wait"


@dataclass(frozen=True, slots=True)
class Ran:
    """An execution, as far as it says what became of an order."""

    turns: Order
    """Whose step was released, turn by turn."""
    effects: Order
    """Whose step settled, one after the other: a step that waited settled later."""
    refused: tuple[str, ...]

    @classmethod
    def of(cls, execution: Execution) -> Ran:
        """What counts of an execution."""
        settled = sorted(
            (turn.settled_in, turn.settled_in != turn.number, turn.number, turn.session)
            for turn in execution.turns
            if turn.settled_in is not None
        )
        return cls(
            tuple(turn.session for turn in execution.turns),
            tuple(session for *_, session in settled),
            tuple(sorted({refusal.code for refusal in execution.refusals()})),
        )

    def follows(self, order: Order) -> int:
        """For how many turns it is the order."""
        same = 0
        for mine, theirs in zip(self.turns, order, strict=False):
            if mine != theirs:
                break
            same += 1
        return same


def prevented_by(orders: Iterable[Order], executions: Sequence[Execution]) -> Mapping[str, int]:
    """How many of the dangerous orders were hindered in which way, the most frequent first.

    `executions` are all that are possible, and none of them shows the anomaly.
    """
    ran = [Ran.of(execution) for execution in executions]
    return dict(Counter(_hindrance(order, ran) for order in orders).most_common())


def _hindrance(order: Order, ran: Sequence[Ran]) -> str:
    longest = max(one.follows(order) for one in ran)
    alike = [one for one in ran if one.follows(order) == longest]
    passed = [one for one in alike if not one.refused]
    if any(one.effects == order for one in passed):
        return SNAPSHOT
    if passed:
        return WAIT
    codes = sorted({code for one in alike for code in one.refused})
    return f"refusal {' or '.join(codes)}"
