"""From what was measured to what is broken, and to why a run shows nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.measure.trial import JobDone, StreamDone

LAG_MAX_S = 0.25
"""If more than 1 % of the requests were handed over later than this, the generator was the slow
part, and a wait says nothing about the server."""


def broken_by(
    jobs: Sequence[JobDone], streams: Sequence[StreamDone], wrong: Sequence[str]
) -> tuple[str, ...]:
    """What is wrong: in the tables, jobs that a deadlock ended, requests that timed out."""
    return (*wrong, *_deadlocks(jobs), *_constraints(jobs), *_timed_out(streams))


def unknown_by(
    jobs: Sequence[JobDone], streams: Sequence[StreamDone], *, kill: bool = False
) -> tuple[str, ...]:
    """Why the run does not show what it is meant to show; `kill` says that a job was to be."""
    return (*_unfinished(jobs), *_unanswered(streams), *(_alive(jobs[0]) if kill else ()))


def _deadlocks(jobs: Sequence[JobDone]) -> Iterator[str]:
    for job in jobs:
        codes = [a.said for a in job.attempts if a.kind == "deadlock"]
        if codes:
            times = "once" if len(codes) == 1 else f"{len(codes)} times"
            yield f"{job.title}: ended by a deadlock {times} ({codes[0]})"


def _constraints(jobs: Sequence[JobDone]) -> Iterator[str]:
    for job in jobs:
        last = job.attempts[-1]
        if last.kind == "constraint":
            yield f"{job.title}: ended in the middle, refused by a constraint ({last.said})"


def _timed_out(streams: Sequence[StreamDone]) -> Iterator[str]:
    for stream in streams:
        for code in sorted(stream.timeouts):
            times = stream.refusals[code]
            yield (
                f"{stream.title}: {times} of {stream.waits.count} requests gave up waiting for a "
                f"lock ({code})"
            )


def _unfinished(jobs: Sequence[JobDone]) -> Iterator[str]:
    for job in jobs:
        last = job.attempts[-1]
        if last.end == "raised":
            yield f"{job.title}: {last.said}"
        elif last.end != "returned" and last.kind != "constraint":
            runs = len(job.attempts)
            yield f"{job.title}: not done after {runs} runs; the last was {last.end} ({last.said})"


def _alive(job: JobDone) -> Iterator[str]:
    if all(attempt.end != "killed" for attempt in job.attempts):
        yield f"{job.title}: was to be killed in the middle, and was not"


def _unanswered(streams: Sequence[StreamDone]) -> Iterator[str]:
    for stream in streams:
        if not stream.waits.count:
            yield f"{stream.title}: no request was answered"
        if stream.unanswered:
            yield f"{stream.title}: {stream.unanswered} requests were never answered"
        if stream.errors:
            yield f"{stream.title}: {len(stream.errors)} requests failed: {stream.errors[0]}"
        lag_s = stream.lags.at_s(99)
        if lag_s > LAG_MAX_S:
            yield (
                f"{stream.title}: the generator did not keep up: 1 % of the requests were handed "
                f"over {lag_s:.3f} s or more too late, {LAG_MAX_S:g} s is the limit"
            )
