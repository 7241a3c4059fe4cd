"""A small month's begin: last month's bills are there, this month's are not.

Eight members in four groups of two. Each was billed in September with two lines; by `BILLING_DATE`,
the day on which group 1 is billed for October, most have paid, one has not, and one has sent
everything back. Two of eight products sell, a quarter of the kinds, as in the exam.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection

from schema.billing.bills import bill, bill_line
from schema.billing.collection import metadata

Row = dict[str, Any]
Rows = dict[str, list[Row]]

BILLING_DATE: Final = date(2024, 10, 7)
BILLING_MONTH: Final = date(2024, 10, 1)
LAST_MONTH: Final = date(2024, 9, 1)

# What a product's total holds from bills that have been deleted since the year's accounts closed.
CARRIED_YEN: Final = 100_000

# September's bills by the number that the engine gives them: the member, and how it stands.
UNPAID_BILL: Final = 4
RETURNED_BILL: Final = 5

_MEMBERS: Final = 8
_GROUPS: Final = 4
_PRODUCTS: Final = tuple(range(101, 109))
_SOLD: Final = (101, 105)
_RETURN_DATE: Final = date(2024, 9, 25)


def group_of(member_no: int) -> int:
    """The group of a member: members that are billed together have numbers that lie together.

    >>> [group_of(number) for number in range(1, 9)]
    [1, 1, 2, 2, 3, 3, 4, 4]
    """
    return (member_no - 1) * _GROUPS // _MEMBERS + 1


def billing_date_of(group_no: int, month: date) -> date:
    """The day on which a group is billed: the 7th, 14th, 21st or 28th."""
    return month.replace(day=7 * group_no)


def rows() -> Rows:
    """Return the fixture: for every table its rows, a fresh copy on each call.

    Bills are numbered as the engine numbers them in empty tables that were just made.
    """
    members = range(1, _MEMBERS + 1)
    lines = [line for number in members for line in _lines(number)]
    return {
        "member": [_member(number) for number in members],
        "product_billing": [_product(number, lines) for number in _PRODUCTS],
        "bill": [_bill(number) for number in members],
        "bill_line": lines,
    }


def group_1_rows() -> Rows:
    """Return the two members of group 1 with the products that sell, and no bills.

    Few rows keep an exhaustive exploration of bill registration short.
    """
    everything = rows()
    return {
        "member": everything["member"][:2],
        "product_billing": [
            row | {"billed_total": CARRIED_YEN}
            for row in everything["product_billing"]
            if row["product_no"] in _SOLD
        ],
        "bill": [],
        "bill_line": [],
    }


def two_bills_rows() -> Rows:
    """Return the two members of group 1 and their September bills, both paid."""
    everything = rows()
    few = group_1_rows()
    lines = [line for line in everything["bill_line"] if line["bill_no"] <= 2]
    few["product_billing"] = [_product(number, lines) for number in _SOLD]
    return few | {"bill": everything["bill"][:2], "bill_line": lines}


def load(connection: Connection, content: Mapping[str, Sequence[Row]] | None = None) -> None:
    """Insert `content` (by default `rows()`) into empty tables. Does not commit.

    The engine numbers the bills, in their order: from 1 if the tables were just made. Lines follow
    whatever number their bill got.
    """
    content = rows() if content is None else content
    numbers: dict[int, int] = {}
    for table in metadata.sorted_tables:
        if table is bill:
            for row in content[bill.name]:
                numbers[row["bill_no"]] = _inserted(connection, row)
        elif table is bill_line and content[bill_line.name]:
            lines = [row | {"bill_no": numbers[row["bill_no"]]} for row in content["bill_line"]]
            connection.execute(table.insert(), lines)
        elif content[table.name]:
            connection.execute(table.insert(), content[table.name])


def _inserted(connection: Connection, row: Row) -> int:
    given = {name: value for name, value in row.items() if name != "bill_no"}
    key = connection.execute(bill.insert().values(given)).inserted_primary_key
    assert key is not None
    number: int = key[0]
    return number


def _member(number: int) -> Row:
    paid = _bill(number)["paid_date"]
    return {
        "member_no": number,
        "member_name": f"member {number}",
        "address": f"{number}-1 Minami",
        "group_no": group_of(number),
        "last_billed_date": billing_date_of(group_of(number), LAST_MONTH),
        "last_paid_date": paid,
    }


def _bill(number: int) -> Row:
    billed = billing_date_of(group_of(number), LAST_MONTH)
    is_paid = number not in (UNPAID_BILL, RETURNED_BILL)
    return {
        "bill_no": number,
        "member_no": number,
        "billed_date": billed,
        "line_count": len(_SOLD),
        "paid_date": date(2024, 10, 1 + number // 2) if is_paid else None,
        "cancelled_date": _RETURN_DATE if number == RETURNED_BILL else None,
    }


def _lines(bill_no: int) -> list[Row]:
    return [
        {
            "bill_no": bill_no,
            "line_no": line_no,
            "product_no": product_no,
            "quantity": line_no,
            "amount": line_no * (900 + 10 * bill_no),
            "returned": "Y" if bill_no == RETURNED_BILL else "N",
        }
        for line_no, product_no in enumerate(_SOLD, start=1)
    ]


def _product(number: int, lines: Sequence[Row]) -> Row:
    kept = [row["amount"] for row in lines if row["product_no"] == number and _is_kept(row)]
    return {
        "product_no": number,
        "product_name": f"product {number}",
        "billed_total": CARRIED_YEN + sum(kept),
    }


def _is_kept(row: Row) -> bool:
    return bool(row["returned"] == "N")
