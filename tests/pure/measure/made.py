"""Results as a measurement gives them, made by hand."""

from __future__ import annotations

from harness.engines import ENGINES, Isolation
from harness.engines.measuring import LockUse
from harness.measure.measurement import Answer, Asked, Column, Panel, Point, Result
from harness.measure.trial import Attempt, Case, Checked, JobDone, Measured, StreamDone, Trial
from harness.replay.latency import Durations

RETURNED = Attempt("returned")
DEADLOCK = Attempt("refused", "1213", "deadlock")
STALE = Attempt("refused", "40001", "serialization")
KILLED = Attempt("killed", "after 3 statements")


def job(*attempts, started_s=1.0, ended_s=3.5):
    return JobDone("job", started_s, ended_s, attempts)


def durations(*lengths_s):
    found = Durations()
    for length_s in lengths_s:
        found.record_s(length_s)
    return found


def stream(*waits_s, lag_s=0.001, **more):
    return StreamDone(
        "clerk", durations(*waits_s), durations(lag_s), more.pop("refusals", {}), **more
    )


def measured(jobs=(), streams=(), broken=(), unknown=()):
    return Measured(jobs, streams, {"log": 512}, LockUse(1136, 20), broken, unknown, {"rows": 4})


TRIAL = Trial(lambda _: Checked())


def result(*found, variant="current", trials=1, breaks=False):
    case = Case(variant, "as it is", "2 jobs", {f"t{n}": TRIAL for n in range(trials)}, breaks)
    return Result(case, {f"t{n}": one for n, one in enumerate(found)})


def answer(*results, missing=""):
    return Answer(ENGINES["mysql"], "9.7.4", "docker", list(results), [], missing)


class Made:
    """A measurement of which only the figures are asked."""

    name = "made"
    title = "made by hand"
    changed = ()
    columns = (
        Column("elapsed_s", "seconds", lambda r: r.measured["t0"].elapsed_s, 1),
        Column("nothing", "nothing", lambda _: None),
    )

    def panels(self, answers):
        points = [Point("1", 2.0), Point("2", 1.0, broken=True)]
        return [Panel(a.title, "jobs", "seconds", {"current": points}) for a in answers]


ASKED = Asked(20, 1, Isolation.READ_COMMITTED)
