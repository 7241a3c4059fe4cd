"""The closed sets of the vehicle maintenance system: arrangements and maintenance classes.

Plain `int` and `str` constants rather than enumerations, because they are bound as SQL
parameters and each driver would adapt an enumeration's member in its own way.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

# The eight arrangements (手配#, exam table 1) of one piece of maintenance, in their order.
ADVANCE_NOTICE: Final = 1
INTAKE_BOOKING: Final = 2
CONTRACTOR_ARRANGEMENT: Final = 3
INTAKE: Final = 4
COMPLETION_SCHEDULE_CONFIRMED: Final = 5
RELEASE_BOOKING: Final = 6
COMPLETION_CONFIRMED: Final = 7
RELEASE: Final = 8

ARRANGEMENT_NAMES: Final[Mapping[int, str]] = {
    ADVANCE_NOTICE: "advance notice (事前案内)",
    INTAKE_BOOKING: "intake booking (入庫予約受付)",
    CONTRACTOR_ARRANGEMENT: "contractor arrangement (委託先手配)",
    INTAKE: "intake (入庫)",
    COMPLETION_SCHEDULE_CONFIRMED: "completion schedule confirmed (実施完了予定確認)",
    RELEASE_BOOKING: "release booking (出庫予約受付)",
    COMPLETION_CONFIRMED: "completion confirmed (完了確認)",
    RELEASE: "release (出庫)",
}

# The maintenance classes (保守区分): the statutory roadworthiness test, the periodic legal
# inspection, and servicing.
SHAKEN: Final = "shaken"
INSPECTION: Final = "inspection"
SERVICE: Final = "service"

MAINTENANCE_CLASS_NAMES: Final[Mapping[str, str]] = {
    SHAKEN: "shaken (車検)",
    INSPECTION: "inspection (点検)",
    SERVICE: "service (整備)",
}

# What a schedule's status (状態) says when it is made; the exam names no values.
PLANNED: Final = "planned"

# The maintenance status (保守状態) of a vehicle that needs no maintenance any more.
RETIRED: Final = "retired"


class ScheduleKey(NamedTuple):
    """The key of a maintenance schedule row (予定表): one piece of maintenance to be done.

    >>> print(ScheduleKey(1001, 2, date(2024, 10, 10)))
    contract 1001, order 2, planned start 2024-10-10
    """

    contract_no: int
    order_no: int
    planned_start_date: date

    def __str__(self) -> str:
        return (
            f"contract {self.contract_no}, order {self.order_no}, "
            f"planned start {self.planned_start_date}"
        )
