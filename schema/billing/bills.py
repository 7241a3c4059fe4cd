"""What is billed: bills, numbered by the engine, and their lines.

`bill` is declared as the exam has it when its problem A occurs: nothing but the number that the
engine gives out tells two bills apart. The constraints that mend it are in `constraints`.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Table,
)

from schema.billing.collection import metadata
from schema.dialect import TABLE_OPTIONS

bill = Table(
    "bill",
    metadata,
    Column("bill_no", Integer, Identity(), primary_key=True, comment="請求番号"),
    Column(
        "member_no", Integer, ForeignKey("member.member_no"), nullable=False, comment="会員番号"
    ),
    # The day on which it was processed, not the one on which it was due.
    Column("billed_date", Date, nullable=False, comment="請求日"),
    Column("line_count", Integer, nullable=False, comment="明細数"),
    Column("paid_date", Date, nullable=True, comment="入金日"),
    Column("cancelled_date", Date, nullable=True, comment="請求取消日"),
    CheckConstraint("line_count >= 1", name="line_count"),
    # Bulk deletion (請求一括削除) takes the bills of one month.
    Index(None, "billed_date"),
    # For the foreign key alone: InnoDB would make it anyway, under a name of its own.
    Index(None, "member_no"),
    comment="請求",
    **TABLE_OPTIONS,
)

bill_line = Table(
    "bill_line",
    metadata,
    Column(
        "bill_no",
        Integer,
        ForeignKey("bill.bill_no"),
        primary_key=True,
        autoincrement=False,
        comment="請求番号",
    ),
    Column("line_no", Integer, primary_key=True, autoincrement=False, comment="請求明細番号"),
    Column(
        "product_no",
        Integer,
        ForeignKey("product_billing.product_no"),
        nullable=False,
        comment="商品番号",
    ),
    Column("quantity", Integer, nullable=False, comment="数量"),
    # Yen, which have no fraction.
    Column("amount", Integer, nullable=False, comment="請求額"),
    Column("returned", String(1), nullable=False, comment="返品フラグ"),
    CheckConstraint("line_no >= 1", name="line_no"),
    CheckConstraint("quantity >= 1", name="quantity"),
    CheckConstraint("amount >= 0", name="amount"),
    CheckConstraint("returned IN ('Y', 'N')", name="returned"),
    # For the foreign key alone, as above.
    Index(None, "product_no"),
    comment="請求明細",
    **TABLE_OPTIONS,
)
