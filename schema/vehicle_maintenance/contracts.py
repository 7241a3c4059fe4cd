"""What is leased and what is undertaken: vehicles, contracts, maintenance orders.

Numbers are given out by the programs that add the rows, so no key here is numbered by the
engine (`autoincrement=False`).
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
)

from schema.dialect import TABLE_OPTIONS
from schema.vehicle_maintenance.collection import metadata

vehicle = Table(
    "vehicle",
    metadata,
    Column("vehicle_no", Integer, primary_key=True, autoincrement=False, comment="車両#"),
    Column("maker_name", String(40), nullable=False, comment="メーカー名"),
    Column("model_name", String(40), nullable=False, comment="車名"),
    Column("grade_name", String(40), nullable=False, comment="グレード名"),
    Column("maker_model_code", String(20), nullable=False, comment="メーカー型式"),
    Column("maintenance_status", String(20), nullable=False, comment="保守状態"),
    Column("chassis_no", String(20), nullable=False, comment="車台番号"),
    Column("vehicle_use", String(20), nullable=False, comment="用途"),
    Column("seating_capacity", Integer, nullable=False, comment="定員"),
    Column("load_kg_max", Integer, nullable=False, comment="最大積載量"),
    Column("next_inspection_due_date", Date, nullable=False, comment="次回点検期限YMD"),
    Column("shaken_expiry_date", Date, nullable=False, comment="車検満了YMD"),
    CheckConstraint("seating_capacity >= 1", name="seating_capacity"),
    CheckConstraint("load_kg_max >= 0", name="load_kg_max"),
    # Inspection extraction (点検抽出) reads a range of next inspection due dates.
    Index(None, "next_inspection_due_date"),
    # Shaken extraction 1 (車検抽出1) reads a range of expiry dates.
    Index(None, "shaken_expiry_date"),
    comment="車両",
    **TABLE_OPTIONS,
)

contract = Table(
    "contract",
    metadata,
    Column("contract_no", Integer, primary_key=True, autoincrement=False, comment="契約#"),
    Column(
        "customer_code",
        String(8),
        ForeignKey("customer.customer_code"),
        nullable=False,
        comment="顧客C",
    ),
    Column("contract_type", String(20), nullable=False, comment="契約種別"),
    # Empty until the vehicle has been bought: contract registration (契約登録) comes first, and
    # vehicle registration (車両登録) then "updates the vehicle of the contract" (exam table 2).
    Column("vehicle_no", Integer, ForeignKey("vehicle.vehicle_no"), nullable=True, comment="車両#"),
    Column("start_date", Date, nullable=False, comment="開始YMD"),
    Column("end_date", Date, nullable=False, comment="終了YMD"),
    CheckConstraint("start_date <= end_date", name="date_order"),
    # Report creation (報告作成) reports by customer. Also serves the foreign key.
    Index(None, "customer_code"),
    # Vehicle inquiry (車両照会) and the extractions go from a vehicle to its contracts. Also
    # serves the foreign key.
    Index(None, "vehicle_no"),
    comment="契約",
    **TABLE_OPTIONS,
)

maintenance_order = Table(
    "maintenance_order",
    metadata,
    Column(
        "contract_no",
        Integer,
        ForeignKey("contract.contract_no"),
        primary_key=True,
        autoincrement=False,
        comment="契約#",
    ),
    Column("order_no", Integer, primary_key=True, autoincrement=False, comment="受託#"),
    Column("maintenance_class", String(10), nullable=False, comment="保守区分"),
    Column("order_start_date", Date, nullable=False, comment="受託開始YMD"),
    Column("order_end_date", Date, nullable=False, comment="受託終了YMD"),
    Column("report_interval_months", Integer, nullable=False, comment="報告間隔"),
    Column("next_report_date", Date, nullable=False, comment="次回報告YMD"),
    CheckConstraint("order_no >= 1", name="order_no"),
    CheckConstraint(
        "maintenance_class IN ('shaken', 'inspection', 'service')", name="maintenance_class"
    ),
    CheckConstraint("order_start_date <= order_end_date", name="date_order"),
    CheckConstraint("report_interval_months >= 1", name="report_interval_months"),
    # Report creation (報告作成) picks the orders whose next report is near.
    Index(None, "next_report_date"),
    comment="受託",
    **TABLE_OPTIONS,
)
