"""A night as a person reads it, and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harness import __version__
from harness.checks.verdict import Verdict
from harness.jobs.course import Action, JobEnd, NightRun, Outcome
from harness.jobs.ledger import Event
from harness.jobs.rehearsal import NightResult, NightSetting, Rehearsed, differences
from harness.planning.explained import aligned

_BAR_WIDTH = 40


@dataclass(frozen=True, slots=True)
class Passed:
    """A milestone of one run: when it was reached and left, in seconds since the first entry."""

    milestone: str
    reached_s: float
    passed_s: float


def began(run: NightRun) -> datetime | None:
    """When the first thing of the ledger happened."""
    return run.entries[0].at if run.entries else None


def milestones(run: NightRun) -> list[Passed]:
    """The milestones that were passed, in their order; each as it was last passed."""
    reached: dict[str, datetime] = {}
    found: dict[str, Passed] = {}
    start = began(run)
    for entry in run.entries:
        if entry.event is Event.REACHED:
            reached[entry.subject] = entry.at
        elif entry.event is Event.PASSED and start is not None:
            since = (reached[entry.subject] - start).total_seconds()
            until = (entry.at - start).total_seconds()
            found[entry.subject] = Passed(entry.subject, since, until)
    return list(found.values())


def waited_s(run: NightRun, job: str) -> float:
    """For how long a job was seen to wait for locks of others."""
    return sum((w.last_seen - w.began).total_seconds() for w in run.waits if w.waiter == job)


def seconds_of(run: NightRun, end: JobEnd) -> tuple[float, float]:
    """When a job began and ended, in seconds since the first entry; zeros if it did not begin."""
    start = began(run)
    if start is None or end.began is None or end.ended is None:
        return 0.0, 0.0
    return (end.began - start).total_seconds(), (end.ended - start).total_seconds()


def night_heading(setting: NightSetting) -> list[str]:
    """What was run."""
    placement = setting.network.placement
    at = {m: setting.actions.get(m, Action.NOTHING) for m in setting.network.milestones}
    taken = [milestone for milestone, action in at.items() if action.checkpoints]
    copied = [milestone for milestone, action in at.items() if action.backs_up]
    size = f"scale {setting.scale:g}, seed {setting.seed}, business date {setting.business_date}"
    return [
        f"{setting.night.title}: {size}",
        f"placement {placement.name}: {placement.sentence}",
        f"{setting.isolation.title}, at most {setting.sessions} jobs at once",
        f"checkpoints at {', '.join(taken) or 'no milestone'}",
        *([f"table backups at {', '.join(copied)}"] if copied else []),
    ]


def night_lines(result: NightResult) -> Iterator[str]:
    """One engine's night: what ran when, then what is to be said of it."""
    run = result.at_once.run
    yield f"{result.title}, {result.source}"
    yield from job_table(result.setting, run)
    for entry in run.entries:
        if entry.event is Event.BACKUP:
            yield f"backup at {entry.subject}: {entry.detail}"
    if run.stopped:
        yield f"stopped: {run.stopped}"
        idle = [end.job for end in run.ends.values() if end.outcome is Outcome.NOT_STARTED]
        yield f"not begun: {', '.join(idle) or 'none'}"
    if run.blind:
        yield run.blind
    for wait in run.waits:
        length_s = (wait.last_seen - wait.began).total_seconds()
        yield f"{wait.waiter} waited for {', '.join(wait.blockers)}, about {length_s:.2f} s"
    if result.in_sequence is not None:
        yield from _compared(result, result.in_sequence)
    elif run.finished and not result.complete:
        yield "in sequence: nothing is known of that night"
    for one in result.rehearsals:
        if one.run.uses:
            yield from use_table(result.setting, one.run)


def use_table(setting: NightSetting, run: NightRun) -> list[str]:
    """What each job took that ran alone: beside the locks that the planner counts, its own."""
    logs = list(dict.fromkeys(log for use in run.uses.values() for log in use.log_bytes))
    rows = [["", "commits", "rows locked", "locks", "bytes", *(f"{log}, bytes" for log in logs)]]
    for name, use in run.uses.items():
        end = run.ends.get(name)
        figures = [
            "-" if end is None else f"{end.units:,}",
            "-" if use.rows is None else f"{use.rows:,}",
            "-" if use.locks is None else f"{use.locks:,}",
            f"{use.lock_bytes:,}" if use.lock_bytes else "-",
            *(f"{use.log_bytes.get(log, 0):,}" for log in logs),
        ]
        rows.append([setting.night.titled(name), *figures])
    sums = (sum(use.log_bytes.get(log, 0) for use in run.uses.values()) for log in logs)
    rows.append(["the night", "", "", "", "", *(f"{number:,}" for number in sums)])
    return [
        "held at a commit at the most, and logged, by each job alone:",
        *aligned(rows, [*range(1, len(rows[0]))]),
    ]


def _compared(result: NightResult, sequence: Rehearsed) -> Iterator[str]:
    if not sequence.run.finished:
        yield f"in sequence: stopped: {sequence.run.stopped}"
        return
    lengths = " and ".join(f"{length_s(one.run):.1f} s" for one in result.rehearsals)
    said = f"differ in {', '.join(result.differing)}" if result.differing else "end alike"
    yield f"jobs at once and in sequence ({lengths}): the two nights {said}"


def length_s(run: NightRun) -> float:
    """From the first to the last entry."""
    return (run.entries[-1].at - run.entries[0].at).total_seconds() if run.entries else 0.0


def job_table(setting: NightSetting, run: NightRun) -> list[str]:
    """Each job with its window, times, commits, and a bar where it was at work."""
    night = length_s(run)
    passed = {one.milestone: one for one in milestones(run)}
    rows = [["", "job", "began", "ended", "commits", "waited", "outcome", ""]]
    for number, milestone in enumerate(setting.network.milestones, start=1):
        if milestone in passed:
            one = passed[milestone]
            action = setting.actions.get(milestone, Action.NOTHING).value
            times = [f"{one.reached_s:.2f} s", f"{one.passed_s:.2f} s"]
            bar = _bar(one.reached_s, one.passed_s, night, "|")
            rows.append([milestone, "", *times, "", "", action, bar])
        here = [end for end in run.ends.values() if setting.network.window(end.job) == number]
        rows += [["", *_job_row(setting, run, end, night)] for end in here]
    return aligned(rows, right=[2, 3, 4, 5])


def _job_row(setting: NightSetting, run: NightRun, end: JobEnd, night: float) -> list[str]:
    name = setting.night.titled(end.job)
    if end.began is None:
        return [name, "", "", "", "", end.outcome.value, ""]
    since, until = seconds_of(run, end)
    waited = waited_s(run, end.job)
    return [
        name,
        f"{since:.2f} s",
        f"{until:.2f} s",
        str(end.units),
        f"{waited:.2f} s" if waited else "-",
        end.outcome.value,
        _bar(since, until, night, "#"),
    ]


def _bar(since: float, until: float, night: float, mark: str) -> str:
    if night <= 0:
        return ""
    first = int(since / night * (_BAR_WIDTH - 1))
    last = max(first, int(until / night * (_BAR_WIDTH - 1)))
    return " " * first + mark * (last - first + 1)


def digest_lines(results: Sequence[NightResult]) -> list[str]:
    """What the tables hold after the first finished night; its files as one line."""
    finished = [result for result in results if result.at_once.run.finished]
    if not finished:
        return []
    left = finished[0].at_once
    rows = [["table", "rows", "digest"]]
    rows += [[name, f"{d.rows:,}", str(d)] for name, d in left.tables.items()]
    return [*aligned(rows, right=[1]), f"files: {len(left.files)}"]


def engines_differ(results: Sequence[NightResult]) -> list[str]:
    """Tables and files that are not the same on all engines."""
    first, *others = results
    return sorted({name for o in others for name in differences(first.at_once, o.at_once)})


def night_verdict(results: Sequence[NightResult]) -> Verdict:
    """Over all engines."""
    verdicts = [result.verdict for result in results]
    differ = [Verdict.VIOLATED] if results and engines_differ(results) else []
    return Verdict.worst([*verdicts, *differ])


def verdict_line(results: Sequence[NightResult]) -> str:
    """The last paragraph."""
    verdict = night_verdict(results)
    engines = f"{len(results)} {'engine' if len(results) == 1 else 'engines'}"
    if differ := engines_differ(results):
        return f"{verdict.value}: the engines differ in {', '.join(differ)}"
    if verdict is Verdict.HOLDS:
        nights = sum(len(result.rehearsals) for result in results)
        same = "the tables end alike" if nights > 1 else "there is nothing to compare it with"
        return f"holds: {_nights(nights)} on {engines} came to an end, and {same}"
    wrong = [result for result in results if result.verdict is verdict]
    return f"{verdict.value}: the night on {', '.join(result.title for result in wrong)}"


def _nights(number: int) -> str:
    return "one night" if number == 1 else f"{number} nights"


def night_document(results: Sequence[NightResult]) -> dict[str, Any]:
    """Everything as values."""
    return {
        "harness": __version__,
        "verdict": night_verdict(results).value,
        "engines_differ_in": engines_differ(results) if results else [],
        "cells": [_cell(result) for result in results],
    }


def _cell(result: NightResult) -> dict[str, Any]:
    setting = result.setting
    return {
        "scenario": setting.night.name,
        "variant": setting.network.placement.name,
        "engine": result.engine.name,
        "version": result.version,
        "source": result.source,
        "isolation": setting.isolation.slug,
        "verdict": result.verdict.value,
        "executions": len(result.rehearsals),
        "complete": result.complete,
        "executions_with_waits": sum(bool(one.run.waits) for one in result.rehearsals),
        "scale": setting.scale,
        "seed": setting.seed,
        "business_date": setting.business_date.isoformat(),
        "sessions": setting.sessions,
        "actions": {milestone: action.value for milestone, action in setting.actions.items()},
        "at_once": _rehearsed(result.at_once),
        "in_sequence": None if result.in_sequence is None else _rehearsed(result.in_sequence),
        "differing": result.differing,
        "elapsed_s": round(result.elapsed_s, 3),
    }


def _rehearsed(rehearsed: Rehearsed) -> dict[str, Any]:
    run = rehearsed.run
    return {
        "stopped": run.stopped,
        "elapsed_s": round(length_s(run), 3),
        "jobs": {
            end.job: {
                "outcome": end.outcome.value,
                "detail": end.detail,
                "began_s": round(seconds_of(run, end)[0], 3),
                "ended_s": round(seconds_of(run, end)[1], 3),
                "commits": end.units,
                "waited_s": round(waited_s(run, end.job), 3),
            }
            for end in run.ends.values()
        },
        "milestones": {
            one.milestone: {
                "reached_s": round(one.reached_s, 3),
                "passed_s": round(one.passed_s, 3),
            }
            for one in milestones(run)
        },
        "tables": {
            name: {"rows": digest.rows, "digest": str(digest)}
            for name, digest in rehearsed.tables.items()
        },
        "files": dict(rehearsed.files),
        "uses": {
            name: {
                "rows_locked": use.rows,
                "locks": use.locks,
                "lock_bytes": use.lock_bytes or None,
                "log_bytes": dict(use.log_bytes),
            }
            for name, use in run.uses.items()
        },
    }
