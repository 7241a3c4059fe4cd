"""A replay on live servers: what is counted is what the tables hold."""

from __future__ import annotations

import pytest
from live.replay import shop
from sqlalchemy import update

from harness.replay.plan import BatchTime
from harness.replay.tally import End
from harness.servers import asking

pytestmark = pytest.mark.integration


def spread(name, number, over_s=0.5):
    return [(over_s * n / number, name) for n in range(number)]


def test_every_request_is_counted_and_is_in_the_table(shop_there):
    plan = shop_there.plan(
        [*spread("add_one", 60), *spread("look", 30)],
        {"add_one": [1 + n % shop.ITEMS for n in range(60)], "look": [1] * 30},
    )
    found = shop_there.replay(plan)
    adding, looking = found.tallies["add_one"], found.tallies["look"]
    assert (adding.ends, looking.ends) == ({End.COMMITTED: 60}, {End.COMMITTED: 30})
    assert shop_there.total() == 60
    assert (adding.rows.updated, adding.rows.added, looking.rows.updated) == (60, 0, 0)
    assert adding.latency.count == adding.lag.count == 60
    assert sum(d.count for d in adding.slices.values()) == 60
    assert (found.interrupted, found.overdue, found.unfinished, found.died) == (False, False, 0, 0)


def test_the_online_part_lasts_until_its_last_request_ended(shop_there):
    """Not until somebody noticed: both figures come from one look at the clock."""
    plan = shop_there.plan([(0.31, "add_one")], {"add_one": [1]}, processes=1)
    found = shop_there.replay(plan)
    longest_s = found.tallies["add_one"].latency.longest_s
    assert found.online_s == pytest.approx(0.31 + longest_s, rel=0.002)


def test_refused_declined_and_failed_requests_are_told_apart(shop_there):
    names = ("new_item", "look", "broken", "syntax")
    plan = shop_there.plan(
        [(0.05 * n, name) for name in names for n in range(2)],
        {"new_item": [1, 900], "look": [1, 901], "broken": [1, 1], "syntax": [1, 1]},
    )
    tallies = shop_there.replay(plan).tallies
    assert tallies["new_item"].ends == {End.COMMITTED: 1, End.REFUSED: 1}
    ((refusal, times),) = tallies["new_item"].refusals.items()
    assert (refusal.split()[0], times) == ("constraint", 1)
    assert tallies["new_item"].rows.added == 1
    assert tallies["look"].ends == {End.COMMITTED: 1, End.DECLINED: 1}
    assert tallies["broken"].ends == tallies["syntax"].ends == {End.FAILED: 2}
    assert tallies["broken"].errors == {"ZeroDivisionError: 1": 2}


def test_deadlocks_are_retried_and_counted(shop_there):
    """Everybody updates the same two items at once, half of them in the other order."""
    pairs = [(1, 2) if n % 2 else (2, 1) for n in range(300)]
    plan = shop_there.plan([(0.0, "crosswise")] * 300, {"crosswise": pairs}, connections=8)
    tally = shop_there.replay(plan, attempts=50).tallies["crosswise"]
    assert tally.ends == {End.COMMITTED: 300}
    assert shop_there.total() == 600 == tally.rows.updated
    assert tally.retries == sum(tally.refusals.values())
    assert {name.split()[0] for name in tally.refusals} <= {"deadlock"}


def test_latency_counts_from_the_intended_start(shop_there):
    """One connection, and a job that keeps the item locked: those behind it are late, and say so.

    A generator that waited with the next request for the answer to the last would report one slow
    request; here every request that should have come meanwhile is slow.
    """
    plan = shop_there.plan(
        spread("add_one", 40, over_s=1.0),
        {"add_one": [1] * 40},
        processes=1,
        connections=1,
        duration_s=1.0,
    )
    found = shop_there.replay(plan, [[shop.holding(1, 1.5)]], BatchTime.BESIDE)
    tally = found.tallies["add_one"]
    assert found.jobs[0]["end"] == End.COMMITTED.value
    assert tally.ends == {End.COMMITTED: 40}
    assert tally.latency.count - _below(tally.latency, 0.4) >= 20
    assert tally.found_busy >= 20
    assert tally.lag.longest_s > 0.4


def _below(durations, length_s):
    """How many were shorter."""
    return sum(
        durations.at_s(100 * (n + 0.5) / durations.count) < length_s for n in range(durations.count)
    )


def test_a_slow_program_does_not_keep_others_waiting(shop_there):
    plan = shop_there.plan(
        [*spread("add_one", 20, 0.3), *spread("look", 20, 0.3)],
        {"add_one": [1] * 20, "look": [2] * 20},
        processes=1,
        connections=2,
        duration_s=0.5,
    )
    found = shop_there.replay(plan, [[shop.holding(1, 1.5)]], BatchTime.BESIDE)
    assert found.tallies["add_one"].latency.longest_s > 0.5
    assert found.tallies["look"].latency.longest_s < 0.5


def test_stages_run_in_order_after_the_online_part(shop_there):
    plan = shop_there.plan(spread("add_one", 10), {"add_one": [1] * 10})
    stages = [[shop.holding(3, 0.2), shop.adding(4)], [shop.adding(5)]]
    found = shop_there.replay(plan, stages, BatchTime.AFTER)
    assert [job["job"] for job in found.jobs] == ["hold", "add_one", "add_one"]
    assert {job["end"] for job in found.jobs} == {End.COMMITTED.value}
    assert found.jobs[0]["began_s"] >= found.online_s - 0.1
    assert found.jobs[2]["began_s"] >= found.jobs[0]["ended_s"]
    assert [job["updated"] for job in found.jobs] == [1, 1, 1]
    assert all(sum(job["log_bytes_of_stage"].values()) > 0 for job in found.jobs)


def test_no_stage_begins_after_a_job_that_failed(shop_there):
    plan = shop_there.plan(spread("add_one", 2), {"add_one": [1] * 2})
    stages = [[shop.breaking(), shop.adding(4)], [shop.adding(5)]]
    found = shop_there.replay(plan, stages, BatchTime.BESIDE)
    ends = [(job["job"], job["end"]) for job in found.jobs]
    assert ends == [("broken", End.FAILED.value), ("add_one", End.COMMITTED.value)]


def test_connections_are_registered_under_their_programs(shop_there):
    names = []
    plan = shop_there.plan(spread("add_one", 4), {"add_one": [1] * 4}, connections=2)
    shop_there.replay(
        plan, [[shop.adding(1)]], BatchTime.AFTER, register=lambda _number, name: names.append(name)
    )
    assert sorted(names) == ["add_one"] * 5  # two in each process, and the job's own


def once(wanted):
    """Press Ctrl-C the first time that a moment is as wanted."""
    pressed = []

    def watch(moment):
        if wanted(moment) and not pressed:
            pressed.append(moment)
            raise KeyboardInterrupt

    return watch


def test_ctrl_c_keeps_what_was_measured_so_far(shop_there):
    press = once(lambda moment: moment.ended >= 5)

    plan = shop_there.plan(
        spread("add_one", 600, over_s=30), {"add_one": [1] * 600}, duration_s=30.0
    )
    found = shop_there.replay(plan, watch=press)
    tally = found.tallies["add_one"]
    assert found.interrupted
    assert 5 <= tally.ended < 600
    assert shop_there.total() == tally.ends[End.COMMITTED]


def test_ctrl_c_gives_up_what_does_not_end(shop_there):
    """The request waits for a lock of ours, which is not released while it may take its time."""

    press = once(lambda moment: moment.elapsed_s > 0.8)
    plan = shop_there.plan([(0.0, "add_one")], {"add_one": [7]}, processes=1)
    with shop_there.database.engine.begin() as connection:
        connection.execute(update(shop.stock).where(shop.stock.c.id == 7).values(n=1))
        found = shop_there.replay(plan, watch=press)
    assert (found.interrupted, found.unfinished) == (True, 1)
    assert found.tallies["add_one"].ended == 0


def test_a_connection_that_breaks_is_lost_and_the_next_is_opened(shop_there):
    """Somebody ends the connections in the middle of the run."""
    kind = shop_there.database.target.engine
    numbers = []
    ended = []

    def end_them(moment):
        if moment.ended >= 3 and not ended:
            for number in numbers:
                asking.tell(
                    kind, shop_there.database.url, [kind.measuring.end_session.format(number)]
                )
                ended.append(number)

    plan = shop_there.plan(
        spread("add_one", 40, over_s=4), {"add_one": [1] * 40}, processes=1, connections=1
    )
    found = shop_there.replay(
        plan, watch=end_them, register=lambda number, _name: numbers.append(number)
    )
    tally = found.tallies["add_one"]
    assert ended
    assert tally.ends[End.LOST] >= 1
    assert tally.ends[End.COMMITTED] >= 20
    assert tally.ended == 40
    assert shop_there.total() in range(tally.ends[End.COMMITTED], 41)
