"""Find a user's function by its name: `package.module:function`."""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.errors import UsageError


def error_class(text: str) -> type[BaseException]:
    """The exception that *text* names: `package.module:Error`.

    Raises:
        UsageError: not of the form, does not import, is not there, or is no exception.
    """
    found = _named(text, "expected error", "shop.orders:OutOfStock")
    if not (isinstance(found, type) and issubclass(found, BaseException)):
        raise UsageError(
            f"expected error '{text}': is {_a(type(found).__name__)}, not a class of exceptions",
            "name the class that the program raises",
        )
    return found


def function(text: str, what: str) -> Callable[..., Any]:
    """The function that *text* names; it must be callable with one argument.

    Modules in the current folder are found, as with `python -m`.

    Raises:
        UsageError: not of the form, does not import, is not there, is no function, is async or a
            generator, or takes other arguments.
    """
    found = _named(text, what, "shop.orders:buy")
    if not callable(found):
        raise UsageError(
            f"{what} '{text}': is {_a(type(found).__name__)}, not a function",
            f"{_a(what)} is a function over a SQLAlchemy Connection",
        )
    _runs_at_once(found, text, what)
    _takes_one_argument(found, text, what)
    return found  # type: ignore[no-any-return]


def _named(text: str, what: str, example: str) -> Any:
    module_name, colon, name = text.partition(":")
    if not (module_name and colon and name):
        form = "MODULE:ERROR" if what == "expected error" else "MODULE:FUNCTION"
        raise UsageError(f"{what} '{text}': not of the form {form}", f"for example {example}")
    module = _module(module_name, text, what)
    found = getattr(module, name, None)
    if found is None:
        raise UsageError(
            f"{what} '{text}': module '{module_name}' has no '{name}'", _near(name, module)
        )
    return found


def _module(name: str, text: str, what: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        said = f": {error}" if str(error) else ""
        raise UsageError(
            f"{what} '{text}': module '{name}' does not import: {type(error).__name__}{said}",
            *_hints(name, error),
        ) from error


def _hints(name: str, error: BaseException) -> list[str]:
    """What to try: a file's name where a module's belongs is what people type first."""
    if name.endswith(".py"):
        module = ".".join(Path(name).with_suffix("").parts)
        return [f"name the module, not its file: '{module}', as seen from this folder"]
    wanting = error.name if isinstance(error, ModuleNotFoundError) else None
    if wanting is None:
        return [f"does '{sys.executable} -c \"import {name}\"' work in this folder?"]
    if f"{name}.".startswith(f"{wanting}."):
        near = difflib.get_close_matches(wanting, _modules_here(), n=1)
        looked = f"looked for in this folder, '{Path.cwd()}', and along PYTHONPATH"
        return [f"did you mean '{near[0]}'?"] if near else [looked]
    return [
        f"is '{wanting}' installed where the harness runs, in '{sys.prefix}'?",
        f"or install the harness where '{wanting}' is: docs/exploring.md, 'In your own project'",
    ]


def _modules_here() -> list[str]:
    here = Path.cwd()
    return [*(p.stem for p in here.glob("*.py")), *(p.parent.name for p in here.glob("*/*.py"))]


def _near(name: str, module: Any) -> str:
    functions = [n for n, found in vars(module).items() if callable(found) and n[0] != "_"]
    near = difflib.get_close_matches(name, functions, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    own = [n for n in functions if getattr(vars(module)[n], "__module__", "") == module.__name__]
    return f"its functions are: {', '.join(own) or 'none'}"


def _runs_at_once(found: Callable[..., Any], text: str, what: str) -> None:
    for asked in (found, getattr(found, "__call__", None)):  # noqa: B004 - an object may be async
        if inspect.iscoroutinefunction(asked) or inspect.isasyncgenfunction(asked):
            raise UsageError(
                f"{what} '{text}': is async, which cannot be held on a thread",
                "give a function over a synchronous Connection that does the same statements",
            )
        if inspect.isgeneratorfunction(asked):
            raise UsageError(
                f"{what} '{text}': is a generator, so calling it would run none of its statements",
                "is there a 'yield' that should be a 'return'?",
            )


def _takes_one_argument(found: Callable[..., Any], text: str, what: str) -> None:
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):  # written in C, and tells nothing
        return
    try:
        signature.bind(None)
    except TypeError as error:
        raise UsageError(
            f"{what} '{text}': cannot be called with one argument alone: "
            f"its signature is {name_of(found)}{signature}",
            "bind the other arguments beforehand, for example with functools.partial",
        ) from error


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def name_of(found: Callable[..., Any]) -> str:
    """A function's name for people.

    >>> name_of(name_of)
    'name_of'
    """
    return getattr(found, "__name__", type(found).__name__)
