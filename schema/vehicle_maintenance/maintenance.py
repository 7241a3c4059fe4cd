"""What is planned and how far it has come: maintenance schedules and their progress.

The columns of `maintenance_schedule` shared with its key are written out in `progress` and
`work_result` again: the three-column key is the identity of one piece of maintenance.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    and_,
)

from schema.dialect import TABLE_OPTIONS
from schema.vehicle_maintenance.collection import metadata
from schema.vehicle_maintenance.vocabulary import ScheduleKey

maintenance_schedule = Table(
    "maintenance_schedule",
    metadata,
    Column("contract_no", Integer, primary_key=True, autoincrement=False, comment="契約#"),
    Column("order_no", Integer, primary_key=True, autoincrement=False, comment="受託#"),
    Column("planned_start_date", Date, primary_key=True, comment="着手予定YMD"),
    Column("schedule_status", String(20), nullable=False, comment="状態"),
    # Which arrangement the maintenance has reached. Never goes down.
    Column("current_arrangement_no", Integer, nullable=False, comment="現手配#"),
    Column(
        "contractor_code",
        String(8),
        ForeignKey("contractor.contractor_code"),
        nullable=False,
        comment="委託先C",
    ),
    Column("start_date", Date, nullable=True, comment="開始YMD"),
    Column("completion_date", Date, nullable=True, comment="完了YMD"),
    # The next two are not among the columns which exam figure 1 shows; its list ends in "…".
    # Progress update (進捗更新) must know whether a row is a shaken and which vehicle it is
    # (figure 4, steps ③ and ④), yet table 4 gives it access to neither 受託 nor 契約, where
    # the two facts originate. Schedule creation (予定表作成), which reads both, copies them;
    # they do not change while a piece of maintenance is under way.
    Column("maintenance_class", String(10), nullable=False, comment="保守区分"),
    Column(
        "vehicle_no", Integer, ForeignKey("vehicle.vehicle_no"), nullable=False, comment="車両#"
    ),
    ForeignKeyConstraint(
        ["contract_no", "order_no"],
        ["maintenance_order.contract_no", "maintenance_order.order_no"],
    ),
    CheckConstraint("current_arrangement_no BETWEEN 1 AND 8", name="current_arrangement_no"),
    CheckConstraint(
        "maintenance_class IN ('shaken', 'inspection', 'service')", name="maintenance_class"
    ),
    CheckConstraint("start_date <= completion_date", name="date_order"),
    # Request creation (依頼作成) makes one request per contractor. Also serves the foreign key.
    Index(None, "contractor_code"),
    # Shaken extraction 2 (車検抽出2) asks whether a vehicle is under repair; vehicle inquiry
    # (車両照会) shows a vehicle's schedule. Also serves the foreign key.
    Index(None, "vehicle_no"),
    comment="予定表",
    **TABLE_OPTIONS,
)

progress = Table(
    "progress",
    metadata,
    Column("contract_no", Integer, primary_key=True, autoincrement=False, comment="契約#"),
    Column("order_no", Integer, primary_key=True, autoincrement=False, comment="受託#"),
    Column("planned_start_date", Date, primary_key=True, comment="着手予定YMD"),
    Column("arrangement_no", Integer, primary_key=True, autoincrement=False, comment="手配#"),
    # Only the two bookings (2 and 6) plan a date; the other arrangements leave them empty.
    Column("planned_intake_date", Date, nullable=True, comment="入庫予定YMD"),
    Column("planned_release_date", Date, nullable=True, comment="出庫予定YMD"),
    ForeignKeyConstraint(
        ["contract_no", "order_no", "planned_start_date"],
        [
            "maintenance_schedule.contract_no",
            "maintenance_schedule.order_no",
            "maintenance_schedule.planned_start_date",
        ],
    ),
    CheckConstraint("arrangement_no BETWEEN 1 AND 8", name="arrangement_no"),
    CheckConstraint("planned_intake_date <= planned_release_date", name="date_order"),
    comment="進捗",
    **TABLE_OPTIONS,
)


def belongs_to(table: Table, key: ScheduleKey) -> ColumnElement[bool]:
    """Say in SQL that rows of `table` belong to one piece of maintenance.

    Works for every table that carries the three columns: `maintenance_schedule`, `progress`
    and `work_result`.
    """
    return and_(
        table.c.contract_no == key.contract_no,
        table.c.order_no == key.order_no,
        table.c.planned_start_date == key.planned_start_date,
    )
