from collections.abc import Iterator

import pytest
from live.interleave.bank import Bank


@pytest.fixture
def bank(database) -> Iterator[Bank]:
    """A database for the bank; the tables are made by whoever explores."""
    return Bank(database)


@pytest.fixture
def open_bank(bank) -> Bank:
    """The bank with its tables made, for tests of the conductor alone."""
    bank.make_tables()
    return bank
