"""What came of loading, or of reading digests: as tables, and as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from harness import __version__
from harness.checks.verdict import Verdict
from harness.engines.engine import Engine
from harness.loading.digest import Digest


@dataclass(frozen=True, slots=True)
class Answer:
    """What one server holds, beside what it was sent."""

    engine: Engine
    version: str
    source: str
    held: Mapping[str, Digest]
    sent: Mapping[str, Digest] | None = None
    """None if nothing was sent, but what was there was read."""
    elapsed_s: float = 0.0
    """How long it took to send it."""

    @property
    def title(self) -> str:
        """'MySQL 9.7.4'."""
        return f"{self.engine.title} {self.version}"

    @property
    def rows(self) -> int:
        """Rows in all tables."""
        return sum(digest.rows for digest in self.held.values())

    @property
    def differing(self) -> list[str]:
        """The tables that do not hold what was sent, or that only one side knows."""
        if self.sent is None:
            return []
        names = [*self.held, *(name for name in self.sent if name not in self.held)]
        return [name for name in names if self.sent.get(name) != self.held.get(name)]

    @property
    def verdict(self) -> Verdict:
        """Holds if every table holds what was sent; no rows on either side are no evidence."""
        if self.differing:
            return Verdict.VIOLATED
        return Verdict.HOLDS if self.rows else Verdict.UNKNOWN


@dataclass
class Answers:
    """What has been found so far, on one engine after the other."""

    title: str
    found: list[Answer] = field(default_factory=list)

    @property
    def differing(self) -> list[str]:
        """The tables that do not hold the same on all engines."""
        names = dict.fromkeys(name for answer in self.found for name in answer.held)
        return [n for n in names if len({answer.held.get(n) for answer in self.found}) > 1]

    @property
    def verdict(self) -> Verdict:
        """Holds if every table holds what was sent, and the same on all engines."""
        if self.differing:
            return Verdict.VIOLATED
        return Verdict.worst(answer.verdict for answer in self.found)


def print_answers(answers: Answers, not_run: Sequence[str], out: Console) -> None:
    """Print what was found, what differs, which engines were not run and why, and the verdict."""
    if answers.found:
        out.print(f"{answers.title}\n")
        out.print(_digest_table(answers.found[0]))
        out.print()
        out.print(_engine_table(answers.found))
        out.print()
    for answer in answers.found:
        for name in answer.differing:
            out.print(_difference(answer, name))
    for name in answers.differing:
        held = "; ".join(f"{a.title}: {_said(a.held.get(name))}" for a in answers.found)
        out.print(f"{name}: differs between engines: {held}")
    for reason in not_run:
        out.print(f"not run: {reason}")
    if answers.found:
        out.print(_last_line(answers))


def answers_document(answers: Answers) -> dict[str, Any]:
    """What was found, as the JSON document."""
    return {
        "harness": __version__,
        "verdict": answers.verdict.value,
        "engines": [
            {
                "engine": answer.engine.name,
                "version": answer.version,
                "source": answer.source,
                "verdict": answer.verdict.value,
                "rows": answer.rows,
                "elapsed_s": round(answer.elapsed_s, 3),
                "tables": {
                    name: {"rows": digest.rows, "digest": str(digest)}
                    for name, digest in answer.held.items()
                },
                "differing": answer.differing,
            }
            for answer in answers.found
        ],
    }


def _digest_table(answer: Answer) -> Table:
    table = _table("table", "rows", "digest")
    for name, digest in (answer.sent or answer.held).items():
        table.add_row(name, f"{digest.rows:,}", str(digest))
    return table


def _engine_table(found: Sequence[Answer]) -> Table:
    table = _table("engine", "rows", "seconds", "rows/s", "verdict")
    for answer in found:
        sent = answer.elapsed_s > 0
        table.add_row(
            answer.title,
            f"{answer.rows:,}",
            f"{answer.elapsed_s:.1f}" if sent else "-",
            f"{answer.rows / answer.elapsed_s:,.0f}" if sent else "-",
            answer.verdict.value,
        )
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    table.add_column(first)
    for header in others:
        table.add_column(header, justify="left" if header == "verdict" else "right")
    return table


def _difference(answer: Answer, name: str) -> str:
    sent = None if answer.sent is None else answer.sent.get(name)
    return f"{name}: {answer.title} holds {_said(answer.held.get(name))}, sent were {_said(sent)}"


def _said(digest: Digest | None) -> str:
    return "no such table" if digest is None else f"{digest.rows:,} rows, digest {digest}"


def _last_line(answers: Answers) -> str:
    engines = f"{len(answers.found)} {'engine' if len(answers.found) == 1 else 'engines'}"
    wrong = sorted({*answers.differing, *(n for a in answers.found for n in a.differing)})
    if wrong:
        return f"violated: {len(wrong)} tables are not the same: {', '.join(wrong)}"
    if answers.verdict is Verdict.UNKNOWN:
        return f"unknown: no rows on {engines}"
    sent = all(answer.sent is not None for answer in answers.found)
    what = "hold what was sent" if sent else "were read"
    return f"{answers.verdict.value}: {len(answers.found[0].held)} tables on {engines} {what}"
