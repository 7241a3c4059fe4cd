"""Tables are copied at milestones, and put back from the copies; digests say that all is there."""

import pytest
from live.night.conftest import NIGHT, OneNight, setting_of

from harness.errors import UsageError
from harness.jobs.backup import BackupError
from harness.jobs.course import Action, Outcome
from harness.jobs.ledger import Event, Ledger
from harness.jobs.rehearsal import beside
from harness.jobs.resume import files_folder, resume, see_resumable
from harness.jobs.runner import run_night
from harness.servers import asking

pytestmark = pytest.mark.integration


class CopiedNight(OneNight):
    """A night that copies its tables at every milestone, with its files beside its ledger."""

    def __init__(self, database, folder):
        self.ledger = folder / f"{database.kind}-at-once.jsonl"
        files = files_folder(self.ledger)
        files.mkdir(parents=True)
        super().__init__(database, files)
        self.path = self.ledger
        self.setting.actions.update(dict.fromkeys(self.network.milestones, Action.BACKUP))
        self.backups = self.setting.backups(self.engine, self.url, self.path)
        self.at = {}

    def remember(self, entry):
        """What the tables hold when a milestone has been passed: no job is at work then."""
        if entry.event is Event.PASSED:
            self.at[entry.subject] = self.digests()

    def run(self, watch=None, plan=None):
        with Ledger(self.path, watch) as ledger:
            course = self.setting.course(self.setting.sessions, self.backups)
            return run_night(self.engine, self.url, self.prepared, course, ledger, plan=plan)

    def spoil(self, *tables):
        """Lose the rows of some tables, as a mistaken program may."""
        before, behind = self.engine.without_foreign_keys
        lost = [f"DELETE FROM {table}" for table in tables]
        asking.tell(self.engine, self.url, [*before, *lost, *behind])


@pytest.fixture
def copied(filled, tmp_path):
    """Such a night, with its data loaded."""
    return CopiedNight(filled, tmp_path)


def without_work(digests):
    """Work tables are in no backup."""
    return {name: digest for name, digest in digests.items() if name not in NIGHT.no_log}


def test_each_milestone_is_put_back_as_it_was_and_the_night_ends_alike(copied):
    run = copied.run(copied.remember)
    assert run.stopped == ""
    told = {e.subject: e.detail for e in run.entries if e.event is Event.BACKUP}
    assert list(told) == list(copied.network.milestones)
    assert told["T4"].startswith("2 tables, ")  # 予定表, and the marks of batch runs
    end, files = copied.digests(), copied.prepared.written_files()
    for milestone in ("T6", "T3", "T1"):
        copied.spoil("progress", "work_result", "customer_report")
        copied.backups.restore(milestone)
        assert without_work(copied.digests()) == without_work(copied.at[milestone]), milestone
    copied.backups.restore("T6")
    assert copied.digests() == end
    # From a copy in the middle all behind it runs again, with the files of that night.
    copied.spoil("maintenance_schedule", "progress", "vehicle_record")
    plan, left = resume(copied.engine, copied.url, copied.setting, copied.path, restore="T3")
    assert (plan.redefine, plan.again[0], plan.cautions) == ((), "schedule_creation", ())
    assert {end.outcome for end in left.run.ends.values()} == {Outcome.ENDED}
    assert (left.run.stopped, left.tables) == ("", end)
    assert copied.prepared.written_files() == files


def test_from_the_first_milestone_the_work_tables_are_made_again(copied):
    assert copied.run().stopped == ""
    end = copied.digests()
    copied.spoil("wk1", "progress")
    plan, left = resume(copied.engine, copied.url, copied.setting, copied.path, restore="T1")
    assert sorted(plan.redefine) == ["wk1", "wk2"]
    assert len(plan.again) == len(copied.network.jobs)
    assert (left.run.stopped, left.tables) == ("", end)


@pytest.mark.engines("postgresql", "mysql")
def test_a_damaged_copy_is_refused_and_no_table_is_changed(copied):
    assert copied.run().stopped == ""
    before = copied.digests()
    path = beside(copied.path) / "backups" / "T3" / "work_result.tsv"
    path.write_bytes(path.read_bytes().replace(b"good", b"bad", 1))
    with pytest.raises(BackupError, match=r"work_result\.tsv' has .* rows with digest"):
        resume(copied.engine, copied.url, copied.setting, copied.path, restore="T4")
    assert copied.digests() == before
    # It broke off in the middle of a restore, as far as the ledger knows: that must end first.
    with pytest.raises(UsageError, match="being put back to T4"):
        see_resumable(copied.network, copied.path, None)


def test_a_night_whose_job_failed_is_gone_on_with(copied):
    def failing(_program):
        def program(_connection):
            raise ValueError("the paper ran out")

        return program

    copied.change("progress_update", failing)
    run = copied.run()
    assert run.ends["progress_update"].outcome is Outcome.FAILED
    plan, left = resume(copied.engine, copied.url, setting_of(), copied.path)
    assert (plan.redefine, plan.again) == ((), ("progress_update",))
    assert left.run.stopped == ""
    assert {name for name, end in left.run.ends.items() if end.outcome is Outcome.ENDED} == {
        "progress_update", "request_creation", "inspection_rate_update", "report_creation",
    }  # fmt: skip
