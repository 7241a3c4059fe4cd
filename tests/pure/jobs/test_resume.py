"""Which ledger can be gone on with, and which milestone a backup can be of."""

import json

import pytest

from harness.engines import ENGINES
from harness.errors import UsageError
from harness.jobs.backup import BackupError, Backups, night_backup_plan
from harness.jobs.ledger import Event, Ledger
from harness.jobs.resume import see_resumable
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


@pytest.fixture
def backups(tmp_path):
    """The backups of the exam's night, in a folder without any."""
    plan = night_backup_plan(NIGHT, NETWORK)
    engine = ENGINES["postgresql"]
    found = Backups(engine, engine.url("127.0.0.1", 1, "x"), NIGHT.metadata, plan, tmp_path)
    return found, plan, tmp_path


def note(folder, milestone, tables):
    (folder / milestone).mkdir()
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
