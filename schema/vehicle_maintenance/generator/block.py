"""One block: up to 1,000 contracts with their customers, contractors and leases."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from schema.draw import Draw
from schema.vehicle_maintenance.generator.lease import Lease, draw_lease, draw_waiting
from schema.vehicle_maintenance.generator.pieces import Contractors

BLOCK_CONTRACTS: Final = 1000
_BLOCK_CONTRACTORS: Final = 2
# A customer is served by contractors nearby: those of its own block and of so many before.
_BLOCKS_NEARBY: Final = 4

_OF_BLOCK, _OF_LEASE = 0, 1

# Half of the customers lease a handful of vehicles, a few lease hundreds.
_FLEETS: Final = ((0.50, (1, 5)), (0.30, (6, 20)), (0.15, (21, 80)), (0.05, (81, 300)))


class Sizes(NamedTuple):
    """How many there are of what."""

    vehicles: int

    @property
    def leased(self) -> int:
        """Contracts with a vehicle of the same number.

        The other vehicles stand between two leases, the other contracts wait for their vehicle.
        """
        return self.vehicles - self.vehicles // 20

    @property
    def reported(self) -> int:
        """Contracts of which work is reported on the business date, two work items of each.

        At scale 1 these are the exam's 20,000 work results of a day (table 3).
        """
        return self.vehicles // 10

    def reported_as(self, contract_no: int) -> int | None:
        """Which of the reported contracts this one is, from 0; None if it is none."""
        which, rest = divmod(contract_no - 1, 9)
        return which if rest == 0 and which < self.reported else None


class Customer(NamedTuple):
    """A customer and the range of its contracts, both ends included."""

    number: int
    first_contract_no: int
    last_contract_no: int

    @property
    def code(self) -> str:
        """The customer code (顧客C)."""
        return f"C{self.number:07d}"


class Block:
    """Contracts that follow each other, and whom they belong to."""

    def __init__(self, seed: int, sizes: Sizes, number: int, today: int) -> None:
        """The block of this number, from 0; `today` is an ordinal."""
        self.seed = seed
        self.sizes = sizes
        self.number = number
        self.today = today
        self.first = number * BLOCK_CONTRACTS + 1
        self.last = min(sizes.vehicles, self.first + BLOCK_CONTRACTS - 1)

    def customers(self) -> Iterator[Customer]:
        """The customers, who have all contracts of the block between them."""
        draw = Draw(self.seed, _OF_BLOCK, self.number)
        first, number = self.first, self.number * BLOCK_CONTRACTS
        while first <= self.last:
            last = min(self.last, first + draw.between(*draw.weighted(_FLEETS)) - 1)
            yield Customer(number, first, last)
            first, number = last + 1, number + 1

    def new_contractors(self) -> Contractors:
        """The contractors that come with this block."""
        first = self.number * _BLOCK_CONTRACTORS + 1
        return Contractors(first, first + _BLOCK_CONTRACTORS - 1)

    def contractors_nearby(self) -> Contractors:
        """The contractors that work for this block."""
        new = self.new_contractors()
        return Contractors(max(1, new.first - _BLOCKS_NEARBY * _BLOCK_CONTRACTORS), new.last)

    def drawn(self, contract_no: int) -> tuple[Draw, Lease]:
        """A contract's lease, and the lots for what follows from it."""
        draw = Draw(self.seed, _OF_LEASE, contract_no)
        if contract_no > self.sizes.leased:
            return draw, draw_waiting(draw, contract_no, self.today)
        return draw, draw_lease(draw, contract_no, self.today)
