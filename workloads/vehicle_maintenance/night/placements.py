"""Which program runs in which window. Exam figure 2 is lost; its text leaves more than one answer.

Certain: 車検抽出1 in window 1, 車検抽出2 and 実施登録 in window 2, all that reads their outcome
behind T3. `main` also has one writer for each table in a window, no reader beside a writer of its
table, at least two updating programs in window 5 and a program without updates among them; only
`swapped` fulfils all of these as well.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from harness.jobs.network import Placement

_MAIN: Final[Mapping[str, int]] = {
    "inspection_extraction": 1,
    "shaken_extraction_1": 1,
    "shaken_extraction_2": 2,
    "result_registration": 2,
    "schedule_creation": 3,
    "progress_update": 4,
    "request_creation": 5,
    "inspection_rate_update": 5,
    "report_creation": 5,
}


def _moved(name: str, sentence: str, **windows: int) -> Placement:
    return Placement(name, sentence, {**_MAIN, **windows})


PLACEMENTS: Final[Sequence[Placement]] = (
    _moved("main", "the reconstruction that fits the exam's text best"),
    _moved("report-first", "報告作成 in window 1", report_creation=1),
    _moved("rate-early", "点検率更新 in window 3", inspection_rate_update=3),
    _moved("report-early", "報告作成 in window 4", report_creation=4),
    _moved(
        "progress-late",
        "進捗更新 and 点検率更新 in window 5, 報告作成 in window 1",
        progress_update=5,
        request_creation=4,
        report_creation=1,
    ),
    _moved(
        "all-late",
        "進捗更新, 点検率更新 and 報告作成 in window 5",
        progress_update=5,
        request_creation=4,
    ),
    _moved(
        "swapped",
        "進捗更新 in window 3, 予定表作成 in window 4",
        progress_update=3,
        schedule_creation=4,
    ),
)
