"""Rules of the business, stated by name, judged over what was seen during one execution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


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
        """An invariant of a function that looks and judges at once: None, or what is wrong."""
        return cls(getattr(rule, "__name__", type(rule).__name__), rule, _first_complaint)


def _first_complaint(history: Sequence[Any]) -> str | None:
    return next((str(seen) for seen in history if seen is not None), None)
