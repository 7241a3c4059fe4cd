"""The planners give the exam's blanks a to m and its tables, under each placement."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.jobs.standing import crash_in
from harness.planning.backup_plan import backup_plan
from harness.planning.lock_memory import job_locks, window_locks
from harness.planning.log_volume import LogModel, log_volumes
from harness.planning.recovery_time import predict
from harness.planning.restart import plan_restart
from workloads.vehicle_maintenance.night import VEHICLE_MAINTENANCE as NIGHT
from workloads.vehicle_maintenance.table_4 import TITLES

PLACEMENTS = pytest.mark.parametrize("placement", NIGHT.placements)
NAMES = {title: name for name, title in TITLES.items()}


def named(text):
    return tuple(NAMES[title] for title in text.split())


def plan_of(window, checkpoint, placement=None):
    network = NIGHT.network(placement)
    moment = crash_in(network, window, checkpoints=[checkpoint] if checkpoint else [])
    return plan_restart(network, moment, NIGHT.no_log)


@PLACEMENTS
def test_blanks_a_to_g(placement):
    """実施登録 and 車検抽出2 are at work; the placement of the others decides nothing."""
    taken, not_taken = plan_of(2, "T2", placement), plan_of(2, None, placement)
    assert taken.redefine == ("wk1",)  # a, b
    assert taken.again == named("点検抽出 車検抽出2 実施登録")  # c, d, e
    assert sorted(not_taken.redefine) == ["wk1", "wk2"]  # f
    assert set(not_taken.again) - set(taken.again) == {"shaken_extraction_1"}  # g
    again = list(not_taken.again)
    assert again.index("shaken_extraction_1") < again.index("shaken_extraction_2")
    assert not taken.cautions + not_taken.cautions


@pytest.mark.parametrize(
    ("window", "checkpoint", "redefine", "again"),
    [
        (1, None, "wk1 wk2", "点検抽出 車検抽出1"),
        (2, "T2", "wk1", "点検抽出 車検抽出2 実施登録"),
        (2, None, "wk1 wk2", "点検抽出 車検抽出1 車検抽出2 実施登録"),
        (3, "T3", "", "予定表作成"),
        (3, "T2", "wk1", "点検抽出 車検抽出2 予定表作成"),
        (3, None, "wk1 wk2", "点検抽出 車検抽出1 車検抽出2 予定表作成"),
        *((4, checkpoint, "", "進捗更新") for checkpoint in (None, "T2", "T3", "T4")),
        *(
            (5, checkpoint, "", "依頼作成 点検率更新 報告作成")
            for checkpoint in (None, "T2", "T3", "T4", "T5")
        ),
    ],
)
def test_every_row_of_the_restart_table(window, checkpoint, redefine, again):
    plan = plan_of(window, checkpoint)
    assert plan.redefine == tuple(redefine.split())
    assert plan.again == named(again)
    assert not plan.cautions


@pytest.mark.parametrize(
    ("placement", "h", "j", "k_more", "l", "m"),
    [
        ("main", "予定表作成 進捗更新", 140, "点検率更新 報告作成", "点検率更新 報告作成", 300),
        ("swapped", "予定表作成 進捗更新", 140, "点検率更新 報告作成", "点検率更新 報告作成", 300),
        ("report-first", "予定表作成 進捗更新", 140, "点検率更新", "点検率更新", 200),
        ("rate-early", "予定表作成 進捗更新 点検率更新", 180, "報告作成", "報告作成", 300),
        ("report-early", "予定表作成 進捗更新 報告作成", 220, "点検率更新", "点検率更新", 280),
        ("progress-late", "予定表作成", 40, "進捗更新 点検率更新", "進捗更新 点検率更新", 230),
        (
            "all-late",
            "予定表作成",
            40,
            "進捗更新 点検率更新 報告作成",
            "進捗更新 点検率更新 報告作成",
            310,
        ),
    ],
)
def test_blanks_h_to_m(placement, h, j, k_more, l, m):  # noqa: E741 - the exam's blanks
    shortest, worst = predict(NIGHT.network(placement), 5, "T3", no_log=NIGHT.no_log)
    assert set(shortest.forward) == set(named(h))
    assert shortest.back == ()  # i
    assert shortest.seconds == j
    assert set(worst.forward) == set(named(h)) | set(named(k_more))
    assert set(worst.back) == set(named(l))
    assert worst.seconds == m


def test_work_tables_without_log_are_not_rolled_forward():
    network = NIGHT.network()
    _, quiet = predict(network, 1, "T1", no_log=NIGHT.no_log)
    _, logged = predict(network, 1, "T1")
    assert quiet.seconds == 0
    assert logged.seconds == (60_000 * 2 + 30_000 * 1) / 1000


def test_a_program_that_commits_per_row_rolls_back_one_unit():
    network = NIGHT.network("all-late")
    _, whole = predict(network, 5, "T3")
    _, unit = predict(network, 5, "T3", whole_rollback=False)
    assert (whole.back_rows, unit.back_rows) == (50_000, 40_000)


def test_a_checkpoint_behind_the_crash_is_refused():
    with pytest.raises(UsageError, match="checkpoint at T3: lies behind a crash in window 2"):
        predict(NIGHT.network(), 2, "T3")
    with pytest.raises(UsageError, match="window 6: the night has windows 1 to 5"):
        predict(NIGHT.network(), 6, "T3")


TABLE_5 = {
    "T1": "契約 受託 車両 予定表 進捗 点検表 記録簿",
    "T2": "",
    "T3": "実施結果 記録簿",
    "T4": "予定表",
    "T5": "車両 予定表 進捗 記録簿",
    "T6": "受託 点検表 報告",
}


def backups(placement):
    online = frozenset().union(*(job.writes for job in NIGHT.online))
    plan = backup_plan(NIGHT.network(placement), online, NIGHT.no_log)
    return {t: {NIGHT.table_titles[name] for name in found} for t, found in plan.items()}


def test_table_5():
    assert backups("main") == {t: set(text.split()) for t, text in TABLE_5.items()}


@PLACEMENTS
def test_what_is_backed_up_behind_t2_is_the_same_under_each_placement(placement):
    found = backups(placement)
    assert found["T1"] == set(TABLE_5["T1"].split())
    behind = set().union(*(found[t] for t in ("T2", "T3", "T4", "T5", "T6")))
    assert behind == {"実施結果", "記録簿", "予定表", "車両", "進捗", "点検表", "受託", "報告"}


def test_log_volume_under_both_readings():
    one, two = log_volumes(NIGHT, LogModel())
    assert (one.added_rows, one.updated_rows, one.unlogged_rows) == (190_000, 100_000, 80_000)
    assert (one.add_ios, one.update_ios, one.seconds) == (9_500, 100_000, 1_095)
    assert (one.backups, one.longest_part_s) == (3, 273.75)
    assert (two.update_ios, two.seconds, two.backups) == (200_000, 2_095, 6)
    assert round(two.longest_part_s, 1) == 299.3


def test_no_backup_is_needed_where_the_whole_log_is_within_the_limit():
    (one,) = log_volumes(NIGHT, LogModel(limit_s=1_095), ios=[1])
    assert (one.backups, one.longest_part_s) == (0, 1_095)
    (one,) = log_volumes(NIGHT, LogModel(limit_s=1_094.9), ios=[1])
    assert one.backups == 1


@pytest.mark.parametrize("wrong", [0, -1, float("inf"), float("nan")])
def test_a_model_of_nothing_is_refused(wrong):
    with pytest.raises(UsageError, match=r"limit_s .*: must be above 0"):
        LogModel(limit_s=wrong)


def test_locks_of_the_extractions_with_and_without_log():
    locks = {job.name: job_locks(job, NIGHT.no_log) for job in NIGHT.jobs}
    extractions = named("点検抽出 車検抽出1 車検抽出2")
    assert [locks[name].without_log for name in extractions] == [1, 1, 1]
    assert [locks[name].with_log for name in extractions] == [30_000, 30_000, 20_000]
    assert locks["progress_update"].with_log == 5  # it commits per row
    first, second, *_ = window_locks(NIGHT.network(), NIGHT.no_log)
    assert (first.without_log, first.with_log) == (2, 60_000)
    assert first.held_by == named("点検抽出 車検抽出1")
    assert (second.without_log, second.with_log) == (20_001, 40_000)


@PLACEMENTS
def test_nothing_that_may_run_at_once_meets(placement):
    assert not list(NIGHT.network(placement).conflicts())


def test_rows_are_those_of_the_exams_tables():
    every = [*NIGHT.online, *NIGHT.jobs]
    assert sum(job.added_rows for job in every) == 190_000
    assert sum(job.updated_rows for job in every) == 100_000
