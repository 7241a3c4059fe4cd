"""What a replay showed, as text for a terminal or a pipe: nothing is cut, units always."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.replay.arrivals import as_clock
from harness.replay.latency import Durations
from harness.replay.plan import BatchTime
from harness.replay.result import Result
from harness.replay.tally import End, Tally

_WAITS_SHOWN = 12
_DEADLOCKS_SHOWN = 3
_BATCH_COLUMNS = 10


def lines_of(result: Result) -> Iterator[str]:
    """The whole report of one replay, without its verdict."""
    yield from _heading(result)
    yield ""
    yield from _latencies(result)
    yield ""
    yield from _rows(result)
    if result.replayed.jobs:
        yield ""
        yield from _batch(result)
    yield ""
    yield from _waits(result)
    yield from _deadlocks(result)
    yield from _errors(result)


def verdict_lines(result: Result) -> Iterator[str]:
    """The verdict, with what broke or why it is unknown."""
    where = f"{result.engine.title} {result.version}, {result.isolation.title}"
    for reason in result.reasons:
        yield f"unknown: {where}: {reason}"
    for sentence in result.broken:
        yield f"violated: {where}: {sentence}"
    lag_ms = result.replayed.all_lag().at_s(99) * 1000
    rules = len(result.day.invariants)
    yield (
        f"{result.verdict.value}: {where}: {result.ended:,} of {result.plan.total:,} requests, "
        f"{rules} invariant{'' if rules == 1 else 's'}, lag p99 {lag_ms:.1f} ms"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> Iterator[str]:
    """Columns two spaces apart: the first ones to the left, numbers to the right.

    >>> print(*table(["a", "n"], [["long", "1"], ["b", "10"]]), sep="|")
    a      n|long   1|b     10
    """
    every = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for row in every:
        cells = [
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _heading(result: Result) -> Iterator[str]:
    setting, plan, day = result.setting, result.plan, result.day
    yield (
        f"{result.engine.title} {result.version} ({result.source}), {result.isolation.title}, "
        f"batch {setting.batch.value}"
    )
    until_s = day.opens_s + plan.length_s * plan.pace.speed
    part = result.replayed.computing(plan.pace.processes)
    computed = "" if part is None else f", each of which computed for {part:.0%} of the time"
    yield (
        f"{day.title}: {as_clock(day.opens_s)} to {as_clock(until_s)} in {plan.length_s:.1f} s "
        f"({plan.pace.speed:g} times as fast), scale {setting.scale:g}, seed {setting.seed}, "
        f"{plan.pace.processes} processes{computed}"
    )
    lag = result.replayed.all_lag()
    yield (
        f"{result.ended:,} of {plan.total:,} requests ended, {result.per_second:,.1f} committed a "
        f"second; lag p50 {_ms(lag, 50)} ms, p99 {_ms(lag, 99)} ms, longest "
        f"{lag.longest_s * 1000:.1f} ms"
    )


def _latencies(result: Result) -> Iterator[str]:
    head = [
        "online program", "requests", "committed", "declined", "refused", "retries",
        "p50 ms", "p95 ms", "p99 ms", "longest ms", "lag p99 ms",
    ]  # fmt: skip
    yield from table(head, [_latency_row(n, t) for n, t in result.replayed.tallies.items()])


def _latency_row(name: str, tally: Tally) -> list[str]:
    counts = [tally.ended, *(tally.ends[e] for e in (End.COMMITTED, End.DECLINED, End.REFUSED))]
    return [
        _spoken(name),
        *(f"{number:,}" for number in (*counts, tally.retries)),
        *(_ms(tally.latency, percentile) for percentile in (50, 95, 99)),
        f"{tally.latency.longest_s * 1000:.1f}",
        _ms(tally.lag, 99),
    ]


def _ms(durations: Durations, percentile: float) -> str:
    return f"{durations.at_s(percentile) * 1000:.1f}"


def _rows(result: Result) -> Iterator[str]:
    """Rows against the exam's; log bytes of requests that were run alone."""
    rows = []
    for name, tally in result.replayed.tallies.items():
        sample = result.samples.get(name)
        rows.append(
            [
                _spoken(name),
                *_against(result, name, tally.rows.added, tally.rows.updated),
                "-" if sample is None else f"{sample.bytes_each:,.0f}",
                "-" if sample is None else f"{sample.bytes_each * tally.ends[End.COMMITTED]:,.0f}",
            ]
        )
    head = ["rows", "added", "expected", "updated", "expected", "log bytes each, alone", "in all"]
    yield from table(head, rows)
    yield f"expected: {result.day.source}, for so many requests; for the batch, times the scale"


def _against(result: Result, name: str, added: int, updated: int) -> list[str]:
    expected = result.expected_rows(name)
    if expected is None:
        return [f"{added:,}", "-", f"{updated:,}", "-"]
    return [f"{added:,}", f"{expected.added:,}", f"{updated:,}", f"{expected.updated:,}"]


def _batch(result: Result) -> Iterator[str]:
    alone = result.setting.batch is not BatchTime.BESIDE
    head = [
        "batch program", "end", "at s", "took s", "added", "expected", "updated", "expected",
        "retries", "log bytes",
    ]  # fmt: skip
    jobs = result.replayed.jobs
    if any(job.get("deleted") for job in jobs):
        head[-2:-2] = ["deleted", "expected"]
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for job in jobs:
        grouped.setdefault(job["job"], []).append(job)
    rows = [_batch_row(result, name, jobs, alone=alone) for name, jobs in grouped.items()]
    if len(head) > _BATCH_COLUMNS:
        for row, (name, found) in zip(rows, grouped.items(), strict=True):
            row[-2:-2] = _deleted(result, name, found)
    yield from table(head, rows, left=2)
    if not alone:
        yield "log bytes of a batch program are known only when it runs alone: --batch after"


def _batch_row(
    result: Result, name: str, jobs: Sequence[Mapping[str, Any]], *, alone: bool
) -> list[str]:
    """One row for all jobs of a program, which ran at once."""
    began_s = min(job["began_s"] for job in jobs)
    ends = list(dict.fromkeys(job["end"] or "not ended" for job in jobs))
    took = "-"
    if all(job["ended_s"] is not None for job in jobs):
        took = f"{max(job['ended_s'] for job in jobs) - began_s:.2f}"
    added, updated, retries = (
        sum(job.get(key, 0) for job in jobs) for key in ("added", "updated", "retries")
    )
    written = jobs[0].get("log_bytes_of_stage")
    return [
        _spoken(name) + (f" ({len(jobs)} jobs)" if len(jobs) > 1 else ""),
        ", ".join(ends),
        f"{began_s:.1f}",
        took,
        *_against(result, name, added, updated),
        f"{retries:,}",
        "-" if written is None or not alone else f"{sum(written.values()):,}",
    ]


def _deleted(result: Result, name: str, jobs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows deleted, and what was expected: only where something deletes."""
    expected = result.expected_rows(name)
    deleted = sum(job.get("deleted", 0) for job in jobs)
    return [f"{deleted:,}", "-" if expected is None else f"{expected.deleted:,}"]


def _waits(result: Result) -> Iterator[str]:
    if result.seen is None:
        return
    yield from result.seen.not_seen()
    waits = result.seen.waits
    every_s = result.seen.cost.elapsed_s / max(1, result.seen.cost.samples)
    if not waits:
        yield f"no lock wait was seen (asked every {every_s:.2f} s)"
        return
    rows = [
        [_spoken(w.waiting), _spoken(w.blocking), w.table, str(w.times), f"{w.longest_s:.2f}"]
        for w in waits[:_WAITS_SHOWN]
    ]
    yield from table(["waiting", "for", "on table", "seen", "longest s"], rows, left=3)
    if len(waits) > _WAITS_SHOWN:
        yield f"and {len(waits) - _WAITS_SHOWN} rows more in the stored run"
    yield f"lock waits were asked for every {every_s:.2f} s; shorter ones may not be seen"


def _deadlocks(result: Result) -> Iterator[str]:
    if result.seen is None or not result.seen.deadlocks:
        return
    found = result.seen.deadlocks
    yield ""
    yield f"{len(found)} deadlocks, as the server told them:"
    for deadlock in found[:_DEADLOCKS_SHOWN]:
        yield from (f"  {line}" for line in deadlock.readable().splitlines())


def _errors(result: Result) -> Iterator[str]:
    for name, tally in result.replayed.tallies.items():
        for refusal, number in sorted(tally.refusals.items()):
            yield f"{_spoken(name)}: {number} times {refusal}"
        for error, number in tally.errors.most_common(3):
            yield f"{_spoken(name)}: {number} times {error}"
    for job in result.replayed.jobs:
        for refusal, number in sorted((job.get("refusals") or {}).items()):
            yield f"{_spoken(job['job'])}: {number} times {refusal}"


def _spoken(name: str) -> str:
    """A program's name as people read it."""
    return name.replace("_", " ")
