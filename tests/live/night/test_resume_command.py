"""A night on a given server whose harness is killed is gone on with, and ends as another did."""

import json
import os
import signal

import pytest

from harness.clock import Deadline, poll
from harness.engines import ENGINES
from harness.jobs.ledger import Event, LedgerError, read_ledger

pytestmark = pytest.mark.integration

SMALL = ("replay", "night", "--scale", "0.001", "--seed", "3", "--keep")
QUIET = [word for n in range(1, 7) for word in ("--at", f"T{n}=nothing")]


def document(here, name):
    """The one cell of a stored result."""
    (cell,) = json.loads((here.folder / name).read_text("utf-8"))["cells"]
    return cell


def committed(ledger, job):
    """Whether a commit of a job has been acknowledged, as far as one can read now."""
    try:
        entries = read_ledger(ledger)
    except LedgerError:
        return False
    return any((e.event, e.subject) == (Event.COMMITTED, job) for e in entries)


@pytest.mark.engines(*(ENGINES if os.environ.get("HARNESS_REPEATS") else ["postgresql"]))
def test_a_killed_night_is_gone_on_with_and_ends_as_one_in_peace(here, filled, tmp_path):
    peace = here(*SMALL, "--engine", filled.kind, *QUIET, "--json", "peace.json")
    assert peace.status == 0, peace.err
    runs = tmp_path / "runs"
    before = set(runs.iterdir())
    process = here.start(*SMALL, "--engine", filled.kind, *QUIET, "--at", "T3=backup")
    ledger = None
    for _ in poll(Deadline.after(120), "a commit in window 4", every_s=0.002):
        found = [p for run in set(runs.iterdir()) - before for p in run.glob("*-at-once.jsonl")]
        ledger = found[0] if found else None
        if ledger is not None and committed(ledger, "progress_update"):
            break
        assert process.poll() is None, process.communicate()[1]
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    jobs = {e.subject for e in read_ledger(ledger) if e.event is Event.ENDED}
    assert "schedule_creation" in jobs
    assert "report_creation" not in jobs
    resumed = here("replay", "night", "--resume", str(ledger), "--keep", "--json", "resumed.json")
    assert resumed.status == 0, resumed.out + resumed.err
    assert "run again: progress_update" in resumed.out
    end, wanted = document(here, "resumed.json"), document(here, "peace.json")
    assert end["at_once"]["tables"] == wanted["at_once"]["tables"]
    assert end["at_once"]["files"] == wanted["at_once"]["files"]
    # It has ended; only from its backup can it be gone on with again.
    over = here("replay", "night", "--resume", str(ledger))
    assert (over.status, "that night came to its end" in over.err) == (64, True)
    restored = here("replay", "night", "--resume", str(ledger), "--restore", "T3",
                    "--json", "restored.json")  # fmt: skip
    assert restored.status == 0, restored.out + restored.err
    assert document(here, "restored.json")["at_once"]["tables"] == wanted["at_once"]["tables"]
    # Not kept: the given database is left empty, and then there is nothing to go on with.
    gone = here("replay", "night", "--resume", str(ledger), "--restore", "T3")
    assert (gone.status, "holds nothing of the harness's" in gone.err) == (64, True)
