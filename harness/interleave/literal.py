"""A step's text with its parameters written into it: what a person can type into a client."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.sessions.step import Step

Literal = Callable[[object], str]
"""A value as text, as the engine's own driver writes it."""


def written_out(step: Step, literal: Literal) -> tuple[str, ...]:
    """The statements of a step, one for each set of parameters.

    >>> from harness.sessions.step import StepKind
    >>> step = Step(StepKind.STATEMENT, "select %(a)s, 7 %% 4 from t", {"a": 1})
    >>> written_out(step, str)
    ('select 1, 7 % 4 from t',)

    Raises:
        TypeError, ValueError, KeyError: a value, or a placeholder, cannot be written.
    """
    given = step.parameters
    if isinstance(given, (tuple, list)) and given and isinstance(given[0], (Mapping, tuple, list)):
        return tuple(_filled(step.text, one, literal) for one in given)
    return (_filled(step.text, given, literal),)


def _filled(text: str, given: object, literal: Literal) -> str:
    if isinstance(given, Mapping) and given:
        return text % {name: literal(value) for name, value in given.items()}
    if isinstance(given, (tuple, list)) and given:
        return text % tuple(literal(value) for value in given)
    return text.replace("%%", "%")
