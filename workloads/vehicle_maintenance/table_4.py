"""Exam table 4: which program does what to which table, as data.

The source has lost the columns of its table: what remains is, for each program, its letters from
left to right (`PRESCRIBED`). Which table each letter belongs to is reconstructed. Every cell in
`CERTAIN` follows from the text, and all cells with C or U are among them; the other cells (`TAKEN`)
are reads, chosen so that the program has what it needs. Put together in the order of the columns,
certain and taken cells spell the letters again.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from harness.crud.letters import cells
from harness.crud.subject import Expected, Subject
from schema.vehicle_maintenance import fixture, metadata
from workloads.vehicle_maintenance import day

COLUMNS: Final = (
    "customer",
    "contractor",
    "contract",
    "maintenance_order",
    "vehicle",
    "maintenance_schedule",
    "progress",
    "work_result",
    "inspection_sheet",
    "customer_report",
    "vehicle_record",
    "wk1",
    "wk2",
)

TITLES: Final[Mapping[str, str]] = {
    "contract_registration": "契約登録",
    "vehicle_registration": "車両登録",
    "vehicle_inquiry": "車両照会",
    "document_issue": "書類発行",
    "reservation_registration": "予約登録",
    "result_registration": "実施登録",
    "report_creation": "報告作成",
    "inspection_extraction": "点検抽出",
    "shaken_extraction_1": "車検抽出1",
    "shaken_extraction_2": "車検抽出2",
    "schedule_creation": "予定表作成",
    "progress_update": "進捗更新",
    "request_creation": "依頼作成",
    "inspection_rate_update": "点検率更新",
}

PRESCRIBED: Final[Mapping[str, str]] = {
    "contract_registration": "RCRUCRUC",
    "vehicle_registration": "UCUC",
    "vehicle_inquiry": "RRRRRRRR",
    "document_issue": "RRRRCR",
    "reservation_registration": "RRUC",
    "result_registration": "RRRCC",
    "report_creation": "RRUC",
    "inspection_extraction": "RRRC",
    "shaken_extraction_1": "RRC",
    "shaken_extraction_2": "RRRCR",
    "schedule_creation": "RRRCR",
    "progress_update": "URUCRC",
    "request_creation": "RRRR",
    "inspection_rate_update": "RRRU",
}

CERTAIN: Final[Mapping[str, Mapping[str, str]]] = {
    "contract_registration": {
        "customer": "R",
        "contract": "CRU",
        "maintenance_order": "CRU",
        "inspection_sheet": "C",
    },
    "vehicle_registration": {"contract": "U", "vehicle": "CU", "vehicle_record": "C"},
    "vehicle_inquiry": {},
    "document_issue": {"maintenance_schedule": "R", "progress": "C"},
    "reservation_registration": {
        "maintenance_order": "R",
        "maintenance_schedule": "RU",
        "progress": "C",
    },
    "result_registration": {"work_result": "C", "vehicle_record": "C"},
    "report_creation": {"maintenance_order": "U", "customer_report": "C"},
    "inspection_extraction": {"vehicle": "R", "wk1": "C"},
    "shaken_extraction_1": {"vehicle": "R", "wk2": "C"},
    "shaken_extraction_2": {
        "vehicle": "R",
        "maintenance_schedule": "R",
        "wk1": "C",
        "wk2": "R",
    },
    "schedule_creation": {"maintenance_schedule": "C", "wk1": "R"},
    "progress_update": {
        "vehicle": "U",
        "maintenance_schedule": "RU",
        "progress": "C",
        "work_result": "R",
        "vehicle_record": "C",
    },
    "request_creation": {"maintenance_schedule": "R"},
    "inspection_rate_update": {"work_result": "R", "inspection_sheet": "RU"},
}

# The tables from which each program also reads, in our reconstruction.
TAKEN: Final[Mapping[str, Sequence[str]]] = {
    "vehicle_inquiry": (
        "contract",
        "maintenance_order",
        "vehicle",
        "maintenance_schedule",
        "progress",
        "work_result",
        "inspection_sheet",
        "vehicle_record",
    ),
    "document_issue": ("customer", "contract", "vehicle", "progress"),
    "result_registration": ("contractor", "contract", "maintenance_schedule"),
    "report_creation": ("contract", "maintenance_order"),
    "inspection_extraction": ("contract", "maintenance_order"),
    "shaken_extraction_1": ("contract",),
    "shaken_extraction_2": ("maintenance_order",),
    "schedule_creation": ("contractor", "contract", "maintenance_order"),
    "request_creation": ("contractor", "maintenance_order", "vehicle"),
    "inspection_rate_update": ("maintenance_order",),
}

# What the exam's table does not show: the batch programs' mark of work that is done.
BEYOND: Final[Mapping[str, Mapping[str, str]]] = {
    "result_registration": {"batch_run": "C"},
    "inspection_rate_update": {"batch_run": "CR"},
}


def table_4(program: str) -> dict[str, str]:
    """The cells of one program in the exam's table, from left to right.

    >>> table_4("report_creation")
    {'contract': 'R', 'maintenance_order': 'RU', 'customer_report': 'C'}
    """
    return cells(COLUMNS, CERTAIN[program], TAKEN.get(program, ()))


def expectations() -> list[Expected]:
    """What each program is meant to do, in the order of the exam's table."""
    return [
        Expected(
            name,
            title,
            {**table_4(name), **BEYOND.get(name, {})},
            dict.fromkeys(TAKEN.get(name, ()), "R"),
            PRESCRIBED[name],
        )
        for name, title in TITLES.items()
    ]


def subjects() -> Sequence[Subject]:
    """What the entry point brings."""
    return [
        Subject(
            name="vehicle-maintenance",
            title="vehicle maintenance (車両保守システム)",
            source="exam table 4 (表4), its columns reconstructed",
            metadata=metadata,
            load=fixture.load,
            columns=COLUMNS,
            programs=expectations(),
            runs=day.runs,
        )
    ]
