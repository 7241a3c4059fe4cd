"""What an earlier run concluded of each cell, stored, and compared with what a run concludes now.

The stored document is the JSON document of a run, or the short one that `expected_document` makes
of it. Compared is whatever both have of the verdict and the counts; a count that the stored
document leaves out is not compared. Another version of a server is said, and compared all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.checks.verdict import Verdict
from harness.errors import UsageError
from harness.report.runs import words

Key = tuple[str, str, str, str]
"""Scenario, variant, engine, isolation level."""

_NAMES = ("scenario", "variant", "engine", "isolation")
_VERDICT = "verdict"
COUNTS = (
    "complete",
    "executions",
    "possible",
    "outcomes",
    "anomalies",
    "possible_anomalies",
    "deadlocks",
    "possible_deadlocks",
    "aborts",
)
"""What is compared beside the verdict, where the stored document has it."""


@dataclass(frozen=True)
class Comparison:
    """What came of comparing a run with a stored document."""

    same: int
    """Cells of which everything that is stored is as it was."""
    differences: Sequence[str] = ()
    """One line for each value that is not, with both."""
    not_compared: Sequence[str] = ()
    """One line for each cell that could not be compared, with the reason."""
    versions: Sequence[str] = ()
    """One line for each engine that was of another version when the document was stored."""

    @property
    def verdict(self) -> Verdict:
        """Violated if anything differs; unknown if something, or all, could not be compared."""
        if self.differences:
            return Verdict.VIOLATED
        return Verdict.HOLDS if self.same and not self.not_compared else Verdict.UNKNOWN

    def lines(self) -> Iterator[str]:
        """Everything that a person should know, what changed first and the sum last."""
        yield from (f"changed: {line}" for line in self.differences)
        yield from (f"not compared: {line}" for line in self.not_compared)
        yield from self.versions
        cells = f"{self.same} cell{'' if self.same == 1 else 's'} as stored"
        changed = len({line.partition(":")[0] for line in self.differences})
        yield f"{cells}, {changed} changed, {len(self.not_compared)} not compared"


@dataclass(frozen=True)
class Expected:
    """A stored document, by cell."""

    cells: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)

    def compare(
        self, cells: Iterable[Mapping[str, Any]], asked: Iterable[Key], why: Mapping[str, str]
    ) -> Comparison:
        """Compare the cells of a run's document.

        `asked` are the cells that the run was to explore; `why` says of an engine why it was not
        run. Stored cells that nobody asked for are left alone.
        """
        now = {_key(cell): cell for cell in cells}
        differences: list[str] = []
        missing: list[str] = []
        same = 0
        for key in dict.fromkeys([*asked, *now]):
            stored, cell = self.cells.get(key), now.get(key)
            if cell is None:
                if stored is not None or key[2] in why:
                    missing.append(f"{_place(key)}: not run: {why.get(key[2], 'no cell came')}")
            elif stored is None:
                missing.append(f"{_place(key)}: is {cell[_VERDICT]}, and nothing is stored of it")
            elif cell[_VERDICT] == Verdict.UNKNOWN.value:
                reasons = "; ".join(cell.get("unknown", ())) or "no reason was told"
                missing.append(
                    f"{_place(key)}: was {stored[_VERDICT]}, and is unknown now: {reasons}"
                )
            elif stored[_VERDICT] == Verdict.UNKNOWN.value:
                missing.append(
                    f"{_place(key)}: is {cell[_VERDICT]}; what is stored is itself unknown"
                )
            elif found := list(_differences(key, stored, cell)):
                differences += found
            else:
                same += 1
        return Comparison(same, differences, missing, self._versions(now))

    def _versions(self, now: Mapping[Key, Mapping[str, Any]]) -> list[str]:
        """Engines of another version than when the document was stored."""
        pairs = {
            (key[2], self.cells[key].get("version"), cell.get("version"))
            for key, cell in now.items()
            if key in self.cells
        }
        return [
            f"{engine}: {version} now, {stored} when the document was stored"
            for engine, stored, version in sorted(pairs, key=str)
            if stored not in (None, version)
        ]


def _differences(key: Key, stored: Mapping[str, Any], cell: Mapping[str, Any]) -> Iterator[str]:
    for name in (_VERDICT, *COUNTS):
        if name in stored and name in cell and stored[name] != cell[name]:
            said = name.replace("_", " ")
            yield (
                f"{_place(key)}: {said} was {_readable(stored[name])}, is {_readable(cell[name])}"
            )


def _readable(value: object) -> str:
    """A value as a line has it.

    >>> _readable({"1213": 4}), _readable({}), _readable("holds"), _readable(True)
    ('1213: 4', 'none', 'holds', 'yes')
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{code}: {count}" for code, count in sorted(value.items())) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _place(key: Key) -> str:
    return " ".join(key)


def _key(cell: Mapping[str, Any]) -> Key:
    scenario, variant, engine, isolation = (str(cell[name]) for name in _NAMES)
    return scenario, variant, engine, isolation


def expected_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """A run's document without what differs from run to run: the table that is worth keeping."""
    kept = (*_NAMES, "version", _VERDICT, *COUNTS)
    return {
        "harness": document["harness"],
        "cells": [
            {name: cell[name] for name in kept if name in cell} for cell in document["cells"]
        ],
    }


def read_expected(path: Path) -> Expected:
    """A stored document.

    Raises:
        UsageError: it cannot be read, or holds no cells with verdicts, or one cell twice.
    """
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        cells = [(_key(cell), cell) for cell in read["cells"]]
        verdicts = [Verdict(cell[_VERDICT]) for _, cell in cells]
    except OSError as error:
        raise UsageError(f"--expect '{path}': cannot be read: {words(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"--expect '{path}': holds no cells with verdicts ({error!r})",
            "was it written by 'harness reproduce --json' or '--write-expected'?",
        ) from error
    by_key = dict(cells)
    if not verdicts or len(by_key) < len(cells):
        raise UsageError(
            f"--expect '{path}': holds {'one cell twice' if verdicts else 'no cell'}",
            "write it again with 'harness reproduce all --write-expected FILE'",
        )
    return Expected(by_key)
