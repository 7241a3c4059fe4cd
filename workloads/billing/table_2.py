"""Exam table 2: which program does what to which table, as data.

The table is lost; every letter in `CERTAIN` follows from what the text says of the programs. The
letters in `TAKEN` are reads that the text leaves open, and that our programs need.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from harness.crud.letters import cells
from harness.crud.subject import Expected, Run, Subject
from schema.billing import fixture, metadata
from workloads.billing.batch.bill_registration import (
    BillRegistrationRequest,
    Purchase,
    PurchasedProduct,
    bill_registration,
)
from workloads.billing.batch.bulk_deletion import BulkDeletionRequest, bulk_deletion
from workloads.billing.batch.payment_registration import (
    Payment,
    PaymentRegistrationRequest,
    payment_registration,
)
from workloads.billing.online.bill_cancellation import BillCancellationRequest, bill_cancellation
from workloads.billing.online.bill_inquiry import (
    BillRange,
    bill_inquiry_1,
    bill_inquiry_2,
    bill_inquiry_2_complete,
)

COLUMNS: Final = ("member", "bill", "bill_line", "product_billing")

TITLES: Final[Mapping[str, str]] = {
    "bill_inquiry_1": "照会1",
    "bill_inquiry_2": "照会2",
    "bill_registration": "請求登録",
    "payment_registration": "入金登録",
    "bulk_deletion": "請求一括削除",
    "bill_cancellation": "請求取消",
}

CERTAIN: Final[Mapping[str, Mapping[str, str]]] = {
    "bill_inquiry_1": {"bill": "R"},
    "bill_inquiry_2": {"bill": "R", "bill_line": "R"},
    "bill_registration": {
        "member": "RU",
        "bill": "C",
        "bill_line": "C",
        "product_billing": "U",
    },
    "payment_registration": {"member": "U", "bill": "U"},
    "bulk_deletion": {"bill": "RD", "bill_line": "D"},
    "bill_cancellation": {"bill": "U", "bill_line": "U", "product_billing": "U"},
}

# To take an amount off a product's total, it must be read.
TAKEN: Final[Mapping[str, Sequence[str]]] = {"bill_cancellation": ("bill", "bill_line")}


def table_2(program: str) -> dict[str, str]:
    """The cells of one program, from left to right.

    >>> table_2("bill_cancellation")
    {'bill': 'RU', 'bill_line': 'RU', 'product_billing': 'U'}
    """
    return cells(COLUMNS, CERTAIN[program], TAKEN.get(program, ()))


def expectations() -> list[Expected]:
    """What each program is meant to do, in the order of the text."""
    return [
        Expected(name, title, table_2(name), dict.fromkeys(TAKEN.get(name, ()), "R"))
        for name, title in TITLES.items()
    ]


def runs(_folder: Path) -> Mapping[str, Sequence[Run]]:
    """The programs by name, in an order in which each finds something to do."""
    bought = (PurchasedProduct(101, 1, 1200), PurchasedProduct(105, 2, 2400))
    group_1 = BillRegistrationRequest(
        1,
        fixture.BILLING_DATE,
        fixture.BILLING_MONTH,
        (Purchase(1, bought), Purchase(2, bought)),
    )
    paid = Payment(fixture.UNPAID_BILL, 4, date(2024, 10, 7))
    every_bill = BillRange(1, 100)
    return {
        "bill_registration": [partial(bill_registration, request=group_1)],
        "payment_registration": [
            partial(payment_registration, request=PaymentRegistrationRequest((paid,)))
        ],
        "bill_inquiry_1": [partial(bill_inquiry_1, bill_no=1)],
        "bill_inquiry_2": [
            partial(bill_inquiry_2, asked=every_bill),
            partial(bill_inquiry_2_complete, asked=every_bill),
        ],
        "bill_cancellation": [
            partial(
                bill_cancellation, request=BillCancellationRequest(1, fixture.BILLING_DATE, (2,))
            )
        ],
        "bulk_deletion": [partial(bulk_deletion, request=BulkDeletionRequest(date(2024, 10, 31)))],
    }


def subjects() -> Sequence[Subject]:
    """What the entry point brings."""
    return [
        Subject(
            name="billing",
            title="billing (請求情報処理)",
            source="exam table 2 (表2), reconstructed from the text",
            metadata=metadata,
            load=fixture.load,
            columns=COLUMNS,
            programs=expectations(),
            runs=runs,
        )
    ]
