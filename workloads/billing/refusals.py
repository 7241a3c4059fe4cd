"""What the billing programs refuse. A program that raises one of these has rolled back.

Nothing of the request, or of the unit under way, is then in the tables.
"""

from collections.abc import Iterable, Sequence
from datetime import date


class UnknownGroupError(LookupError):
    """There is no such group, or it has no members; nothing has been billed."""

    def __init__(self, group_no: int) -> None:
        super().__init__(f"group {group_no}: has no members; groups are 1 to 4")


class NotInGroupError(LookupError):
    """Purchases of somebody who is not a member of the group; nothing has been billed."""

    def __init__(self, group_no: int, member_nos: Iterable[int]) -> None:
        listed = ", ".join(map(str, sorted(member_nos)))
        super().__init__(f"group {group_no}: purchases of members that are not in it: {listed}")


class PurchasedTwiceError(ValueError):
    """A member stands twice among the purchases, and would get two bills."""

    def __init__(self, member_no: int) -> None:
        super().__init__(f"member {member_no}: stands twice among the purchases of one run")


class BillNotFoundError(LookupError):
    """The bill (請求) that was named does not exist."""

    def __init__(self, bill_no: int) -> None:
        super().__init__(f"bill {bill_no}: no such bill")


class NothingToReturnError(ValueError):
    """A line that was named, or every line of the bill, is not there or was returned before."""

    def __init__(self, bill_no: int) -> None:
        super().__init__(
            f"bill {bill_no}: not all that is named can be returned; was it returned before?"
        )


class MonthNotOverError(ValueError):
    """Bulk deletion is for the month before the one whose end has come."""

    def __init__(self, processing_date: date) -> None:
        super().__init__(f"{processing_date}: bulk deletion runs on the last day of a month")


class AlreadyBilledError(ValueError):
    """The group was billed on that day or later; a second run would bill it twice."""

    def __init__(self, group_no: int, processing_date: date) -> None:
        super().__init__(
            f"group {group_no}: every member was billed on {processing_date} or later already; "
            "was the date processed before?"
        )


class NothingToDeleteError(LookupError):
    """No bill of the month is there that is paid."""

    def __init__(self, month: date) -> None:
        super().__init__(
            f"{month:%Y-%m}: has no paid bills to delete; was the month processed before?"
        )


class UnpaidBillsError(ValueError):
    """Bills of the month are open; deleting leaves them behind."""

    def __init__(self, month: date, unpaid: int, named: Sequence[int]) -> None:
        listed = ", ".join(map(str, named)) + (", …" if unpaid > len(named) else "")
        super().__init__(
            f"{month:%Y-%m}: {unpaid} bills are neither paid nor cancelled: {listed}; "
            "they would stay when the others go"
        )
