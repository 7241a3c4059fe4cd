"""The memory for locks is filled on each engine; what is refused leaves nothing, the rest stays."""

import json
import os

import pytest

from harness.checks.verdict import Verdict
from harness.recovery.lock_memory import (
    LockMemoryDrill,
    LockMemoryFound,
    Size,
    judged,
    planned_need,
)
from harness.servers import asking
from harness.servers.databases import fresh_database

pytestmark = pytest.mark.integration

# Each engine's own number, and what its session may do before it has rolled back.
REFUSAL = {
    "mysql": ("1206", "goes on in a new transaction, which sees 0 rows of the job"),
    "mariadb": ("1206", "goes on in a new transaction, which sees 0 rows of the job"),
    "postgresql": ("53200", "takes nothing but a rollback"),
}


@pytest.fixture(scope="module")
def drilled(cramped):
    """The drill's tables on such a server."""
    kind = cramped.engine
    with fresh_database(cramped) as url:
        drill = LockMemoryDrill(kind, url, Size(6, kind.lock_memory.locks, 20), lambda _said: None)
        drill.prepare()
        yield kind, url, drill


def test_the_refused_job_leaves_nothing_and_all_others_stay(drilled):
    kind, url, drill = drilled
    small = drill.attempt()
    assert small.full is not None
    code, session = REFUSAL[kind.name]
    assert small.full.code == code
    assert small.full.session.startswith(session)
    assert 1 < small.full.job == len(small.ended) + 1
    assert judged(small) == []
    # Every part of those that ended, none of the refused one's; the session beside them all along.
    assert len(small.found_done) == 20 * len(small.ended)
    assert small.found_beside == {(number,) for number in range(small.full.job + 1)}
    assert asking.ask(kind, url, "SELECT COUNT(*) FROM drill_done") == str(len(small.found_done))


def test_commits_in_between_let_all_jobs_end_on_the_same_server(drilled):
    _, _, drill = drilled
    small, parts = drill.attempt(), drill.attempt(commit_parts=1)
    assert (parts.full, parts.ended) == (None, [1, 2, 3, 4, 5, 6])
    assert judged(parts) == []
    assert parts.need.locks < small.need.locks / 10
    found = LockMemoryFound(small=small, parts=parts)
    assert (found.verdict, found.unknown()) == (Verdict.UNKNOWN, ["the planned size was not tried"])


def test_a_part_that_was_committed_of_a_refused_job_is_noticed(drilled):
    kind, _, drill = drilled
    control = drill.attempt(control=True)
    assert control.full is not None, kind.name
    assert judged(control) == ["1 rows of a job that was refused are there"]


def test_fewer_jobs_are_not_refused_and_that_is_unknown(drilled):
    kind, url, _ = drilled
    alone = LockMemoryDrill(kind, url, Size(1, kind.lock_memory.locks, 20), lambda _said: None)
    found = LockMemoryFound(small=alone.attempt())
    assert judged(found.small) == []
    assert (found.verdict, found.unknown()) == (
        Verdict.UNKNOWN,
        ["the memory was enough for 1 jobs"],
    )
    # What it held is what the planner counts with.
    assert planned_need(found.small).locks >= kind.lock_memory.locks * 0.9


@pytest.mark.skipif(not os.environ.get("HARNESS_REPEATS"), reason="at night: starts two servers")
def test_the_planned_size_lets_all_jobs_end(harness):
    document = harness.folder / "lock-memory.json"
    said = harness("drill", "lock-memory", "--json", str(document))
    assert said.status == 0, said.err
    for cell in json.loads(document.read_text("utf-8"))["cells"]:
        assert (cell["verdict"], cell["planned"]["jobs_ended"]) == ("holds", 6)
        assert cell["aborts"] == {REFUSAL[cell["engine"]][0]: 1}


@pytest.mark.engines("postgresql")
def test_the_drill_tells_the_error_and_both_cures(harness, drilled):
    kind, _, _ = drilled
    document = harness.folder / "lock-memory.json"
    words = ("--engine", kind.name, "--json", str(document))
    said = harness("drill", "lock-memory", *words)
    assert said.status == 0, said.err
    assert "was told: 53200 out of shared memory" in said.out
    assert "with commits in between and with the planned size all jobs ended" in said.out
    (cell,) = json.loads(document.read_text("utf-8"))["cells"]
    assert (cell["scenario"], cell["verdict"], cell["complete"]) == (
        "drill lock-memory",
        "holds",
        True,
    )
    assert cell["planned"]["refused"] is None
    assert cell["small"]["refused"]["code"] == "53200"
