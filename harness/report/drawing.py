"""Pictures as files: the same figures give the same file, which says nothing but what is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.report.runs import words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What the library would write of its own into each SVG: when, by which version, where to read.
_SAID_BY_ITSELF = ("Creator", "Date", "Format", "Type")


@contextmanager
def drawing(salt: str, font_size: int = 8) -> Iterator[None]:
    """Draw with letters as text, and with names inside the file that depend on `salt` only."""
    # Late, since it takes half a second and most commands draw nothing.
    from matplotlib import rc_context  # noqa: PLC0415

    with rc_context({"svg.hashsalt": salt, "svg.fonttype": "none", "font.size": font_size}):
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a picture in the format that the file's name asks for.

    Raises:
        HarnessError: the file cannot be written.
    """
    own = dict.fromkeys(_SAID_BY_ITSELF) if path.suffix == ".svg" else None
    try:
        figure.savefig(path, metadata=own)
    except OSError as error:
        raise HarnessError(f"'{path}': cannot be written: {words(error)}") from error
