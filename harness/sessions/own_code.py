"""Where in somebody's own code an exception came from, for messages."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path

import harness

_NOT_OWN = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {str(Path(harness.__file__).parent)}
)


def line_of(error: BaseException) -> str:
    """The last line that is neither of Python, of a package nor of the harness; '' if none is.

    >>> line_of(ValueError("raised nowhere"))
    ''
    """
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if not frame.f_code.co_filename.startswith((*_NOT_OWN, "<")):
            found = f"{Path(frame.f_code.co_filename).name}, line {line}"
    return found


def at_line(error: BaseException) -> str:
    """The same in brackets, behind a name that is being told."""
    return f" ({line})" if (line := line_of(error)) else ""
