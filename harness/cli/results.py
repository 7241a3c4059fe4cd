"""What all commands do with their results: print them, keep them, say how to have them again."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from harness.report import runs
from harness.report.keys import with_whole_cells

ON_STDOUT = Path("-")
"""What `--json` says to have the document on stdout."""

_WIDTH_IN_A_PIPE = 160


class OwnConsole(Console):
    """Goes on where nobody reads any more: a verdict is told by the exit status as well."""

    def on_broken_pipe(self) -> None:
        """Print no more. Rich would end with status 1, which says *violated*."""
        self.quiet = True
        nobody_reads(self.file)


def nobody_reads(file: IO[str]) -> None:
    """Have a stream lead nowhere: who read it has gone away, as `head` does."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file.fileno())
    os.close(nowhere)


def forget_readers() -> None:
    """Let go of the streams that nobody reads any more; what was printed on the other stays."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nobody_reads(stream)


def say_beside(text: str) -> None:
    """Print on stderr, where somebody may read it or not: that changes no result."""
    try:
        print(text, file=sys.stderr)
    except OSError:  # who read it is gone, or the disk is full that it is kept on
        nobody_reads(sys.stderr)


class _Beside:
    """stderr in place of stdout: who reads it may leave, and the document is written all the same.

    Whatever else a stream does, it does.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what somebody may read."""
        try:
            return self._stream.write(text)
        except OSError:
            nobody_reads(self._stream)
            return len(text)

    def flush(self) -> None:
        """Send it on its way."""
        try:
            self._stream.flush()
        except OSError:
            nobody_reads(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def open_what_is_closed() -> None:
    """Have a stream lead nowhere that was closed by who called (`2>&-`): Python then has none."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - to the end


def console(file: TextIO | None = None) -> Console:
    """A console that prints what it is given, on stdout unless told otherwise.

    Names and answers are no markup. A pipe has no width of its own: nothing is cut or broken there.
    """
    file = file or sys.stdout
    return OwnConsole(
        file=file,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        width=None if file.isatty() else _WIDTH_IN_A_PIPE,
    )


def progress_line(*shown: str) -> Progress:
    """A line on stderr that tells what is being done and what else is `shown`; silent in a pipe."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        *map(TextColumn, shown),
        TimeElapsedColumn(),
        console=console(sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def keep(
    arguments: argparse.Namespace,
    command: Sequence[str],
    content: Mapping[str, Any],
    *,
    say_where: bool = True,
) -> None:
    """Store a run's document, and write it where `--json` wants it.

    Where it is stored need not be said of a run in which no engine answered.

    Raises:
        HarnessError: it cannot be written.
    """
    content = with_whole_cells(content)
    path = runs.store(arguments.runs, command, content)
    if arguments.json is not None:
        runs.write(arguments.json, content)
    if say_where:
        say_beside(f"stored: {path}")


@contextmanager
def document_alone(arguments: argparse.Namespace) -> Iterator[None]:
    """With `--json -`, have the document alone on stdout: what is for people goes to stderr."""
    if getattr(arguments, "json", None) != ON_STDOUT:
        yield
        return
    with TemporaryDirectory() as folder:
        arguments.json = Path(folder, "document.json")
        try:
            with redirect_stdout(cast("TextIO", _Beside(sys.stderr))):
                yield
        finally:  # what fails behind the document leaves it true
            if arguments.json.exists():
                sys.stdout.write(arguments.json.read_text(encoding="utf-8"))


def again(words: Sequence[str]) -> str:
    """The line that says how to have a result again."""
    return f"again: {own_name()} {shlex.join(words)}"


def own_name() -> str:
    """How the harness was called: the script `run` says its own name."""
    return shlex.quote(os.environ.get("HARNESS_COMMAND", "harness"))
