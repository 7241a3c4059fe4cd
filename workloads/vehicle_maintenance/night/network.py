"""The nine batch programs as jobs: rows from exam table 3, tables from table 4.

`after` is what the data flow forces: 車検抽出1 → 車検抽出2 → 予定表作成 → 依頼作成, 点検抽出 →
予定表作成, 実施登録 → 進捗更新 and 点検率更新. That 点検抽出 ends before 車検抽出2 begins is forced
as well: both add to WK1, which a job locks whole to its end where the table has no log.
"""

from collections.abc import Sequence
from typing import Final

from harness.jobs.job import Job, Rerun
from harness.jobs.network import Undisturbed
from workloads.vehicle_maintenance.table_4 import TITLES, table_4

MILESTONES: Final[Sequence[str]] = ("T1", "T2", "T3", "T4", "T5", "T6")


def _job(
    name: str,
    added_rows: int,
    updated_rows: int,
    *after: str,
    rerun: Rerun = Rerun.REFUSES,
    commit_rows: int | None = None,
) -> Job:
    cells = table_4(name)
    return Job(
        name=name,
        title=TITLES[name],
        after=frozenset(after),
        reads=frozenset(table for table, letters in cells.items() if "R" in letters),
        writes=frozenset(table for table, letters in cells.items() if set(letters) & set("CUD")),
        added_rows=added_rows,
        updated_rows=updated_rows,
        commit_rows=commit_rows,
        rerun=rerun,
    )


JOBS: Final[Sequence[Job]] = (
    _job("inspection_extraction", 30_000, 0),
    _job("shaken_extraction_1", 30_000, 0),
    _job("shaken_extraction_2", 20_000, 0, "shaken_extraction_1", "inspection_extraction"),
    _job("result_registration", 20_000, 0),
    _job("schedule_creation", 20_000, 0, "inspection_extraction", "shaken_extraction_2"),
    # Figure 4 commits after each of its 10,000 rows, which add and update five rows on average.
    _job(
        "progress_update",
        10_000,
        40_000,
        "result_registration",
        rerun=Rerun.GOES_ON,
        commit_rows=5,
    ),
    _job("request_creation", 0, 0, "schedule_creation", rerun=Rerun.REPEATS),
    _job("inspection_rate_update", 0, 20_000, "result_registration"),
    _job("report_creation", 20_000, 20_000, rerun=Rerun.GOES_ON),
)

# The online programs, with their rows of a day (exam table 2).
ONLINE: Final[Sequence[Job]] = (
    _job("contract_registration", 10_000, 10_000),
    _job("vehicle_registration", 10_000, 6_000),
    _job("vehicle_inquiry", 0, 0, rerun=Rerun.REPEATS),
    _job("document_issue", 10_000, 0),
    _job("reservation_registration", 10_000, 4_000),
)

_NEXT_REPORT = "report creation changes the next report date (次回報告YMD) only"
_EXPIRY = "progress update changes the shaken expiry date (車検満了YMD) only"

UNDISTURBED: Final[Sequence[Undisturbed]] = (
    *(
        Undisturbed(reader, "maintenance_order", "report_creation", _NEXT_REPORT)
        for reader in (
            "inspection_extraction",
            "shaken_extraction_2",
            "schedule_creation",
            "request_creation",
            "inspection_rate_update",
        )
    ),
    Undisturbed("inspection_extraction", "vehicle", "progress_update", _EXPIRY),
    Undisturbed("request_creation", "vehicle", "progress_update", _EXPIRY),
    Undisturbed(
        "request_creation",
        "maintenance_schedule",
        "progress_update",
        "requests are of schedules that stand at 2; what progress update takes to 7 is past that",
    ),
)
