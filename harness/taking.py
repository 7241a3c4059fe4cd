"""What a function takes: told by the annotation of its first parameter, or said beside it.

Terms: a function *takes* a `Connection`, an ORM `Session`, an `Engine` or a `sessionmaker`. Without
an annotation it is a `Connection`, unless the parameter's name speaks of something else.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session, sessionmaker

from harness.engines.engine import Isolation
from harness.errors import UsageError
from harness.programs import Program, Takes
from harness.scenario import choose
from harness.sessions.step import AUTOCOMMIT

ISOLATIONS: Mapping[str, str] = {
    **{level.slug: level.value for level in Isolation},
    "autocommit": AUTOCOMMIT,
}
"""The levels a program may choose for itself: as they are typed, and as SQLAlchemy spells them."""

WAYS: Mapping[str, Takes] = {way.value: way for way in Takes}

_CLASSES = {
    Connection: Takes.CONNECTION,
    Session: Takes.SESSION,
    Engine: Takes.ENGINE,
    sessionmaker: Takes.SESSIONMAKER,
}
_BY_NAME = {known.__name__: way for known, way in _CLASSES.items()}
_OTHER_WAYS = re.compile(r"session|engine|factory|maker", re.IGNORECASE)
_HINT = "annotate it with Connection, Session, Engine or sessionmaker of SQLAlchemy"
_OR_SAY = "or say what it is given: --takes, and takes= in a test"


def program_of(
    function: Callable[..., object],
    title: str,
    *,
    takes: str | None = None,
    isolation: str | None = None,
    expected_errors: tuple[type[BaseException], ...] = (),
    named: str = "",
) -> Program:
    """A function as a program; `takes` and `isolation` as they are typed on the command line.

    An error calls it as it was `named`, or by its title.

    Raises:
        UsageError: it cannot be told what the function takes, or what was said is not known.
    """
    if takes is not None:
        choose("takes", takes, WAYS)
        way = WAYS[takes]
    else:
        way = told_by(function, named or title)
    if isolation is None:
        return Program(title, function, expected_errors, way)
    choose("isolation level", isolation, ISOLATIONS)
    where = f"{title} ({isolation.replace('-', ' ')})"
    return Program(where, function, expected_errors, way, ISOLATIONS[isolation])


def said_of_each(
    option: str, texts: Sequence[str], names: Sequence[str], *, for_all: bool = False
) -> Mapping[str, str]:
    """What an option says of each program: "T1=session", or "session" of all where it may.

    >>> said_of_each("--takes", ["session", "T2=engine"], ["T1", "T2"], for_all=True)
    {'T1': 'session', 'T2': 'engine'}

    Raises:
        UsageError: it names no program, or one that there is not.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals and for_all:
            found.update(dict.fromkeys(names, text))
            continue
        if not equals:
            raise UsageError(f"{option} '{text}': names no program", f"for example T1={text}")
        choose(f"{option} '{text}': program", name, dict.fromkeys(names))
        found[name] = value
    return found


def see_takes_connection(function: Callable[..., object], title: str) -> None:
    """See that a setup or an invariant takes what it is always given.

    Raises:
        UsageError: it takes something else, or it cannot be told.
    """
    way = told_by(function, title)
    if way is not Takes.CONNECTION:
        raise UsageError(
            f"{title}: takes {'an' if way is Takes.ENGINE else 'a'} {way.value}, "
            "and is given a Connection",
            "sqlalchemy.orm.Session(connection) makes a session of one",
        )


def told_by(function: Callable[..., object], title: str) -> Takes:
    """What a function takes, told by its first parameter.

    >>> def pay(session: Session) -> None: ...
    >>> told_by(pay, "pay")
    <Takes.SESSION: 'session'>

    Raises:
        UsageError: it cannot be told.
    """
    parameter = _first_parameter(function)
    if parameter is None:
        return Takes.CONNECTION
    annotation = _annotation(function, parameter)
    if annotation in (inspect.Parameter.empty, Any, object):
        if _OTHER_WAYS.search(parameter.name):
            raise UsageError(
                f"{title}: cannot tell what it takes: its parameter '{parameter.name}' "
                "has no annotation",
                _HINT,
                _OR_SAY,
            )
        return Takes.CONNECTION
    found = _way(annotation)
    if found is None:
        said = f"'{parameter.name}: {_readable(annotation)}'"
        if "Async" in said:
            raise UsageError(
                f"{title}: takes {said}, and what is async cannot be held on a thread",
                "give a function over the synchronous twin that does the same statements",
            )
        raise UsageError(f"{title}: cannot tell what it takes: {said}", _HINT, _OR_SAY)
    return found


def _first_parameter(function: Callable[..., object]) -> inspect.Parameter | None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C, and tells nothing
        return None
    free = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return next((p for p in parameters if p.kind in free), None)


def _annotation(function: Callable[..., object], parameter: inspect.Parameter) -> Any:
    """A parameter's annotation; its text, where its name is imported for type checkers only."""
    if not isinstance(parameter.annotation, str):
        return parameter.annotation
    below: Any = function
    while hasattr(below, "func"):  # functools.partial
        below = below.func
    below = getattr(below, "__call__", below) if not inspect.isroutine(below) else below  # noqa: B004
    try:
        return typing.get_type_hints(below)[parameter.name]
    except (NameError, AttributeError, TypeError, KeyError):
        return parameter.annotation


def _way(annotation: Any) -> Takes | None:
    if isinstance(annotation, str):
        return _BY_NAME.get(annotation.partition("[")[0].rpartition(".")[2].strip())
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _way(typing.get_args(annotation)[0])
    if origin in (Callable, typing.get_origin(typing.Callable[[], int])):
        arguments = typing.get_args(annotation)
        makes_sessions = len(arguments) == 2 and arguments[0] == [] and arguments[1] is Session
        return Takes.SESSIONMAKER if makes_sessions else None
    return _CLASSES.get(origin or annotation) if isinstance(origin or annotation, type) else None


def _readable(annotation: Any) -> str:
    return (
        annotation
        if isinstance(annotation, str)
        else getattr(annotation, "__name__", str(annotation))
    )
