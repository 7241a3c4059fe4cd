"""What the billing programs refuse. A program that raises one of these has rolled back.

Nothing of the request, or of the unit under way, is then in the tables.
"""

from collections.abc import Iterable
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
