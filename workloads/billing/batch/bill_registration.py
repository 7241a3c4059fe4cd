"""Bill registration (請求登録): bill one group of members for the month.

The exam: members are divided evenly into four groups, each billed once a month on a day of its own.
Rows are added to 請求 and 請求明細, with a commit for each bill number; the billed date and the
member's last billed date are the day of processing; the amounts are added to 商品別請求.

Assumed: what each member bought is handed over by another system (`Purchase`), one line for each
product. Within one bill the order is

    ① read the members of the group, once
    ② set the member's last billed date
    ③ add the amounts to the products' totals, in the order of the product numbers
    ④ add the bill, which the engine numbers
    ⑤ add its lines, one by one
    ⑥ commit

Rows are changed before others that name them by a foreign key are added, and always in one order:
two runs then wait for each other where they meet, and never in a circle.

`bill_registration` is the program as the exam's problem A finds it. The others each mend it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Table, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from schema.billing import bill, bill_line, member, product_billing
from schema.billing.constraints import bill_of_month
from workloads.billing.refusals import NotInGroupError, PurchasedTwiceError, UnknownGroupError


@dataclass(frozen=True, slots=True)
class PurchasedProduct:
    """One line of a bill to come."""

    product_no: int
    quantity: int
    amount_yen: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """What one member bought since the last bill; no product twice."""

    member_no: int
    products: tuple[PurchasedProduct, ...]


@dataclass(frozen=True, slots=True)
class BillRegistrationRequest:
    """Which group to bill, on which day, and for what.

    `billing_month` is the month that the bills are for, as its first day. A run after midnight has
    another processing date and still the same billing month.
    """

    group_no: int
    processing_date: date
    billing_month: date
    purchases: tuple[Purchase, ...]


@dataclass(frozen=True, slots=True)
class BillRegistrationResult:
    """How many members were billed, and how many passed over as billed already."""

    billed_members: int
    passed_over_members: int


Unit = Callable[[Connection, BillRegistrationRequest, Purchase], bool]
"""Bills one member and commits; False if it found that done, and rolled back."""

LastBilledDates = Mapping[int, date | None]


def bill_registration(
    connection: Connection, request: BillRegistrationRequest
) -> BillRegistrationResult:
    """Bill the group (variant `current`). Run again after it was stopped, it bills twice.

    Raises:
        UnknownGroupError, NotInGroupError, PurchasedTwiceError: nothing is billed.
        sqlalchemy.exc.IntegrityError: a product is not there. Members before are billed; as after
            any error of the server, rolling back is left to the caller.
    """
    return _register(connection, request, _bill_member)


def bill_registration_past_existing(
    connection: Connection, request: BillRegistrationRequest
) -> BillRegistrationResult:
    """Bill the group, going on past what a constraint says exists (variant `unique-date`).

    For tables with `schema.billing.constraints.unique_billed_date`. The refused bill's whole unit
    is rolled back, so that neither the product totals nor the member's date move twice.
    """
    return _register(connection, request, _bill_member_unless_refused)


def bill_registration_by_month(
    connection: Connection, request: BillRegistrationRequest
) -> BillRegistrationResult:
    """Bill the group under a key of member and billing month (variant `billing-month`).

    For tables with `schema.billing.constraints.unique_billing_month`. As `past_existing`, and right
    after midnight as well.
    """
    return _register(connection, request, _bill_member_of_month_unless_refused)


def bill_registration_restart(
    connection: Connection, request: BillRegistrationRequest
) -> BillRegistrationResult:
    """Bill those whose last billed date is before the billing month (variant `restart-date`).

    Needs no constraint: the date was set in the transaction that billed. It is read once, with the
    members, so it says nothing about a run that is still under way.
    """
    return _register(connection, request, _bill_member, only_unbilled=True)


def bill_registration_claiming(
    connection: Connection, request: BillRegistrationRequest
) -> BillRegistrationResult:
    """Bill, comparing the last billed date inside its update, step ② (variant `claim-date`).

    The server compares when it has locked the member's row, whatever else is under way.
    """
    return _register(connection, request, _claim_and_bill_member)


def _register(
    connection: Connection,
    request: BillRegistrationRequest,
    bill_one: Unit,
    *,
    only_unbilled: bool = False,
) -> BillRegistrationResult:
    last_billed = _read_group(connection, request)  # ①
    billed = passed_over = 0
    for purchase in sorted(request.purchases, key=lambda bought: bought.member_no):
        last = last_billed[purchase.member_no]
        if only_unbilled and last is not None and last >= request.billing_month:
            passed_over += 1
        elif bill_one(connection, request, purchase):
            billed += 1
        else:
            passed_over += 1
    if not billed:
        connection.commit()  # Reading has begun a transaction, which nobody else would end.
    return BillRegistrationResult(billed, passed_over)


def _read_group(connection: Connection, request: BillRegistrationRequest) -> LastBilledDates:
    """Step ①: read the members of the group, all before the first commit."""
    found = connection.execute(
        select(member.c.member_no, member.c.last_billed_date)
        .where(member.c.group_no == request.group_no)
        .order_by(member.c.member_no)
    )
    last_billed = dict(found.all())
    try:
        _see_purchases_fit(request, last_billed)
    except (LookupError, ValueError):
        connection.rollback()
        raise
    return last_billed


def _see_purchases_fit(request: BillRegistrationRequest, members: LastBilledDates) -> None:
    """See that every purchase is by a member of the group, and none by the same one again."""
    if not members:
        raise UnknownGroupError(request.group_no)
    buyers = [purchase.member_no for purchase in request.purchases]
    if strangers := set(buyers) - set(members):
        raise NotInGroupError(request.group_no, strangers)
    seen: set[int] = set()
    for number in buyers:
        if number in seen:
            raise PurchasedTwiceError(number)
        seen.add(number)


def _bill_member(
    connection: Connection, request: BillRegistrationRequest, purchase: Purchase
) -> bool:
    _set_last_billed_date(connection, request, purchase)  # ②
    _add_to_totals(connection, purchase)  # ③
    bill_no = _add_bill(connection, request, purchase)  # ④
    _add_lines(connection, bill_no, purchase)  # ⑤
    connection.commit()  # ⑥
    return True


def _bill_member_unless_refused(
    connection: Connection, request: BillRegistrationRequest, purchase: Purchase
) -> bool:
    return _unless_refused(connection, request, purchase, _add_bill)


def _bill_member_of_month_unless_refused(
    connection: Connection, request: BillRegistrationRequest, purchase: Purchase
) -> bool:
    return _unless_refused(connection, request, purchase, _add_bill_of_month)


def _unless_refused(
    connection: Connection,
    request: BillRegistrationRequest,
    purchase: Purchase,
    add_bill: Callable[[Connection, BillRegistrationRequest, Purchase], int],
) -> bool:
    _set_last_billed_date(connection, request, purchase)  # ②
    _add_to_totals(connection, purchase)  # ③
    try:
        bill_no = add_bill(connection, request, purchase)  # ④
    except IntegrityError:
        # The member was read and the line count is right, so it can only be the second bill.
        connection.rollback()
        return False
    _add_lines(connection, bill_no, purchase)  # ⑤
    connection.commit()  # ⑥
    return True


def _claim_and_bill_member(
    connection: Connection, request: BillRegistrationRequest, purchase: Purchase
) -> bool:
    if not _claim(connection, request, purchase):  # ②
        connection.rollback()
        return False
    _add_to_totals(connection, purchase)  # ③
    bill_no = _add_bill(connection, request, purchase)  # ④
    _add_lines(connection, bill_no, purchase)  # ⑤
    connection.commit()  # ⑥
    return True


def _set_last_billed_date(
    connection: Connection, request: BillRegistrationRequest, purchase: Purchase
) -> None:
    """Step ②: set the member's last billed date."""
    connection.execute(
        update(member)
        .where(member.c.member_no == purchase.member_no)
        .values(last_billed_date=request.processing_date)
    )


def _claim(connection: Connection, request: BillRegistrationRequest, purchase: Purchase) -> bool:
    """Step ② of `claim-date`: set it if it is not of this billing month; whether it was set."""
    last = member.c.last_billed_date
    changed = connection.execute(
        update(member)
        .where(
            member.c.member_no == purchase.member_no,
            or_(last.is_(None), last < request.billing_month),
        )
        .values(last_billed_date=request.processing_date)
    )
    return changed.rowcount == 1


def _add_bill(connection: Connection, request: BillRegistrationRequest, purchase: Purchase) -> int:
    """Step ④: add the bill; the number that the engine gave it."""
    return _inserted(connection, bill, _bill_values(request, purchase))


def _add_bill_of_month(
    connection: Connection, request: BillRegistrationRequest, purchase: Purchase
) -> int:
    """Step ④ of `billing-month`: the same, with the month that it is for."""
    values = {**_bill_values(request, purchase), "billing_month": request.billing_month}
    return _inserted(connection, bill_of_month, values)


def _bill_values(request: BillRegistrationRequest, purchase: Purchase) -> dict[str, object]:
    return {
        "member_no": purchase.member_no,
        "billed_date": request.processing_date,
        "line_count": len(purchase.products),
    }


def _inserted(connection: Connection, table: Table, values: Mapping[str, object]) -> int:
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None, "a single row was inserted, so SQLAlchemy knows its key"
    number: int = key[0]
    return number


def _add_to_totals(connection: Connection, purchase: Purchase) -> None:
    """Step ③: add each amount to its product's total."""
    for product in _in_order(purchase):
        connection.execute(
            update(product_billing)
            .where(product_billing.c.product_no == product.product_no)
            .values(billed_total=product_billing.c.billed_total + product.amount_yen)
        )


def _add_lines(connection: Connection, bill_no: int, purchase: Purchase) -> None:
    """Step ⑤: add the lines, numbered from 1."""
    for line_no, product in enumerate(_in_order(purchase), start=1):
        connection.execute(
            insert(bill_line).values(
                bill_no=bill_no,
                line_no=line_no,
                product_no=product.product_no,
                quantity=product.quantity,
                amount=product.amount_yen,
                returned="N",
            )
        )


def _in_order(purchase: Purchase) -> list[PurchasedProduct]:
    return sorted(purchase.products, key=lambda product: product.product_no)
