"""What programs of several kinds refuse: a row that is not there, work that is done already.

A program that raises one of these has rolled back: nothing of the request is in the tables.
"""

from datetime import date


class NotRegisteredError(LookupError):
    """Something that the request names is not in the tables; nothing has been changed."""


class CustomerNotFoundError(NotRegisteredError):
    """The customer (顧客) that was named does not exist."""

    def __init__(self, customer_code: str) -> None:
        super().__init__(f"customer '{customer_code}': no such customer")


class ContractNotFoundError(NotRegisteredError):
    """The contract (契約) that was named does not exist, or does not wait for a vehicle."""

    def __init__(self, contract_no: int, fact: str = "no such contract") -> None:
        super().__init__(f"contract {contract_no}: {fact}")


class VehicleNotFoundError(NotRegisteredError):
    """The vehicle (車両) that was named does not exist."""

    def __init__(self, vehicle_no: int) -> None:
        super().__init__(f"vehicle {vehicle_no}: no such vehicle")


class SheetNotFoundError(NotRegisteredError):
    """A contract with work results has no inspection sheet (点検表) to add their points to."""

    def __init__(self, contract_no: int) -> None:
        super().__init__(f"contract {contract_no}: has no inspection sheet")


class AlreadyDoneError(RuntimeError):
    """A batch program has done this work before; doing it again would count it twice."""

    def __init__(self, program_name: str, report_date: date, seqs: tuple[int, int]) -> None:
        first, last = seqs
        super().__init__(
            f"{program_name}: report date {report_date}, sort sequence {first} to {last}: "
            "is done already, or part of it is; nothing has been changed"
        )
