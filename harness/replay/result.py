"""What is known after a replay: the document that is stored, shown and compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.checks.verdict import Verdict
from harness.engines import Engine, Isolation
from harness.operations import Report
from harness.replay.day import Day, RowCounts
from harness.replay.latency import Durations
from harness.replay.plan import Plan
from harness.replay.replayer import Replayed
from harness.replay.sample import LogSample
from harness.replay.setting import Setting
from harness.replay.tally import End, Tally

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)


@dataclass
class Result:
    """One replay on one engine at one isolation level."""

    day: Day
    setting: Setting
    engine: Engine
    version: str
    source: str
    isolation: Isolation
    plan: Plan
    replayed: Replayed
    verdict: Verdict
    reasons: Sequence[str] = ()
    """Why it is unknown, or would be."""
    broken: Sequence[str] = ()
    """What the invariants say."""
    samples: Mapping[str, LogSample] = field(default_factory=dict)
    log_bytes: Mapping[str, int] | None = None
    """Bytes of the logs over the whole replay."""
    seen: Report | None = None
    """What the monitor saw."""

    @property
    def complete(self) -> bool:
        """Whether all that was planned has been replayed."""
        found = self.replayed
        return not (found.interrupted or found.overdue or found.unfinished or found.died)

    @property
    def ended(self) -> int:
        """How many requests have ended."""
        return sum(tally.ended for tally in self.replayed.tallies.values())

    @property
    def per_second(self) -> float:
        """Transactions that were committed, per second of online time."""
        committed = sum(tally.ends[End.COMMITTED] for tally in self.replayed.tallies.values())
        return committed / self.replayed.online_s if self.replayed.online_s else 0.0

    def expected_rows(self, name: str) -> RowCounts | None:
        """The rows that the source gives for so many requests, or for the batch at this scale."""
        found = self.day.expected_rows.get(name)
        if found is None:
            return None
        part = self.setting.scale
        if name in self.day.programs:
            part = self.plan.counts.get(name, 0) / self.day.programs[name].daily
        numbers = (found.added, found.updated, found.deleted)
        return RowCounts(*(round(number * part) for number in numbers))


def document_of(result: Result) -> dict[str, Any]:
    """A cell of the stored document."""
    replayed = result.replayed
    refusals: Counter[str] = Counter()
    for tally in replayed.tallies.values():
        refusals += tally.refusals
    for job in replayed.jobs:
        refusals.update(job.get("refusals") or {})
    ends: Counter[End] = Counter()
    for tally in replayed.tallies.values():
        ends += tally.ends
    return {
        "scenario": f"{result.day.name} day",
        "variant": f"batch {result.setting.batch.value}",
        "engine": result.engine.name,
        "version": result.version,
        "source": result.source,
        "isolation": result.isolation.slug,
        "verdict": result.verdict.value,
        "unknown": list(result.reasons),
        "executions": result.ended,
        "planned": result.plan.total,
        "complete": result.complete,
        "outcomes": {end.value: ends[end] for end in End},
        "anomalies": len(result.broken),
        "deadlocks": sum(n for named, n in refusals.items() if named.startswith("deadlock")),
        "executions_with_waits": None,
        "aborts": dict(sorted(_by_code(refusals).items())),
        "finding": {"kind": "invariant", "sentences": list(result.broken)}
        if result.broken
        else None,
        "elapsed_s": round(replayed.elapsed_s, 3),
        "online_s": round(replayed.online_s, 3),
        "generator_computed_s": round(replayed.computed_s, 3),
        "transactions_per_s": round(result.per_second, 3),
        "setting": result.setting.document(),
        "slice_s": result.plan.slice_s,
        "lag": percentiles_of(replayed.all_lag()),
        "programs": {
            name: _program(result, name, tally) for name, tally in replayed.tallies.items()
        },
        "jobs": [_job(result, job) for job in replayed.jobs],
        "log_bytes": None if result.log_bytes is None else dict(result.log_bytes),
        "monitor": None if result.seen is None else result.seen.document(),
    }


def percentiles_of(durations: Durations) -> dict[str, float | int]:
    """Seconds at each percentile, the mean and the longest."""
    return {
        "count": durations.count,
        "mean_s": round(durations.mean_s, 6),
        **{f"p{percentile:g}_s": durations.at_s(percentile) for percentile in PERCENTILES},
        "longest_s": durations.longest_s,
    }


def _by_code(refusals: Mapping[str, int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for named, number in refusals.items():
        found[named.rpartition(" ")[2]] += number
    return found


def _program(result: Result, name: str, tally: Tally) -> dict[str, Any]:
    expected, sample = result.expected_rows(name), result.samples.get(name)
    packed = tally.packed()
    return {
        "planned": result.plan.counts.get(name, 0),
        **{key: value for key, value in packed.items() if key not in {"latency", "lag", "slices"}},
        "expected_added": None if expected is None else expected.added,
        "expected_updated": None if expected is None else expected.updated,
        "latency": percentiles_of(tally.latency),
        "lag": percentiles_of(tally.lag),
        "log_bytes_each": None if sample is None else round(sample.bytes_each, 1),
        "log_bytes_sample": None
        if sample is None
        else {"requests": sample.requests, **sample.log_bytes},
        "histograms": {key: packed[key] for key in ("latency", "lag", "slices")},
    }


def _job(result: Result, job: Mapping[str, Any]) -> dict[str, Any]:
    expected = result.expected_rows(job["job"])
    return {
        **job,
        "expected_added": None if expected is None else expected.added,
        "expected_updated": None if expected is None else expected.updated,
    }
