"""What was measured, as tables and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console

from harness import __version__
from harness.checks.verdict import Verdict
from harness.measure.measurement import Answer, Asked, Column, Measurement, Result, Value
from harness.measure.trial import Measured


def print_answer(measurement: Measurement, answer: Answer, out: Console) -> None:
    """One engine's table, and below it what is wrong, unknown or has to be known."""
    out.print(f"{answer.title} ({answer.source})\n")
    if answer.results:
        for line in _tables(measurement.columns, answer.results):
            out.print(line)
    for result in answer.results:
        for line in _sentences(result):
            out.print(line)
    for note in answer.notes:
        out.print(f"note: {note}")
    if answer.missing:
        out.print(f"unknown: not measured: {answer.missing}")


def print_verdict(answers: Sequence[Answer], out: Console) -> None:
    """The last lines: how many cases came out how."""
    results = [result for answer in answers for result in answer.results]
    for verdict in (Verdict.VIOLATED, Verdict.UNKNOWN, Verdict.HOLDS):
        found = [result for result in results if result.verdict is verdict]
        if not found:
            continue
        news = sum(result.is_news for result in found)
        words = ""
        if verdict is Verdict.VIOLATED:
            words = f", {news} of them unexpectedly" if news else ", all in variants known to break"
        out.print(f"{verdict.value}: {len(found)} of {len(results)} cases{words}")


def document(
    measurement: Measurement, asked: Asked, answers: Sequence[Answer], not_run: Sequence[str]
) -> dict[str, Any]:
    """The document of a measurement; its cells have the keys that those of a search have."""
    return {
        "harness": __version__,
        "measurement": measurement.name,
        "rows": asked.rows,
        "seed": asked.seed,
        "rate_per_s": asked.rate_per_s,
        "cells": [
            _cell(measurement, asked, answer, result)
            for answer in answers
            for result in answer.results
        ],
        "missing": [*not_run, *(answer.missing for answer in answers if answer.missing)],
    }


def _cell(measurement: Measurement, asked: Asked, answer: Answer, result: Result) -> dict[str, Any]:
    return {
        "scenario": f"{measurement.name} at volume",
        "variant": result.case.variant,
        "setting": result.case.setting,
        "engine": answer.engine.name,
        "version": answer.version,
        "source": answer.source,
        "isolation": asked.isolation.slug,
        "verdict": result.verdict.value,
        "known_to_break": result.case.breaks,
        "figures": {column.key: column.value(result) for column in measurement.columns},
        "trials": {name: _trial(measured) for name, measured in result.measured.items()},
    }


def _trial(measured: Measured) -> dict[str, Any]:
    use = measured.lock_use
    return {
        "verdict": measured.verdict.value,
        "broken": list(measured.broken),
        "unknown": list(measured.unknown),
        "elapsed_s": _rounded(measured.elapsed_s),
        "log_bytes": dict(measured.log_bytes),
        "figures": dict(measured.figures),
        "lock_memory_bytes": use.memory_bytes if use else None,
        "locked_rows": use.rows if use else None,
        "jobs": [
            {
                "title": job.title,
                "elapsed_s": _rounded(job.ended_s - job.started_s),
                "attempts": [f"{a.end} {a.said}".strip() for a in job.attempts],
            }
            for job in measured.jobs
        ],
        "streams": [
            {
                "title": stream.title,
                "requests": stream.waits.count,
                "wait_s_p50": _rounded(stream.waits.at_s(50)),
                "wait_s_p99": _rounded(stream.waits.at_s(99)),
                "wait_s_max": _rounded(stream.waits.longest_s),
                "lag_s_p99": _rounded(stream.lags.at_s(99)),
                "lag_s_max": _rounded(stream.lags.longest_s),
                "refusals": dict(stream.refusals),
                "unanswered": stream.unanswered,
                "waits": stream.waits.encode(),
            }
            for stream in measured.streams
        ],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _tables(columns: Sequence[Column], results: Sequence[Result]) -> Iterator[str]:
    """The lines of one table for each group of columns; nothing is cut, however wide."""
    for group in dict.fromkeys(column.group for column in columns):
        of_group = [column for column in columns if column.group == group]
        rows = [["variant", "", *(column.header for column in of_group), "verdict"]]
        before = ""
        for result in results:
            values = [(column.value(result), column.digits) for column in of_group]
            if group and all(value is None for value, _ in values):
                continue
            case = result.case
            name = case.variant if case.variant != before else ""
            shown = [_text(value, digits) for value, digits in values]
            rows.append([name, case.setting, *shown, result.verdict.value])
            before = case.variant
        if group:
            yield group
        yield from _aligned(rows)
        yield ""


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Names and the verdict to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [text.rjust(width) for text, width in zip(row, widths, strict=True)]
        cells[0], cells[-1] = row[0].ljust(widths[0]), row[-1]
        yield "  ".join(cells)


def _text(value: Value, digits: int) -> str:
    """A figure as a table shows it.

    >>> _text(1234.5, 1), _text(None, 0), _text("40P01: 2", 0), _text(12345, 0)
    ('1,234.5', '-', '40P01: 2', '12,345')
    """
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:,.{digits}f}"


def _sentences(result: Result) -> Iterator[str]:
    where = f"{result.case.variant} {result.case.setting}".strip()
    said: dict[str, None] = {}
    for measured in result.measured.values():
        said |= dict.fromkeys(f"violated: {where}: {x}" for x in measured.broken)
        said |= dict.fromkeys(f"unknown: {where}: {x}" for x in measured.unknown)
    yield from said
