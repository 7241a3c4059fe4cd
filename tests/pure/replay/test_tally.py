"""Tallies are added up between processes, and survive print and parse."""

import json

from pure.replay.conftest import tally

from harness.replay.tally import End, Tally


def filled():
    found = tally(committed=5, refused=1, declined=2)
    found.retries, found.found_busy = 3, 1
    found.refusals["deadlock 40P01"] += 4
    found.errors["LookupError: none"] += 2
    found.rows.added, found.rows.updated = 7, 8
    return found


def test_what_is_packed_is_unpacked_the_same():
    packed = json.loads(json.dumps(filled().packed()))
    assert Tally.unpacked(packed).packed() == filled().packed()


def test_two_are_added_up():
    total = filled()
    total.add(filled())
    assert total.ended == 16
    assert (total.ends[End.COMMITTED], total.retries, total.found_busy) == (10, 6, 2)
    assert total.refusals == {"deadlock 40P01": 8}
    assert (total.rows.added, total.rows.updated) == (14, 16)
    assert (total.latency.count, total.lag.count) == (10, 10)
    assert {number: d.count for number, d in total.slices.items()} == dict.fromkeys(range(5), 2)


def test_a_lost_request_has_lag_and_no_latency():
    found = Tally()
    found.record(End.LOST, 0.1, 5.0, 0)
    assert (found.lag.count, found.latency.count, found.slices) == (1, 0, {})
