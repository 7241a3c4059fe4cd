"""Which ledger can be gone on with, and which milestone a backup can be of."""

import json
from datetime import date

import pytest

from harness.engines import ENGINES, Isolation
from harness.errors import UsageError
from harness.jobs.backup import BackupError, Backups, night_backup_plan
from harness.jobs.course import Action
from harness.jobs.ledger import Event, Ledger, read_ledger
from harness.jobs.rehearsal import NightSetting
from harness.jobs.resume import files_folder, resume, resume_plan, see_resumable
from workloads.vehicle_maintenance.night import VEHICLE_MAINTENANCE as NIGHT

NETWORK = NIGHT.network()


@pytest.fixture
def ledger(tmp_path):
    """Writes a ledger of these events; its path."""

    def write(*events):
        path = tmp_path / "ledger.jsonl"
        with Ledger(path) as written:
            for event, subject in events:
                written.record(event, subject)
        return path

    return write


def test_the_plan_is_the_exams_with_a_base_at_the_first_milestone():
    plan = night_backup_plan(NIGHT, NETWORK)
    assert plan["T3"] == {"work_result", "vehicle_record", "batch_run"}
    assert plan["T4"] == {"maintenance_schedule", "batch_run"}
    assert plan["T2"] == {"batch_run"}
    assert plan["T1"] >= {"customer_report", "work_result", "contract"}
    assert not frozenset().union(*plan.values()) & NIGHT.no_log
    # What nobody writes needs no copy.
    assert not frozenset().union(*plan.values()) & {"customer", "contractor"}


def test_a_night_that_had_not_begun_or_has_ended_cannot_be_gone_on_with(ledger):
    with pytest.raises(UsageError, match="nothing of the night had begun"):
        see_resumable(NETWORK, ledger(), None)
    passed = [(Event.PASSED, milestone) for milestone in NETWORK.milestones]
    with pytest.raises(UsageError, match="came to its end"):
        see_resumable(NETWORK, ledger(*passed), None)


def test_a_ledger_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        see_resumable(NETWORK, tmp_path / "none.jsonl", None)


def test_only_what_was_backed_up_can_be_restored(ledger):
    path = ledger((Event.PASSED, "T1"), (Event.BACKUP, "T3"))
    with pytest.raises(UsageError, match="T2: the night has no table backup") as error:
        see_resumable(NETWORK, path, "T2")
    assert error.value.hints == ("it has those of T3",)
    assert len(see_resumable(NETWORK, path, "T3")) == 2


def test_a_restore_that_broke_off_has_to_be_done_again(ledger):
    path = ledger((Event.BACKUP, "T3"), (Event.RESTORING, "T3"))
    with pytest.raises(UsageError, match="being put back to T3"):
        see_resumable(NETWORK, path, None)
    assert see_resumable(NETWORK, path, "T3")
    path = ledger((Event.RESTORED, "T3"))
    assert see_resumable(NETWORK, path, None)


def test_a_backup_of_a_course_that_was_given_up_is_none(ledger):
    copied = [(Event.BACKUP, milestone) for milestone in NETWORK.milestones[:5]]
    back = [(Event.RESTORING, "T2"), (Event.RESTORED, "T2")]
    for said in (back[:1], back):
        with pytest.raises(UsageError, match="T4: the night has no table backup") as error:
            see_resumable(NETWORK, ledger(*copied, *said), "T4")
        assert error.value.hints == ("it has those of T1, T2",)
    assert see_resumable(NETWORK, ledger(), "T1")
    assert see_resumable(NETWORK, ledger((Event.BACKUP, "T4")), "T4")  # copied once more


SETTING = NightSetting(
    NIGHT, NETWORK, 0.001, 3, date(2024, 10, 15), dict.fromkeys(NETWORK.milestones, Action.BACKUP),
    4, Isolation.READ_COMMITTED,
)  # fmt: skip


def night_until(window, *, but=()):
    """The events of a night up to a window, all of whose jobs but some have ended."""
    for number, milestone in enumerate(NETWORK.milestones[:window], start=1):
        yield from ((e, milestone) for e in (Event.REACHED, Event.BACKUP, Event.PASSED))
        for name in NETWORK.jobs_in(number):
            yield Event.STARTED, name
            if name not in but:
                yield Event.ENDED, name


def put_back(milestone):
    """The events of a restore."""
    yield Event.RESTORING, milestone
    for name in NETWORK.job_order:
        if milestone in NETWORK.ancestors[name]:
            yield Event.REOPENED, name
    yield Event.RESTORED, milestone


def planned(path):
    return resume_plan(SETTING, read_ledger(path))


def test_what_breaks_behind_a_restore_still_redefines_the_work_tables(ledger):
    plan = planned(ledger(*night_until(5), *put_back("T1")))
    assert set(plan.redefine) == {"wk1", "wk2"}
    # The same again, as nothing has been redefined; reopened jobs change nothing.
    again = [(Event.REOPENED, name) for name in plan.again]
    assert planned(ledger(*again)).redefine == plan.redefine
    # Once a job has begun they have been, and their log puts them right.
    assert planned(ledger((Event.STARTED, plan.again[0]))).redefine == ()


def test_tables_that_were_put_back_need_no_caution(ledger):
    broken = night_until(4, but={"progress_update"})
    path = ledger(*broken, (Event.REOPENED, "result_registration"))
    said = "result_registration: reads maintenance_schedule as progress_update may have left it"
    assert any(said in caution for caution in planned(path).cautions)
    plan = planned(ledger(*put_back("T2")))
    assert "result_registration" in plan.again
    assert plan.cautions == ()
    # Nor when it breaks off again before the job has begun that would disturb it.
    begun = [(Event.STARTED, name) for name in ("inspection_extraction", "result_registration")]
    assert planned(ledger(*begun)).cautions == ()
    assert planned(ledger((Event.STARTED, "progress_update"))).cautions


def test_a_restore_is_written_down_before_a_job_is_reopened(ledger, tmp_path):
    path = ledger(*night_until(4))
    files_folder(path).mkdir(parents=True)
    plan = night_backup_plan(NIGHT, NETWORK)
    for milestone in ("T1", "T2", "T3"):
        note(path.with_suffix("") / "backups", milestone, plan[milestone])

    def cut_off(entry):
        if entry.event is Event.REOPENED:
            raise KeyboardInterrupt

    engine = ENGINES["postgresql"]
    url = engine.url("127.0.0.1", 1, "x")
    with pytest.raises(KeyboardInterrupt):
        resume(engine, url, SETTING, path, restore="T3", watch=cut_off)
    with pytest.raises(UsageError, match="being put back to T3"):
        see_resumable(NETWORK, path, None)


@pytest.fixture
def backups(tmp_path):
    """The backups of the exam's night, in a folder without any."""
    plan = night_backup_plan(NIGHT, NETWORK)
    engine = ENGINES["postgresql"]
    found = Backups(engine, engine.url("127.0.0.1", 1, "x"), NIGHT.metadata, plan, tmp_path)
    return found, plan, tmp_path


def note(folder, milestone, tables):
    (folder / milestone).mkdir(parents=True)
    content = {table: [0, 0, 0] for table in tables}
    (folder / milestone / "backup.json").write_text(json.dumps(content), encoding="utf-8")


def test_each_table_comes_from_its_newest_copy(backups):
    found, plan, folder = backups
    for milestone in ("T1", "T2", "T3", "T4"):
        note(folder, milestone, plan[milestone])
    newest = found.newest("T4")
    assert newest["maintenance_schedule"].milestone == "T4"
    assert newest["work_result"].milestone == "T3"
    assert newest["customer_report"].milestone == "T1"


def test_a_change_that_was_not_copied_is_told(backups):
    found, plan, folder = backups
    for milestone in ("T1", "T2", "T4"):
        note(folder, milestone, plan[milestone])
    with pytest.raises(BackupError, match="had changed at T3, and is in no copy since"):
        found.newest("T4")
    # At T5 some have changed again and are in its copy, and work results are not.
    note(folder, "T5", plan["T5"])
    with pytest.raises(BackupError, match="T5: work_result had changed at T3"):
        found.newest("T5")


def test_a_milestone_without_a_note_is_no_backup(backups):
    found, plan, folder = backups
    with pytest.raises(BackupError, match="backup at T1: there is none"):
        found.newest("T1")
    note(folder, "T1", plan["T1"])
    (folder / "T1" / "backup.json").write_text("{", encoding="utf-8")
    with pytest.raises(BackupError, match="cannot be read"):
        found.newest("T1")
