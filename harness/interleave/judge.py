"""Judge one execution: by the scenario's invariants, its own check, and serial equivalence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.checks.serial import (
    Order,
    Outcome,
    contradiction,
    fingerprint,
    matches,
    orders_of,
    parts_of,
)
from harness.checks.state import State, TableShape
from harness.interleave.cell import Finding
from harness.interleave.execution import Execution
from harness.programs import Raised
from harness.scenario import Scenario

NOT_SERIALIZABLE = "not serializable"

_KEPT = 1_000


class Judge:
    """Knows a scenario's rules, and asks for the outcomes of serial orders as it needs them."""

    def __init__(
        self,
        scenario: Scenario,
        shapes: Sequence[TableShape],
        fixture: State,
        serial: Callable[[Order], Outcome | None],
    ) -> None:
        self._scenario = scenario
        self._shapes = shapes
        self._fixture = fixture
        self._serial = serial
        self._judged: dict[object, tuple[str, ...]] = {}
        self._told_apart: dict[object, object] = {}

    def fingerprint(self, outcome: Outcome) -> object:
        """A value that is equal for executions that cannot be told apart by their outcome."""
        key = _key(outcome)
        if key not in self._told_apart:
            _make_room(self._told_apart)
            self._told_apart[key] = fingerprint(outcome, self._shapes, self._fixture)
        return self._told_apart[key]

    def finding(self, execution: Execution, outcome: Outcome) -> Finding | None:
        """What the execution broke; None if nothing, or if a serial order could not be had."""
        return self._broken_rule(execution, outcome) or self._not_serial(execution, outcome)

    def explain(self, finding: Finding, outcome: Outcome) -> tuple[str, ...]:
        """The finding's sentences, with what each serial order would have given."""
        if finding.kind == NOT_SERIALIZABLE or not self._scenario.serial_equivalence:
            return finding.sentences
        serial = self._not_serial(finding.execution, outcome)
        return (*finding.sentences, *(serial.sentences if serial else ()))

    def _broken_rule(self, execution: Execution, outcome: Outcome) -> Finding | None:
        for place, rule in enumerate(self._scenario.invariants):
            if rule.of_each_commit and not execution.turns:
                continue  # run freely: what was committed in between was not seen
            sentence = rule.judge([seen.values[place] for seen in execution.observations])
            if sentence is not None:
                return Finding(
                    f"invariant '{rule.name}'", (sentence,), execution, state=outcome.state
                )
        check = self._scenario.results_check
        sentence = check(outcome.ends, outcome.state) if check is not None else None
        if sentence is not None:
            return Finding("results", (sentence,), execution, state=outcome.state)
        sentence = too_long_a_wait(execution, self._scenario.longest_wait)
        return Finding("wait", (sentence,), execution) if sentence is not None else None

    def _not_serial(self, execution: Execution, outcome: Outcome) -> Finding | None:
        if not self._scenario.serial_equivalence:
            return self._raised_unexpectedly(execution)
        key = _key(outcome)
        sentences = self._judged.get(key)
        if sentences is None:
            sentences = self._contradiction(outcome)
            if sentences is None:
                return None
            _make_room(self._judged)
            self._judged[key] = sentences
        if not sentences:
            return None
        return Finding(NOT_SERIALIZABLE, sentences, execution, state=outcome.state)

    def _contradiction(self, outcome: Outcome) -> tuple[str, ...] | None:
        """Why the outcome is none of a serial order; empty if it is, None if one cannot be had."""
        serials = {}
        for order in orders_of(parts_of(outcome.ends)):
            serial = self._serial(order)
            if serial is None:
                return None
            if matches(outcome, serial, order, self._shapes, self._fixture):
                return ()
            serials[order] = serial
        return tuple(contradiction(outcome, serials, self._shapes, self._fixture))

    def _raised_unexpectedly(self, execution: Execution) -> Finding | None:
        for name, end in execution.ends.items():
            if isinstance(end, Raised) and not end.expected:
                return Finding("raised", (f"{name} {end.readable()}",), execution)
        return None


def _make_room(known: dict[object, Any]) -> None:
    """Forget all, where so many outcomes differ that nothing is gained by keeping them."""
    if len(known) >= _KEPT:
        known.clear()


def _key(outcome: Outcome) -> object:
    """The outcome as it is, without a look at what can be renamed: an exploration has few."""
    return repr(sorted(outcome.ends.items())), repr(outcome.state)


def too_long_a_wait(execution: Execution, longest: Mapping[str, int]) -> str | None:
    """Who had to wait for more steps of the others than allowed; None if nobody had to."""
    for turn in execution.turns:
        allowed = longest.get(turn.session)
        if allowed is None or turn.wait is None:
            continue
        ended = turn.settled_in if turn.settled_in is not None else len(execution.turns)
        if (waited := ended - turn.number) > allowed:
            return (
                f"{turn.session} waited for {waited} steps of others, turns {turn.number + 1} to "
                f"{ended}; at most {allowed} is what it may have to wait for"
            )
    return None


def surprise(execution: Execution) -> str | None:
    """Why a serial order tells nothing: a program fails even when it runs alone."""
    for name, end in execution.ends.items():
        if isinstance(end, Raised) and not end.expected:
            return f"{name} {end.readable()}"
    for refusal in execution.refusals():
        return f"the server refused a program that ran alone ({refusal.code})"
    return None


def rank(finding: Finding) -> tuple[bool, int, int]:
    """Broken rules of the scenario first, then short ones."""
    return (not finding.kind.startswith(("invariant", "wait")), *finding.length())
