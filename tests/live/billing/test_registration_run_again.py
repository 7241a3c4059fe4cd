"""Problem A: bill registration is stopped, or its process killed, and run again from the start."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from live.billing.restarts import RESTARTS
from live.schema.stopping import killed_before
from sqlalchemy import delete

from schema.billing import fixture, metadata
from schema.billing.invariants import (
    all_billed,
    lines_belong,
    observe_bills,
    observe_counts,
    observe_totals,
    totals_follow_lines,
)
from workloads.billing.problems.problem_a import FIRST_RUN, PROBLEM_A

pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize("variant", RESTARTS),
]

DYING = Path(__file__).with_name("dying_registration.py")
MEMBERS = [purchase.member_no for purchase in FIRST_RUN.purchases]

# One statement reads; each of the two bills takes four and a commit.
STEPS = 1 + 2 * 5
STEPS_TO_COMMITS = {0: 0, 6: 1, 11: 2}


@pytest.fixture
def engine(database, variant):
    RESTARTS[variant].tables.create_all(database.engine)
    return database.engine


@pytest.fixture
def totals_before(engine):
    reload(engine)
    with engine.connect() as connection:
        return observe_totals(connection)


def reload(engine):
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        fixture.load(connection, fixture.group_1_rows())


def run_again(engine, variant, billed_before, totals_before):
    """Run from the start, and see that the month is right, or doubled where that is known."""
    restart = RESTARTS[variant]
    with engine.connect() as connection:
        assert len(observe_bills(connection)) == billed_before
        connection.rollback()
        result = restart.program(connection, restart.again)
        bills = observe_bills(connection)
        assert lines_belong(observe_counts(connection)) is None
        assert totals_follow_lines([totals_before, observe_totals(connection)]) is None
    times = Counter(one.member_no for one in bills)
    if restart.doubles:
        assert times == Counter(MEMBERS) + Counter(MEMBERS[:billed_before])
    else:
        assert all_billed(MEMBERS, fixture.BILLING_MONTH, bills) is None
        assert result.passed_over_members == billed_before
        assert result.billed_members == len(MEMBERS) - billed_before


def test_every_variant_is_run_again(variant):
    assert list(RESTARTS) == list(PROBLEM_A.variants)


def test_stopped_before_any_step_it_is_run_again(engine, variant, totals_before):
    for step in range(STEPS + 1):
        reload(engine)
        with engine.connect() as connection, killed_before(connection, step) as killed:
            RESTARTS[variant].program(connection, FIRST_RUN)
        assert bool(killed) is (step < STEPS)
        commits = max(n for first, n in STEPS_TO_COMMITS.items() if first <= step)
        run_again(engine, variant, commits, totals_before)


@pytest.mark.parametrize("commits", range(len(MEMBERS) + 1))
def test_killed_at_any_commit_it_is_run_again(database, engine, variant, commits, totals_before):
    url = database.url.render_as_string(hide_password=False)
    died = subprocess.run(
        [sys.executable, DYING, variant, str(commits)],
        env={
            **os.environ,
            "BILLING_URL": url,
            "PYTHONPATH": os.pathsep.join([str(DYING.parents[2]), str(DYING.parents[3])]),
        },
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    run_again(engine, variant, commits, totals_before)
