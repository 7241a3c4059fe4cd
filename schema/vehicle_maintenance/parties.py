"""Who is involved: customers and contractors. No listed program writes them (exam table 4)."""

from sqlalchemy import Column, String, Table

from schema.dialect import TABLE_OPTIONS
from schema.vehicle_maintenance.collection import metadata

customer = Table(
    "customer",
    metadata,
    Column("customer_code", String(8), primary_key=True, comment="顧客C"),
    Column("customer_name", String(60), nullable=False, comment="顧客名"),
    comment="顧客",
    **TABLE_OPTIONS,
)

contractor = Table(
    "contractor",
    metadata,
    Column("contractor_code", String(8), primary_key=True, comment="委託先C"),
    Column("contractor_name", String(60), nullable=False, comment="委託先名"),
    Column("address", String(120), nullable=False, comment="所在地"),
    comment="委託先",
    **TABLE_OPTIONS,
)
