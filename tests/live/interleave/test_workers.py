"""Several workers find what one finds: the same executions, each once, and the same verdict."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines import Isolation
from harness.servers.databases import fresh_databases

pytestmark = pytest.mark.integration

TESTS = Path(__file__).resolve().parents[2]
COUNTED = (
    *("verdict", "executions", "possible", "complete", "outcomes", "anomalies", "deadlocks"),
    *("possible_waits", "possible_deadlocks", "executions_with_waits", "aborts", "unknown"),
)
LEVELS = (Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ)


@pytest.fixture
def explored(live_server):
    """Explore in a process of its own; the cell, or what went wrong."""

    def run(programs, workers, level=LEVELS[0], executions=10_000):
        with fresh_databases(live_server, workers) as urls:
            asked = {
                "urls": [url.render_as_string(hide_password=False) for url in urls],
                "engine": live_server.engine.name,
                "version": live_server.version,
                "programs": programs,
                "isolation": level.value,
                "workers": workers,
                "executions": executions,
            }
            return subprocess.run(
                [sys.executable, "-m", "live.interleave.shared_cells"],
                input=json.dumps(asked),
                env=os.environ | {"PYTHONPATH": str(TESTS)},
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )

    return run


def cell_of(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.slug)
@pytest.mark.parametrize("programs", ["lost update", "deadlock", "numbers"])
def test_two_workers_count_what_one_counts(explored, programs, level):
    alone, shared = (cell_of(explored(programs, workers, level)) for workers in (1, 2))
    assert (alone["workers"], shared["workers"]) == (1, 2)
    assert [shared[key] for key in COUNTED] == [alone[key] for key in COUNTED]
    assert (shared["finding"] is None) == (alone["finding"] is None)


def test_three_workers_share_three_sessions(explored):
    shared = cell_of(explored("three", 3))
    assert (shared["workers"], shared["possible"], shared["complete"]) == (3, 636, True)
    assert shared["verdict"] == "violated"
    assert shared["finding"]["reproduced"]


def test_a_limit_stops_all_of_them_and_the_verdict_is_unknown(explored):
    shared = cell_of(explored("numbers", 2, executions=5))
    assert (shared["verdict"], shared["complete"]) == ("unknown", False)
    assert 5 <= shared["executions"] < 20
    assert any("not all" in reason for reason in shared["unknown"])


@pytest.mark.engines("postgresql")
def test_results_that_cannot_be_sent_are_named_with_what_to_do(explored):
    done = explored("cannot be sent", 2)
    assert done.returncode != 0
    assert "cannot be passed between processes" in done.stderr


@pytest.mark.engines("postgresql", "mysql")
def test_a_worker_that_ends_in_the_middle_is_noticed(explored):
    done = explored("ends a worker", 2)
    assert done.returncode != 0
    assert "a worker ended in the middle of its work" in done.stderr
