"""After every crash of every network, what the plan says leads to the tables of a quiet night."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pure.planning.simulated import WentWrongError, crash_and_go_on, moment_of_sets, undisturbed

from harness.jobs.job import Job, Rerun
from harness.jobs.network import Placement, build
from harness.jobs.standing import crash_in
from harness.planning.explained import crashes
from harness.planning.restart import (
    ALL_RULES,
    EXAM_MODE,
    NO_LOG_MODES,
    Failure,
    Rule,
    needless,
    plan_restart,
)
from workloads.vehicle_maintenance.night import VEHICLE_MAINTENANCE

WORK, KEPT = ("w1", "w2"), ("t1", "t2", "t3")
MODES = st.sampled_from(list(NO_LOG_MODES.values()))


@st.composite
def networks(draw):
    """Up to six jobs in three windows; those that meet on a table follow each other."""
    windows = sorted(draw(st.lists(st.integers(1, 3), min_size=2, max_size=6)))
    jobs = []
    for number, _window in enumerate(windows):
        kind = draw(st.sampled_from([WORK, KEPT, WORK + KEPT]))
        writes = frozenset(draw(st.lists(st.sampled_from(kind), max_size=2)))
        reads = frozenset(draw(st.lists(st.sampled_from(WORK + KEPT), max_size=3))) - writes
        before = {
            job.name for job in jobs if writes & (job.reads | job.writes) or reads & job.writes
        }
        jobs.append(Job(f"j{number}", "", frozenset(before), reads, writes))
    placement = Placement("drawn", "", {j.name: w for j, w in zip(jobs, windows, strict=True)})
    return build(jobs, ["T1", "T2", "T3", "T4"], placement)


@st.composite
def crashed(draw):
    """A network, and a moment that it can be in."""
    network = draw(networks())
    assert not list(network.conflicts())
    order = list(network.job_order)
    ended = set(order[: draw(st.integers(0, len(order)))])
    nodes = {*ended, *network.milestones}  # a milestone may have been passed, or not
    ready = [
        n
        for n in order
        if n not in ended and {a for a in network.ancestors[n] if a in network.jobs} <= nodes
    ]
    started = set(draw(st.lists(st.sampled_from(ready), unique=True))) if ready else set()
    saved = set(order[: draw(st.integers(0, len(ended)))])
    arrived = {n for n in started if draw(st.booleans())}
    return network, moment_of_sets(network, ended, started, saved & ended), arrived


@given(crashed(), MODES)
def test_a_plan_without_cautions_gives_the_tables_of_a_quiet_night(case, mode):
    network, moment, arrived = case
    plan = plan_restart(network, moment, WORK, mode=mode)
    assume(not plan.cautions)
    _, tables = crash_and_go_on(network, WORK, moment, mode, ALL_RULES, arrived)
    quiet = undisturbed(network, WORK)
    for table in tables.keys() - set(WORK):
        assert tables[table] == quiet[table], table


@given(crashed(), MODES)
def test_the_order_of_a_plan_respects_the_network(case, mode):
    network, moment, _ = case
    plan = plan_restart(network, moment, WORK, mode=mode)
    for steps in (plan.again, plan.resume):
        for earlier, later in combinations(steps, 2):
            assert later not in network.ancestors[earlier]
    assert not set(plan.again) & set(plan.resume)
    assert set(plan.redefine) <= set(WORK)
    assert {*plan.redefine, *plan.again} == set(plan.reasons)


@given(crashed())
def test_tables_with_a_log_need_nothing_but_their_unfinished_jobs(case):
    network, moment, _ = case
    plan = plan_restart(network, moment)
    assert plan.redefine == ()
    assert set(plan.again) == {n for n in network.jobs if moment.jobs[n].name == "STARTED"}


NIGHT = VEHICLE_MAINTENANCE


def exam_crashes():
    """Every crash of the exam's night, each also with every set of its jobs ended."""
    network = NIGHT.network()
    for window, checkpoint in crashes(network):
        here = network.jobs_in(window)
        for size in range(len(here) + 1):
            for ended in combinations(here, size):
                yield (
                    network,
                    crash_in(
                        network,
                        window,
                        checkpoints=[checkpoint] if checkpoint else [],
                        ended=ended,
                    ),
                )


def goes_wrong(network, moment, rules, mode):
    """Whether a night with these rules does not end as a quiet one."""
    try:
        plan, tables = crash_and_go_on(network, NIGHT.no_log, moment, mode, rules)
    except WentWrongError:
        return True
    quiet = undisturbed(network, NIGHT.no_log)
    return any(tables[t] != quiet[t] for t in tables.keys() - NIGHT.no_log - set(plan.unneeded))


@pytest.mark.parametrize("mode", NO_LOG_MODES.values(), ids=lambda mode: mode.name)
def test_no_crash_of_the_exams_night_goes_wrong(mode):
    assert not [m for n, m in exam_crashes() if goes_wrong(n, m, ALL_RULES, mode)]


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name)
def test_a_planner_without_one_of_its_rules_goes_wrong_after_some_crash(rule):
    rules = ALL_RULES - {rule}
    wrong = [m for n, m in exam_crashes() if goes_wrong(n, m, rules, EXAM_MODE)]
    assert wrong


@pytest.mark.parametrize("mode", NO_LOG_MODES.values(), ids=lambda mode: mode.name)
@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name)
def test_a_rule_is_needless_exactly_where_no_crash_goes_wrong_without_it(rule, mode):
    rules = ALL_RULES - {rule}
    wrong = any(goes_wrong(n, m, rules, mode) for n, m in exam_crashes())
    assert wrong is not bool(needless(rule, mode, Failure.SERVER))


def test_after_a_program_failure_no_table_was_emptied():
    modes = NO_LOG_MODES.values()
    assert not any(needless(rule, mode, Failure.PROGRAM) for rule in Rule for mode in modes)


def planned(network, **said):
    return plan_restart(network, crash_in(network, 2, **said), NIGHT.no_log)


def test_a_job_that_ended_beside_the_crash_is_not_run_again():
    """Its commit was acknowledged, so it is rolled forward (exam A4, below the table)."""
    network = NIGHT.network()
    plan = planned(network, checkpoints=["T2"], ended=["result_registration"])
    assert plan.again == ("inspection_extraction", "shaken_extraction_2")


def test_after_a_program_failure_only_its_own_table_is_lost():
    """WK2 is still in the buffer, so f and g never apply."""
    network = NIGHT.network()
    moment = crash_in(network, 2, ended=["result_registration"])
    plan = plan_restart(network, moment, NIGHT.no_log, failure=Failure.PROGRAM)
    assert plan.redefine == ("wk1",)
    assert plan.again == ("inspection_extraction", "shaken_extraction_2")
    works = NO_LOG_MODES["unlogged"]  # a rollback works there
    plan = plan_restart(network, moment, NIGHT.no_log, failure=Failure.PROGRAM, mode=works)
    assert (plan.redefine, plan.again) == ((), ("shaken_extraction_2",))


def test_a_crash_that_empties_tables_is_not_cured_by_a_checkpoint():
    network = NIGHT.network()
    moment = crash_in(network, 3, checkpoints=["T3"])
    plan = plan_restart(network, moment, NIGHT.no_log, mode=NO_LOG_MODES["unlogged"])
    assert plan.redefine == ("wk1", "wk2")
    assert plan.again == (
        "inspection_extraction",
        "shaken_extraction_1",
        "shaken_extraction_2",
        "schedule_creation",
    )


def test_a_job_that_would_read_what_a_later_one_changed_is_a_caution():
    """With progress update before schedule creation, an extraction run again sees its work."""
    network = NIGHT.network("swapped")
    plan = plan_restart(network, crash_in(network, 4), NIGHT.no_log)
    assert plan.cautions[0] == (
        "shaken_extraction_1: reads vehicle as progress_update has left it, "
        "and not as it was when shaken_extraction_1 first ran"
    )


def one_job(rerun, writes):
    jobs = [
        Job("a", "", writes=frozenset(writes), rerun=rerun),
        Job("b", "", reads=frozenset(WORK)),
    ]
    return build(jobs, ["T1", "T2", "T3"], Placement("made", "", {"a": 1, "b": 2}))


@pytest.mark.parametrize(
    ("rerun", "writes", "ended", "caution"),
    [
        (Rerun.REFUSES, ["t1"], False, None),
        (Rerun.DOUBLES, ["t1"], False, "a: would do its work twice in t1"),
        (Rerun.DOUBLES, ["w1"], False, None),
        (Rerun.REFUSES, ["t1", "w1"], True, "a: its work is still in t1"),
        (Rerun.REFUSES, ["t1", "w1"], False, "a: if its commit had arrived"),
        (Rerun.REPEATS, ["t1", "w1"], True, None),
    ],
)
def test_work_that_may_be_done_twice_is_a_caution(rerun, writes, ended, caution):
    network = one_job(rerun, writes)
    moment = moment_of_sets(network, {"a"} if ended else set(), set() if ended else {"a"}, set())
    found = plan_restart(network, moment, WORK).cautions
    assert len(found) == (caution is not None)
    assert caution is None or found[0].startswith(caution)


def test_what_is_cautioned_against_really_goes_wrong():
    network = NIGHT.network("swapped")
    moment = crash_in(network, 4)
    assert goes_wrong(network, moment, ALL_RULES, EXAM_MODE)
    saved = crash_in(network, 4, checkpoints=["T3"])
    assert not plan_restart(network, saved, NIGHT.no_log).cautions
    assert not goes_wrong(network, saved, ALL_RULES, EXAM_MODE)


def test_a_job_at_work_that_commits_in_between_may_have_changed_what_is_read_again():
    network = NIGHT.network("swapped")
    cautions = plan_restart(network, crash_in(network, 3), NIGHT.no_log).cautions
    assert cautions[0].startswith("shaken_extraction_1: reads vehicle as progress_update may have")


def test_a_job_at_work_that_is_refused_if_its_commit_arrived_does_no_harm():
    """Schedule creation (予定表作成) adds what 車検抽出2 reads, and takes nothing of it twice."""
    network = NIGHT.network()
    plan = plan_restart(network, crash_in(network, 3), NIGHT.no_log)
    assert "schedule_creation" in plan.again
    assert network.disturbs("schedule_creation", "maintenance_schedule", "shaken_extraction_2")
    assert not plan.cautions
