"""What was done: work results, inspection sheets, reports, vehicle records; the work tables.

A column filled by a clock says so in `info`, so that two executions can be compared without
comparing the times at which they ran.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    String,
    Table,
)

from schema.dialect import CLOCK, TABLE_OPTIONS, TIMESTAMP
from schema.vehicle_maintenance.collection import metadata

work_result = Table(
    "work_result",
    metadata,
    Column("report_date", Date, primary_key=True, comment="報告YMD"),
    # Tells a day's reports apart (exam table 1); figure 1 leaves it among its "…".
    Column("sort_seq", Integer, primary_key=True, autoincrement=False, comment="ソート連番"),
    # One report covers one piece of maintenance and names each thing done to the vehicle.
    Column("work_item_no", Integer, primary_key=True, autoincrement=False, comment="実施項目#"),
    Column(
        "contractor_code",
        String(8),
        ForeignKey("contractor.contractor_code"),
        nullable=False,
        comment="委託先C",
    ),
    Column("contract_no", Integer, nullable=False, comment="契約#"),
    Column("order_no", Integer, nullable=False, comment="受託#"),
    Column("planned_start_date", Date, nullable=False, comment="着手予定YMD"),
    Column(
        "received_at",
        TIMESTAMP,
        nullable=False,
        server_default=CLOCK,
        info={"filled_by": "clock"},
        comment="受信TS",
    ),
    Column("points", Integer, nullable=False, comment="点数"),
    Column("result", String(20), nullable=False, comment="結果"),
    Column("work_description", String(200), nullable=False, comment="作業内容"),
    Column("quantity", Numeric(9, 2), nullable=False, comment="数量"),
    # Yen, which have no fraction.
    Column("unit_price", Numeric(12, 0), nullable=False, comment="単価"),
    Column("amount", Numeric(12, 0), nullable=False, comment="金額"),
    ForeignKeyConstraint(
        ["contract_no", "order_no", "planned_start_date"],
        [
            "maintenance_schedule.contract_no",
            "maintenance_schedule.order_no",
            "maintenance_schedule.planned_start_date",
        ],
    ),
    CheckConstraint("sort_seq >= 1", name="sort_seq"),
    CheckConstraint("work_item_no >= 1", name="work_item_no"),
    CheckConstraint("points >= 0", name="points"),
    # Vehicle inquiry (車両照会) goes from a schedule to its results; progress update (進捗更新)
    # and inspection rate update (点検率更新) read by the key. Also serves the foreign key.
    Index(None, "contract_no", "order_no", "planned_start_date"),
    # No program reads by contractor: this one is for the foreign key alone. InnoDB would make
    # it anyway, and without it PostgreSQL would have one index fewer than the others.
    Index(None, "contractor_code"),
    comment="実施結果",
    **TABLE_OPTIONS,
)

inspection_sheet = Table(
    "inspection_sheet",
    metadata,
    Column(
        "contract_no",
        Integer,
        ForeignKey("contract.contract_no"),
        primary_key=True,
        autoincrement=False,
        comment="契約#",
    ),
    Column("planned_points", Integer, nullable=False, comment="予定点数"),
    Column("actual_points", Integer, nullable=False, comment="実績点数"),
    CheckConstraint("planned_points >= 0", name="planned_points"),
    CheckConstraint("actual_points >= 0", name="actual_points"),
    comment="点検表",
    **TABLE_OPTIONS,
)

customer_report = Table(
    "customer_report",
    metadata,
    Column(
        "customer_code",
        String(8),
        ForeignKey("customer.customer_code"),
        primary_key=True,
        comment="顧客C",
    ),
    Column("report_line_no", Integer, primary_key=True, autoincrement=False, comment="報告明細#"),
    Column("maintenance_class", String(10), nullable=False, comment="保守区分"),
    Column("maintenance_start_date", Date, nullable=False, comment="保守開始YMD"),
    Column("maintenance_end_date", Date, nullable=False, comment="保守終了YMD"),
    Column("maintenance_description", String(200), nullable=False, comment="保守内容"),
    CheckConstraint("report_line_no >= 1", name="report_line_no"),
    CheckConstraint(
        "maintenance_class IN ('shaken', 'inspection', 'service')", name="maintenance_class"
    ),
    CheckConstraint("maintenance_start_date <= maintenance_end_date", name="date_order"),
    comment="報告",
    **TABLE_OPTIONS,
)

vehicle_record = Table(
    "vehicle_record",
    metadata,
    Column(
        "vehicle_no",
        Integer,
        ForeignKey("vehicle.vehicle_no"),
        primary_key=True,
        autoincrement=False,
        comment="車両#",
    ),
    # From 1 for each vehicle, in the order in which things happened (exam table 1).
    Column("record_no", Integer, primary_key=True, autoincrement=False, comment="記録#"),
    Column(
        "recorded_at",
        TIMESTAMP,
        nullable=False,
        server_default=CLOCK,
        info={"filled_by": "clock"},
        comment="記録TS",
    ),
    Column("record_date", Date, nullable=False, comment="記録YMD"),
    Column("result", String(20), nullable=False, comment="結果"),
    Column("description", String(200), nullable=False, comment="内容"),
    CheckConstraint("record_no >= 1", name="record_no"),
    comment="記録簿",
    **TABLE_OPTIONS,
)


# The two work tables hold what tonight's extractions found. They are redefined (dropped and
# created again) before each night, are never backed up, and have no foreign keys: their rows
# are copied from the tables which a foreign key would point to, and a no-log table must not
# make its programs lock rows elsewhere. The exam does not show their columns; these are what
# schedule creation (予定表作成) needs to make a schedule row.

wk1 = Table(
    "wk1",
    metadata,
    Column("vehicle_no", Integer, primary_key=True, autoincrement=False, comment="車両#"),
    # In the key, as a vehicle may be due for its inspection and its shaken at once: inspection
    # extraction (点検抽出) and shaken extraction 2 (車検抽出2) both add to this table.
    Column("maintenance_class", String(10), primary_key=True, comment="保守区分"),
    Column("contract_no", Integer, nullable=False, comment="契約#"),
    Column("order_no", Integer, nullable=False, comment="受託#"),
    Column("due_date", Date, nullable=False, comment="期限YMD"),
    CheckConstraint("maintenance_class IN ('shaken', 'inspection')", name="maintenance_class"),
    comment="WK1",
    **TABLE_OPTIONS,
)

wk2 = Table(
    "wk2",
    metadata,
    # Shaken candidates only, hence no maintenance class: shaken extraction 1 (車検抽出1) adds
    # them, shaken extraction 2 (車検抽出2) drops those that need none and copies the rest. No
    # order number either: extraction 1 reads one table beside 車両 (exam table 4), which must be
    # 契約, for nothing else leads from a vehicle to a contract; extraction 2 reads 受託.
    Column("vehicle_no", Integer, primary_key=True, autoincrement=False, comment="車両#"),
    Column("contract_no", Integer, nullable=False, comment="契約#"),
    Column("due_date", Date, nullable=False, comment="期限YMD"),
    comment="WK2",
    **TABLE_OPTIONS,
)
