"""The matrix of anomalies: which level of which engine prevents which, and by what.

One table for each engine, a row for each anomaly and a column for each level. *Prevented* says that
no possible interleaving shows the anomaly; *possible*, that some do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from harness.checks.verdict import Verdict
from harness.engines.engine import Isolation
from harness.interleave.cell import Cell
from harness.report.document import document

LEGEND = """\
✓             prevented: no possible interleaving shows the anomaly. The orders of the statements
              that would show it if nothing controlled them
  wait          cannot be had, because a lock makes a step wait past its place,
  refusal CODE  always end with the server refusing a program,
  snapshot      can be had, but reads are answered from versions that hide it;
              where two are named, some orders are hindered by the one and some by the other
possible A/B  A of the B possible interleavings show it"""

PREVENTED, POSSIBLE, UNKNOWN = "prevented", "possible", "unknown"
_STYLE = {PREVENTED: "green", POSSIBLE: "bold red", UNKNOWN: "yellow"}

Words = Mapping[str, Mapping[str, Mapping[str, str]]]
"""The matrix in words: engine -> anomaly -> level -> prevented, possible or unknown."""


@dataclass(frozen=True)
class Answer:
    """One cell of the matrix."""

    title: str
    """What the anomaly is called beside its short name."""
    cell: Cell
    prevented_by: Mapping[str, int]
    """What became of the interleavings that would show it, with their number, the most first."""

    @property
    def word(self) -> str:
        """Prevented, possible or unknown; a program that failed by itself shows nothing."""
        finding = self.cell.finding
        if self.cell.verdict is Verdict.HOLDS:
            return PREVENTED
        if self.cell.verdict is Verdict.VIOLATED and finding and finding.kind == "results":
            return POSSIBLE
        return UNKNOWN

    def readable(self) -> str:
        """What stands in the cell."""
        if self.word == PREVENTED:
            return f"✓ {', '.join(self.prevented_by)}"
        if self.word == POSSIBLE:
            return f"possible {self.cell.possible_anomalies}/{self.cell.possible}"
        return UNKNOWN


def matrix_table(answers: Sequence[Answer]) -> Table:
    """One engine's table; nothing is cut, and nothing is lost without colours."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    levels = [level for level in Isolation if any(a.cell.isolation is level for a in answers)]
    table.add_column(f"{answers[0].cell.title} {answers[0].cell.version}", no_wrap=True)
    for level in levels:
        table.add_column(level.title, no_wrap=True)
    for name in dict.fromkeys(answer.cell.scenario for answer in answers):
        by_level = {a.cell.isolation: a for a in answers if a.cell.scenario == name}
        table.add_row(name, *(_text(by_level.get(level)) for level in levels))
    endless = Console(width=10_000)
    table.width = Measurement.get(endless, endless.options, table).maximum
    return table


def _text(answer: Answer | None) -> Text:
    return Text("") if answer is None else Text(answer.readable(), style=_STYLE[answer.word])


def by_engine(answers: Sequence[Answer]) -> Iterator[Sequence[Answer]]:
    """The answers of each engine, in the order in which they came."""
    for engine in dict.fromkeys(answer.cell.engine for answer in answers):
        yield [answer for answer in answers if answer.cell.engine == engine]


def shortest(answers: Sequence[Answer]) -> Iterator[str]:
    """For each anomaly that is possible somewhere, its shortest executions and where they are."""
    for name in dict.fromkeys(answer.cell.scenario for answer in answers):
        alike = [a for a in answers if a.cell.scenario == name and a.word == POSSIBLE]
        if not alike:
            continue
        yield f"{name}  {alike[0].title}"
        for schedule in dict.fromkeys(_schedule(answer) for answer in alike):
            yield f"  {schedule}"
            same = [answer for answer in alike if _schedule(answer) == schedule]
            for sentence in dict.fromkeys(_sentence(answer) for answer in same):
                seen = [answer for answer in same if _sentence(answer) == sentence]
                yield f"      {sentence}"
                yield f"      {'; '.join(_places(seen))}"


def _schedule(answer: Answer) -> str:
    finding = answer.cell.finding
    return str(finding.schedule) if finding is not None else ""


def _sentence(answer: Answer) -> str:
    finding = answer.cell.finding
    return finding.sentences[0] if finding is not None else ""


def _places(answers: Sequence[Answer]) -> Iterator[str]:
    for alike in by_engine(answers):
        yield f"{alike[0].cell.title}: {', '.join(a.cell.isolation.title for a in alike)}"


def summary(answers: Sequence[Answer]) -> Iterator[str]:
    """Why something is unknown, and how many cells are what."""
    for answer in answers:
        cell = answer.cell
        if answer.word == UNKNOWN:
            reasons = [*cell.unknown, *(cell.finding.sentences if cell.finding else ())]
            yield f"unknown: {place_of(answer)}: {'; '.join(reasons)}"
    counts = (sum(answer.word == word for answer in answers) for word in _STYLE)
    words = ", ".join(f"{count} {word}" for count, word in zip(counts, _STYLE, strict=True))
    executions = sum(answer.cell.executions for answer in answers)
    elapsed_s = sum(answer.cell.elapsed_s for answer in answers)
    on = f"{executions} executions on live servers, {elapsed_s:.1f} s"
    yield f"{len(answers)} cell{'' if len(answers) == 1 else 's'}: {words}; {on}"


def place_of(answer: Answer) -> str:
    """Which cell: anomaly, engine and level."""
    cell = answer.cell
    return f"{cell.scenario}, {cell.title} {cell.version}, {cell.isolation.title}"


def words_of(answers: Sequence[Answer]) -> dict[str, dict[str, dict[str, str]]]:
    """The matrix in words."""
    words: dict[str, dict[str, dict[str, str]]] = {}
    for answer in answers:
        row = words.setdefault(answer.cell.engine, {}).setdefault(answer.cell.scenario, {})
        row[answer.cell.isolation.slug] = answer.word
    return words


def news(answers: Sequence[Answer], expected: Words) -> Iterator[str]:
    """One line for each cell that is not as expected, with both values.

    A cell of which nothing was expected is no news, and one that is unknown now says nothing.
    """
    for answer in answers:
        cell = answer.cell
        row = expected.get(cell.engine, {}).get(cell.scenario, {})
        word = row.get(cell.isolation.slug)
        if word not in (None, answer.word) and answer.word != UNKNOWN:
            yield f"news: {place_of(answer)}: expected {word}, is {answer.word}{_why(answer)}"


def _why(answer: Answer) -> str:
    if answer.word == POSSIBLE:
        return f": {_sentence(answer)} ({_schedule(answer)})"
    return f" by {', '.join(answer.prevented_by)}" if answer.word == PREVENTED else ""


def matrix_document(answers: Sequence[Answer]) -> dict[str, Any]:
    """The document of a run, as for every exploration, with what prevented and the words."""
    content = document([answer.cell for answer in answers])
    for entry, answer in zip(content["cells"], answers, strict=True):
        entry["title"] = answer.title
        entry["prevented_by"] = dict(answer.prevented_by)
    return {**content, "matrix": words_of(answers)}
