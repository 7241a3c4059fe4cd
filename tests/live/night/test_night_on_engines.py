"""The nine real programs as a night: alike at once and in sequence, and on all engines."""

from __future__ import annotations

import re

import pytest
from live.night.conftest import NIGHT, OneNight, setting_of
from sqlalchemy.exc import DBAPIError

from harness.checks.verdict import Verdict
from harness.engines import ENGINES
from harness.jobs.course import Action, Outcome
from harness.jobs.ledger import Event
from harness.jobs.rehearsal import differences, rehearse
from harness.jobs.runner import PlanNeeded, take_checkpoint
from harness.servers.databases import fresh_database

pytestmark = pytest.mark.integration

LEFT: dict[str, tuple] = {}


def quiet(night, tmp_path, sessions=1, placement=None):
    """What a night in a database of its own leaves."""
    folder = tmp_path / f"quiet-{sessions}-{placement}"
    folder.mkdir()
    setting = setting_of(placement, sessions)
    with fresh_database(night.server) as url:
        engine = ENGINES[night.kind]
        path = folder / "ledger.jsonl"
        return rehearse(engine, url, setting, folder, path, sessions=sessions)


def test_the_night_ends_alike_at_once_in_sequence_and_on_all_engines(filled, tmp_path):
    at_once = quiet(filled, tmp_path, sessions=4)
    in_sequence = quiet(filled, tmp_path, sessions=1)
    for found in (at_once, in_sequence):
        assert found.run.stopped == ""
        assert found.run.verdict is Verdict.HOLDS
        assert {end.outcome for end in found.run.ends.values()} == {Outcome.ENDED}
    assert differences(at_once, in_sequence) == []
    assert at_once.files
    see_metered(filled, at_once.run, in_sequence.run)
    LEFT[filled.kind] = (at_once.tables, at_once.files)
    assert len({str(sorted(files.items())) for _, files in LEFT.values()}) == 1
    assert [tables == at_once.tables for tables, _ in LEFT.values()] == [True] * len(LEFT)


def see_metered(filled, at_once, in_sequence):
    """Only what runs alone is metered: its log, and what it holds at a commit."""
    assert at_once.uses == {}
    uses = in_sequence.uses
    assert uses.keys() == in_sequence.ends.keys()
    logs = ENGINES[filled.kind].measuring
    # The servers of these tests flush their log when they like, so a job's part may be told late.
    assert sum(sum(use.log_bytes.values()) for use in uses.values()) > 1000
    report = uses["report_creation"]
    assert report.locks > 0
    assert all(use.locks is not None for use in uses.values())
    # Where locked rows are counted, orders are locked by their update, and each has two writes.
    assert (report.rows is None) == (logs.lock_use is None)
    assert report.rows is None or report.rows > 0


def test_every_program_finds_something_to_do(night):
    returned = {name: end.detail for name, end in night.run().ends.items()}
    idle = [name for name, said in returned.items() if not re.search(r"=[1-9]", said)]
    assert idle == []
    counts = {name: int(re.search(r"=(\d+)", said)[1]) for name, said in returned.items()
              if name.endswith(("extraction", "_1", "_2"))}  # fmt: skip
    assert min(counts.values()) > 0


@pytest.mark.parametrize("placement", ["all-late", "swapped"])
@pytest.mark.engines("postgresql")
def test_another_placement_runs_as_well(filled, tmp_path, placement):
    found = quiet(filled, tmp_path, sessions=4, placement=placement)
    assert found.run.verdict is Verdict.HOLDS


def test_milestones_separate_the_windows(night):
    run = night.run()
    order = [(e.event, e.subject) for e in run.entries]
    for number, milestone in enumerate(night.network.milestones, start=1):
        passed = order.index((Event.PASSED, milestone))
        for job in night.network.jobs:
            began = order.index((Event.STARTED, job))
            ended = order.index((Event.ENDED, job))
            early = night.network.window(job) < number
            assert (ended < passed) if early else (began > passed)


def test_every_commit_is_told_before_and_after(night):
    run = night.run()
    of_progress = [e for e in run.entries if e.subject == "progress_update"]
    assert [e.event for e in of_progress[:3]] == [Event.STARTED, Event.COMMITTING, Event.COMMITTED]
    sent = [e.unit for e in of_progress if e.event is Event.COMMITTING]
    acknowledged = [e.unit for e in of_progress if e.event is Event.COMMITTED]
    assert sent == acknowledged == list(range(1, run.ends["progress_update"].units + 1))
    assert len(sent) > 1


def failing(_program):
    def program(_connection):
        raise ValueError("the paper ran out")

    return program


def test_after_a_job_that_fails_the_rest_is_stopped_in_order(night):
    night.change("shaken_extraction_2", failing)
    run = night.run()
    outcomes = {name: end.outcome for name, end in run.ends.items()}
    assert run.verdict is Verdict.VIOLATED
    assert run.stopped == "shaken_extraction_2 failed: ValueError: the paper ran out"
    # The job beside it comes to its end; nothing behind T3 begins.
    assert outcomes["result_registration"] is Outcome.ENDED
    assert outcomes["shaken_extraction_2"] is Outcome.FAILED
    behind = [n for n in night.network.jobs if night.network.window(n) > 2]
    assert {outcomes[name] for name in behind} == {Outcome.NOT_STARTED}
    assert not [e for e in run.entries if e.event is Event.REACHED and e.subject == "T3"]
    with pytest.raises(PlanNeeded, match="shaken_extraction_2 began and did not end"):
        night.run()


def test_a_session_that_is_ended_between_commits_is_run_again_and_nothing_is_lost(
    night, filled, tmp_path
):
    def wrap(program):
        def cut_off(connection):
            session = connection.exec_driver_sql(night.engine.session_query).scalar_one()
            connection.rollback()
            sessions.append(int(session))
            return program(connection)

        return cut_off

    def watch(entry):
        if (entry.event, entry.subject, entry.unit) == (Event.COMMITTING, "progress_update", 2):
            probe = night.engine.probe(night.url)
            probe.watch({"progress_update": sessions[-1]})
            probe.cancel("progress_update")
            probe.close()

    sessions = []
    real = night.prepared
    night.change("progress_update", wrap)
    run = night.run(watch)
    assert run.ends["progress_update"].outcome is Outcome.LOST
    assert run.verdict is Verdict.UNKNOWN
    night.prepared = real
    plan = night.plan()
    assert (plan.redefine, plan.again) == ((), ("progress_update",))
    finished = night.run(plan=plan)
    assert finished.stopped == ""
    assert night.digests() == quiet(filled, tmp_path).tables


def test_jobs_that_die_behind_their_commit_are_found_done(night, filled, tmp_path):
    """Each job commits and then fails: the ledger knows of the commit, and not of the end."""

    def dying(program):
        def once(connection):
            program(connection)
            if program not in died:
                died.append(program)
                raise ConnectionError("died behind the commit")

        return once

    died: list = []
    for name in night.network.jobs:
        night.change(name, dying)
    outcomes = {}
    run = night.run()
    while not run.finished:
        assert {e.outcome for e in run.ends.values()} >= {Outcome.FAILED}
        run = night.run(plan=night.plan())
        outcomes |= {n: e.outcome for n, e in run.ends.items() if e.outcome != Outcome.NOT_STARTED}
    assert len(died) == len(night.network.jobs)
    refused = {n for n, outcome in outcomes.items() if outcome is Outcome.DONE_BEFORE}
    assert refused == {
        "inspection_extraction", "shaken_extraction_1", "shaken_extraction_2",
        "result_registration", "schedule_creation", "inspection_rate_update",
    }  # fmt: skip
    assert night.digests() == quiet(filled, tmp_path).tables


def test_work_that_is_done_though_no_commit_was_sent_is_a_failure(night, tmp_path):
    """A refusal proves something only of a job whose commit was on its way."""
    assert night.run().finished
    again = OneNight.__new__(OneNight)
    again.__dict__ |= night.__dict__
    again.path = tmp_path / "another.jsonl"
    run = again.run()  # redefines the work tables, so the extractions are new
    assert run.ends["result_registration"].outcome is Outcome.FAILED
    assert "is done already" in run.ends["result_registration"].detail


def test_a_checkpoint_is_taken_at_each_milestone_that_asks_for_one(night):
    night.setting.actions["T2"] = Action.CHECKPOINT
    run = night.run()
    assert run.stopped == ""
    assert [e.subject for e in run.entries if e.event is Event.CHECKPOINT] == ["T2"]


def test_a_server_that_cannot_be_asked_takes_no_checkpoint(night):
    with pytest.raises(DBAPIError):
        take_checkpoint(night.engine, night.url.set(port=1))


def test_tables_of_the_night_are_all_digested(night):
    assert night.digests().keys() == NIGHT.metadata.tables.keys()
