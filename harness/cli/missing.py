"""Engines that gave no answer: each is told with its reason, and the others go on.

Terms: an engine is *not run* where no server of it could be had, where its server refused or went
away, where a program did what cannot be looked at, or where something did not happen in time. What
was found before that stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from sqlalchemy.exc import DBAPIError

from harness.checks.verdict import Verdict
from harness.cli.parser import explained
from harness.cli.results import say_beside
from harness.engines import Engine
from harness.errors import (
    DeadlineExceeded,
    HarnessError,
    ProgramMisbehaved,
    ServerError,
    SourceUnavailable,
)
from harness.sessions.trouble import told

EXIT = {Verdict.HOLDS: 0, Verdict.VIOLATED: 1, Verdict.UNKNOWN: 2}


@dataclass(frozen=True)
class NotRun:
    """An engine that gave no answer, or not the whole of it, and why."""

    engine: Engine
    error: HarnessError

    def explain(self, said: Sequence[str] = ()) -> str:
        """The engine, the reason, and the hints that were not said before."""
        text = explained(self.error, said)
        return text if text.startswith(self.engine.name) else f"{self.engine.title}: {text}"


@dataclass
class Missing:
    """The engines that were not run.

    An engine that nobody named may be missing on this machine; one that was named may not, nor one
    whose server did not start or go on.
    """

    engines_named: bool
    """Whether engines were asked for by name."""
    not_run: list[NotRun] = field(default_factory=list)

    @contextmanager
    def noted(self, engine: Engine) -> Iterator[None]:
        """Note why an engine gives no answer, in place of the error that ended the body."""
        try:
            yield
        except (ServerError, ProgramMisbehaved, DeadlineExceeded) as error:
            self.not_run.append(NotRun(engine, error))
        except (DBAPIError, engine.driver_error) as error:
            gone = ServerError(f"{engine.name}: {told(engine, error)}")
            self.not_run.append(NotRun(engine, gone))

    def explained(self) -> list[str]:
        """Each engine with its reason and all hints, for a document."""
        return [missing.explain() for missing in self.not_run]

    def told(self) -> list[str]:
        """The same for people: a hint that helps several engines is said once."""
        said: list[str] = []
        texts = []
        for missing in self.not_run:
            texts.append(missing.explain(said))
            said += missing.error.hints
        return texts

    def print_beside(self, out: Console, before: str = "", behind: str = "") -> None:
        """Print each beside what the other engines gave."""
        for text in self.told():
            out.print(f"{before}not run: {text}{behind}")

    def print_alone(self) -> None:
        """Print each where no engine gave anything: that is no result, and goes to stderr."""
        for text in self.told():
            say_beside(text)

    def status(self, found: Iterable[Verdict]) -> int:
        """The exit status: that of the worst verdict, or of the first error where none was found.

        >>> Missing(engines_named=True).status([Verdict.HOLDS]), Missing(True).status([])
        (0, 2)
        """
        verdicts = list(found)
        if self.not_run and not verdicts:
            return self.not_run[0].error.exit_status
        if any(self.engines_named or _is_news(missing.error) for missing in self.not_run):
            verdicts.append(Verdict.UNKNOWN)
        return EXIT[Verdict.worst(verdicts)]


def _is_news(error: HarnessError) -> bool:
    return not isinstance(error, SourceUnavailable)
