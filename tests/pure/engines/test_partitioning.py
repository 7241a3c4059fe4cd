"""What a partition is exchanged by: in what order, and from whose words it is known."""

from types import SimpleNamespace

import pytest

from harness.engines import ENGINES
from harness.engines.partitioning import Partition

GONE = Partition("m202409", 1, 101)
NAMES = ("bill", "bill_line")


class Told:
    """A connection on which every query is answered alike."""

    def __init__(self, rows):
        self._rows = rows

    def cursor(self):
        return self

    def __enter__(self):
        return SimpleNamespace(execute=lambda _query: None, fetchall=lambda: self._rows)

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_a_half_that_a_crash_leaves_shows_no_bill_without_its_lines(engine):
    """Bills go before their lines, or all goes at once."""
    first, second = engine.partitioning.exchange(NAMES, GONE, "billing", "billing_next")
    assert first
    assert second
    if not engine.replacing.one_transaction:
        assert not any("bill_line" in statement for statement in first)


def test_bounds_are_read_from_what_the_catalog_says():
    said = [
        ("bill_m202410", "FOR VALUES FROM (101) TO (1000101)"),
        ("bill_m202409", "FOR VALUES FROM (1) TO (101)"),
        ("bill_rest", "DEFAULT"),
    ]
    read = ENGINES["postgresql"].partitioning.partitions
    assert read(Told(said), "bill") == [GONE, Partition("m202410", 101, 1000101)]


@pytest.mark.parametrize("name", ["mysql", "mariadb"])
def test_a_partition_begins_where_the_one_before_it_ends(name):
    read = ENGINES[name].partitioning.partitions
    assert read(Told([("m202409", 101), ("m202410", 301)]), "bill") == [
        GONE,
        Partition("m202410", 101, 301),
    ]
    assert read(Told([]), "bill") == []
