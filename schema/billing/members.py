"""Who is billed, and what is sold: the two tables that every month finds as the last one left them.

The exam's figure 1 is lost. Columns that its text names keep their names; member and product
numbers, names and the address are assumed, as is the column that holds a member's group.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
)

from schema.billing.collection import metadata
from schema.dialect import TABLE_OPTIONS

member = Table(
    "member",
    metadata,
    Column("member_no", Integer, primary_key=True, autoincrement=False, comment="会員番号"),
    Column("member_name", String(60), nullable=False, comment="会員氏名"),
    Column("address", String(120), nullable=False, comment="住所"),
    # Assumed: "four groups, evenly" does not say how a member's group is known.
    Column("group_no", Integer, nullable=False, comment="グループ"),
    # Empty until the first bill, and the first payment.
    Column("last_billed_date", Date, nullable=True, comment="最新請求日"),
    Column("last_paid_date", Date, nullable=True, comment="最新入金日"),
    CheckConstraint("group_no BETWEEN 1 AND 4", name="group_no"),
    # Bill registration (請求登録) takes one group a day.
    Index(None, "group_no"),
    comment="会員",
    **TABLE_OPTIONS,
)

product_billing = Table(
    "product_billing",
    metadata,
    Column("product_no", Integer, primary_key=True, autoincrement=False, comment="商品番号"),
    Column("product_name", String(60), nullable=False, comment="商品名"),
    # Yen since the last closing of the year's accounts, returned goods taken off. Bills that are
    # deleted after two months stay in it.
    Column("billed_total", BigInteger, nullable=False, comment="請求額合計"),
    CheckConstraint("billed_total >= 0", name="billed_total"),
    comment="商品別請求",
    **TABLE_OPTIONS,
)
