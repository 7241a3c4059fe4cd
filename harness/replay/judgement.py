"""From what came of a replay to a verdict. Pure: no connection, no clock."""

from __future__ import annotations

from collections.abc import Sequence

from harness.checks.verdict import Verdict
from harness.replay.plan import Plan
from harness.replay.replayer import Replayed
from harness.replay.tally import End


def judge(
    plan: Plan, replayed: Replayed, broken: Sequence[str], silent: Sequence[str] = ()
) -> tuple[Verdict, list[str]]:
    """The verdict, and why it is unknown or would be.

    `broken` are the invariants' sentences: they are facts, however the load was. `silent` says when
    the server did not answer.
    """
    reasons = [*_cut_short(replayed), *silent, *_generator(plan, replayed)]
    for name, tally in replayed.tallies.items():
        reasons += _of_program(name, tally.ends[End.LOST], tally.ends[End.FAILED], tally.errors)
    reasons += [_of_job(job) for job in replayed.jobs if job["end"] != End.COMMITTED.value]
    if not plan.day.invariants:
        reasons.append("the day has no invariants: nothing was judged")
    if broken:
        return Verdict.VIOLATED, reasons
    return (Verdict.UNKNOWN if reasons else Verdict.HOLDS), reasons


def _cut_short(replayed: Replayed) -> list[str]:
    found = []
    if replayed.interrupted:
        found.append(f"interrupted after {replayed.elapsed_s:.1f} s: the rest was not replayed")
    if replayed.overdue:
        found.append("what was under way did not end, and was given up")
    if replayed.died:
        found.append(f"{replayed.died} generator processes ended before their time")
    if replayed.unfinished:
        found.append(f"{replayed.unfinished} connections were still at work at the end")
    return found


def _generator(plan: Plan, replayed: Replayed) -> list[str]:
    """Whether the generator kept up: if not, the latencies are about it and not the server."""
    lag = replayed.all_lag()
    if not lag.count:
        return ["no request has ended"]
    ended = sum(tally.ended for tally in replayed.tallies.values())
    if ended < plan.total and not _cut_short(replayed):
        return [f"{plan.total - ended} of {plan.total} requests were not replayed"]
    bound_s, lag_s = plan.pace.lag_bound_s, lag.at_s(99)
    if lag_s <= bound_s:
        return []
    busy = sum(tally.found_busy for tally in replayed.tallies.values())
    found_busy = (
        f"; {busy} requests found every connection of their program at work" if busy else ""
    )
    part = replayed.computing(plan.pace.processes)
    computed = "" if part is None else f"; its processes computed for {part:.0%} of the time"
    measured = f"lag p99 {lag_s * 1000:.1f} ms is above {bound_s * 1000:g} ms{found_busy}{computed}"
    return [f"the generator did not keep up: {measured}"]


def _of_program(name: str, lost: int, failed: int, errors: dict[str, int]) -> list[str]:
    said = next(iter(errors), "")
    found = []
    if lost:
        found.append(f"{name}: {lost} requests lost their connection: {said}")
    if failed:
        found.append(f"{name}: {failed} requests failed: {said}")
    return found


def _of_job(job: dict[str, object]) -> str:
    if job["end"] is None:
        return f"{job['job']}: did not come to its end"
    refusals = job.get("refusals") or {}
    assert isinstance(refusals, dict), "refusals are counted by code"
    said = str(job.get("error") or ", ".join(refusals))
    return f"{job['job']}: {job['end']}: {said}; what follows it was not begun"
