"""`harness plan` as a user runs it."""

from __future__ import annotations

import pytest

from harness import cli
from harness.jobs.ledger import Event, Ledger


def test_every_crash_in_one_table(plan):
    status, said, document = plan("restart")
    assert status == 0
    assert said.strip().splitlines()[-1] == (
        "holds: after all 15 crashes the night ends as it would have without"
    )
    assert "assumed: placement main" in said
    assert len(document["plans"]) == 15
    assert document["night"] == "vehicle-maintenance"


def test_one_crash_with_its_reasons(plan):
    status, said, document = plan("restart", "--crash", "T2-T3", "--checkpoint", "T2")
    assert status == 0
    assert "server failure in window 2 (T2 to T3)" in said
    assert "1  redefine   wk1 (WK1)" in said
    assert "shaken_extraction_2 had begun to write it, and it has no log" in said
    assert document["plan"]["redefine"] == ["wk1"]
    assert document["plan"]["again"] == [
        "inspection_extraction",
        "shaken_extraction_2",
        "result_registration",
    ]
    assert said.strip().splitlines()[-1].startswith("holds: 1 to redefine, 3 to run again")


def test_a_plan_that_is_not_certain_is_unknown(plan):
    status, said, document = plan("restart", "--crash", "4", "--placement", "swapped")
    assert status == 2
    assert "not certain: shaken_extraction_1: reads vehicle as progress_update has left it" in said
    assert said.strip().splitlines()[-1].startswith("unknown: ")
    assert document["plan"]["cautions"]
    status, said, _ = plan("restart", "--placement", "swapped")
    assert status == 2
    assert said.strip().splitlines()[-1].startswith("unknown: ")


def test_work_tables_with_a_log_need_no_more_than_the_jobs_at_work(plan):
    _, _, document = plan("restart", "--crash", "2", "--work-tables", "logged")
    assert document["plan"]["redefine"] == []
    assert document["plan"]["again"] == ["shaken_extraction_2", "result_registration"]


def test_a_program_failure_loses_its_own_table_only(plan):
    _, said, document = plan(
        *("restart", "--crash", "2", "--failure", "program", "--ended", "result_registration")
    )
    assert "program failure in window 2" in said
    assert document["plan"]["redefine"] == ["wk1"]


def test_the_table_is_of_program_failures_if_they_are_asked_for(plan):
    """Exam A4: after one in window 2 only WK1 is lost; WK2 is still in the buffer."""
    status, said, document = plan("restart", "--failure", "program")
    assert status == 0
    assert "program failures: the jobs at work in the window died" in said
    assert said.strip().splitlines()[-1].startswith("holds: after all 15 program failures ")
    assert {one["failure"] for one in document["plans"]} == {"program failure"}
    second = [one for one in document["plans"] if one["window"] == 2]
    assert [one["redefine"] for one in second] == [["wk1"], ["wk1"]]
    assert "shaken_extraction_1" not in second[0]["again"]


def test_a_plan_for_the_ledger_of_a_night_that_broke_off(plan, tmp_path):
    path = tmp_path / "ledger.jsonl"
    with Ledger(path) as ledger:
        ledger.record(Event.PASSED, "T1")
        ledger.record(Event.STARTED, "inspection_extraction")
        ledger.record(Event.STARTED, "shaken_extraction_1")
        ledger.record(Event.ENDED, "shaken_extraction_1")
    status, said, document = plan("restart", "--ledger", str(path))
    assert status == 0
    assert "at work: inspection_extraction (点検抽出)" in said
    # WK2 was written and not saved by a checkpoint; WK1 was being written.
    assert sorted(document["plan"]["redefine"]) == ["wk1", "wk2"]


def test_the_other_planners_print_the_exams_figures(plan):
    status, said, document = plan("recovery-time")
    assert (status, [case["recovery_s"] for case in document["cases"]]) == (0, [140, 300])
    assert "worst case: 300 s" in said
    status, said, document = plan("lock-memory")
    assert (status, document["windows"][0]["logged_locks"]) == (0, 60_000)
    assert "60,000" in said
    status, said, document = plan("log-volume")
    assert [reading["backups"] for reading in document["readings"]] == [3, 6]
    assert "1,095 s" in said
    assert "299.3 s" in said
    _, _, document = plan("log-volume", "--io-per-update", "2")
    assert [reading["backups"] for reading in document["readings"]] == [6]
    status, said, document = plan("backups")
    assert "17 backups of one table each" in said
    assert document["backups"]["T4"] == ["maintenance_schedule"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["restart", "--crash", "9"], "window 9: the night has windows 1 to 5"),
        (["restart", "--crash", "T1-T3"], "--crash 'T1-T3': is no window"),
        (["restart", "--crash", "2", "--checkpoint", "T3"], "checkpoint at T3: lies behind"),
        (["restart", "--crash", "2", "--ended", "schedule_creation"], "is not of window 2"),
        (["restart", "--crash", "2", "--ended", "shaken_extraction_9"], "did you mean"),
        (["restart", "--checkpoint", "T2"], "--checkpoint: says how a crash found the night"),
        (["restart", "--placement", "mian"], "did you mean 'main'?"),
        (["restart", "--night", "none"], "night 'none': unknown"),
        (["restart", "--ledger", "x", "--crash", "2"], "--ledger: says by itself"),
        (["recovery-time", "--checkpoint", "T6"], "checkpoint at T6: lies behind"),
        (["recovery-time", "--forward-ms", "-1"], "--forward-ms: must be 0 or more"),
        (["log-volume", "--limit-s", "0"], "limit_s 0: must be above 0"),
        (["log-volume", "--rows-per-page", "-3"], "rows_per_page -3: must be above 0"),
    ],
)
def test_wrong_usage_is_told(plan, words, said):
    status, text, document = plan(*words)
    assert (status, document) == (64, None)
    assert said in text


def test_a_ledger_that_is_not_there_is_wrong_usage(plan, tmp_path):
    status, said, _ = plan("restart", "--ledger", str(tmp_path / "none"))
    assert status == 64
    assert said == (
        f"--ledger '{tmp_path / 'none'}': there is no such file\n"
        "  hint: `harness replay night` keeps a night's ledgers in the folder of its run\n"
    )


def test_a_ledger_that_cannot_be_relied_on_is_unknown(plan, tmp_path):
    (tmp_path / "other").write_text("not an entry\n")
    status, said, _ = plan("restart", "--ledger", str(tmp_path / "other"))
    assert status == 2
    assert "line 1 is no entry" in said


@pytest.mark.parametrize("words", [["plan"], ["plan", "tomorrow"], ["plan", "log-volume", "--x"]])
def test_words_that_are_not_understood(words, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(words)
    assert left.value.code == 64
    assert "--help" in capsys.readouterr().err
