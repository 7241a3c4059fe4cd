"""Loads that packages bring: each has what a drill needs."""

from harness.recovery.crash import WRITERS
from harness.recovery.entries import ENTRIES, WRITERS_MAX
from harness.recovery.load import loads


def test_the_plain_load_and_the_systems_own_are_found():
    assert {"entries", "contracts"} <= loads().keys()
    assert loads()["entries"] is ENTRIES


def test_there_is_a_counter_for_every_writer():
    assert WRITERS <= WRITERS_MAX
