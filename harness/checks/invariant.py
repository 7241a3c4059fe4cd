"""Rules of the business, stated by name, judged over what was seen during one execution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import ProgramMisbehaved


@dataclass(frozen=True)
class Invariant:
    """A named rule: how it is observed, and how a history of observations is judged.

    `observe` takes a connection and reads committed data: before the first step, after every
    commit and at the end. `judge` is pure: it gets the observations in order and returns None if
    the rule held, else one sentence with the values that broke it.

    `of_each_commit` says that two observations in a row must have one commit between them at most.
    Nobody looks after each commit where programs run freely, so such a rule is not judged there.
    """

    name: str
    observe: Callable[..., Any]
    judge: Callable[[Sequence[Any]], str | None]
    of_each_commit: bool = False

    @classmethod
    def of(cls, rule: Callable[..., Any]) -> Invariant:
        """An invariant of a function that looks and judges at once: None, or what is wrong.

        Observing raises `ProgramMisbehaved` if it returns anything else: of True or of 0 nobody
        knows whether it means that all is well.
        """
        name = getattr(rule, "__name__", type(rule).__name__)
        return cls(name, lambda connection: _complaint(name, rule(connection)), _first_complaint)


def _complaint(name: str, said: Any) -> str | None:
    if said is None or isinstance(said, str):
        return said
    raise ProgramMisbehaved(
        f"invariant '{name}': returned {said!r:.60}, which is neither None nor a sentence",
        "return None if all is well, else a text that says what is wrong",
    )


def _first_complaint(history: Sequence[Any]) -> str | None:
    return next((seen for seen in history if seen is not None), None)
