"""Figures that the billing measurements have in common, from what came of one trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from harness.measure.measurement import Answer, Point, Result, Value


def elapsed_s(trial: str) -> Callable[[Result], Value]:
    """How long the jobs of a trial took."""

    def value(result: Result) -> Value:
        measured = result.measured.get(trial)
        return measured.elapsed_s if measured else None

    return value


def log_bytes(trial: str, *names: str) -> Callable[[Result], Value]:
    """What the logs of these names grew by; all of them if none is named."""

    def value(result: Result) -> Value:
        measured = result.measured.get(trial)
        if measured is None:
            return None
        found = [n for log, n in measured.log_bytes.items() if not names or log in names]
        return sum(found) if found else None

    return value


def figure(trial: str, name: str) -> Callable[[Result], Value]:
    """What a trial's check has counted."""

    def value(result: Result) -> Value:
        measured = result.measured.get(trial)
        return measured.figures.get(name) if measured else None

    return value


def wait_ms(trial: str, stream: int, percentile: float) -> Callable[[Result], float | None]:
    """What this share of a stream's requests did not exceed; 100 for the worst."""

    def value(result: Result) -> float | None:
        measured = result.measured.get(trial)
        if measured is None or stream >= len(measured.streams):
            return None
        return measured.streams[stream].waits.at_s(percentile) * 1000

    return value


def lock_memory_bytes(trial: str) -> Callable[[Result], Value]:
    """The most memory that locks were seen to take."""

    def value(result: Result) -> Value:
        measured = result.measured.get(trial)
        return measured.lock_use.memory_bytes if measured and measured.lock_use else None

    return value


def ran_again(trial: str) -> Callable[[Result], Value]:
    """Whether what was killed and run again has done its work."""

    def value(result: Result) -> Value:
        measured = result.measured.get(trial)
        if measured is None:
            return None
        ends = [attempt.end for attempt in measured.jobs[0].attempts]
        if ends[:1] != ["killed"]:
            return "not killed"
        return "nothing lost" if measured.verdict.value == "holds" else measured.verdict.value

    return value


def curves(
    answers: Sequence[Answer],
    trial: str,
    value: Callable[[Result], float | None],
    variants: Sequence[str],
) -> Mapping[str, Sequence[Point]]:
    """A curve for each engine and variant, over the variant's settings."""
    found = {
        f"{answer.title}, {variant}": [
            Point(result.case.setting, y, bool(result.measured[trial].broken))
            for result in answer.results
            if result.case.variant == variant
            and trial in result.measured
            and (y := value(result)) is not None
        ]
        for answer in answers
        for variant in variants
    }
    return {name: points for name, points in found.items() if points}
