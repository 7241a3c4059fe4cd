"""Find a user's function by its name: `package.module:function`."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.errors import UsageError


def function(text: str, what: str, arguments: int = 1) -> Callable[..., Any]:
    """The function that *text* names; it must be callable with so many arguments.

    Modules in the current folder are found, as with `python -m`.

    Raises:
        UsageError: not of the form, does not import, is not there, is no function, is async,
            or takes other arguments.
    """
    module_name, colon, name = text.partition(":")
    if not (module_name and colon and name):
        raise UsageError(
            f"{what} '{text}': not of the form MODULE:FUNCTION", "for example shop.orders:buy"
        )
    found = getattr(_module(module_name, text, what), name, None)
    if found is None:
        raise UsageError(f"{what} '{text}': module '{module_name}' has no '{name}'")
    if not callable(found):
        raise UsageError(f"{what} '{text}': is {type(found).__name__}, not a function")
    if inspect.iscoroutinefunction(found):
        raise UsageError(
            f"{what} '{text}': is async, which cannot be held on a thread",
            "give a function over a synchronous Connection that does the same statements",
        )
    _see_signature(found, text, what, arguments)
    return found  # type: ignore[no-any-return]


def _module(name: str, text: str, what: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise UsageError(
            f"{what} '{text}': module '{name}' does not import: {type(error).__name__}: {error}",
            f"does 'python -c \"import {name}\"' work in this folder?",
        ) from error


def _see_signature(found: Callable[..., Any], text: str, what: str, arguments: int) -> None:
    signature = inspect.signature(found)
    try:
        signature.bind(*[None] * arguments)
    except TypeError as error:
        raise UsageError(
            f"{what} '{text}': cannot be called with {arguments} argument"
            f"{'' if arguments == 1 else 's'}: its signature is {name_of(found)}{signature}",
            "a program takes a SQLAlchemy Connection and nothing else; bind the rest beforehand",
        ) from error


def name_of(found: Callable[..., Any]) -> str:
    """A function's name for people.

    >>> name_of(name_of)
    'name_of'
    """
    return getattr(found, "__name__", type(found).__name__)
