from collections.abc import Callable
from itertools import cycle, pairwise, product
from math import comb, factorial, prod
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pure.interleave.simulated import Simulated, closer_of_the_cycle, conduct, every_order

from harness.interleave.exhaustive import Exhaustive, Share

LOST_UPDATE = "r x, w x, c"


def search(
    make: Callable[[], Simulated], scheduler: Exhaustive | None = None, at_most: int = 5_000
) -> list:
    """Every execution that was run, in the order in which it was run."""
    scheduler = scheduler or Exhaustive()
    found = []
    while scheduler.new_execution():
        found.append(conduct(make(), scheduler))
        assert len(found) <= at_most, "the search does not end"
    return found


def orders(*programs: str) -> list:
    return [turns for turns, _ in search(lambda: Simulated(*programs))]


@pytest.mark.parametrize(("m", "n"), list(product(range(1, 6), repeat=2)))
def test_two_programs_without_locks_have_as_many_orders_as_there_are_choices(m, n):
    scheduler = Exhaustive()
    found = search(lambda: Simulated("r," * m, "r," * n), scheduler)
    assert len(set(found)) == len(found) == comb(m + n, m)
    assert (scheduler.executions, scheduler.repeated) == (comb(m + n, m), 0)
    assert scheduler.complete


@pytest.mark.parametrize("lengths", [(1, 1, 1), (1, 2, 3), (2, 2, 2), (3, 2, 2), (1, 1, 1, 1)])
def test_several_programs_without_locks_have_a_multinomial_of_orders(lengths):
    found = orders(*("r," * length for length in lengths))
    expected = factorial(sum(lengths)) // prod(factorial(length) for length in lengths)
    assert len(set(found)) == len(found) == expected


def test_a_program_alone_has_one_order():
    assert orders("r x, w x, c") == [("T1", "T1", "T1")]


def test_programs_that_ask_nothing_are_one_execution():
    scheduler = Exhaustive()
    assert search(lambda: Simulated("", ""), scheduler) == [((), ())]
    assert scheduler.complete


def test_the_lost_update_has_14_of_20_orders():
    """The 6 others hold both writes before a commit, and no engine would let them be."""
    found = orders(LOST_UPDATE, LOST_UPDATE)
    assert len(set(found)) == len(found) == 14
    assert comb(6, 3) == 20


def test_a_waiting_session_is_not_offered():
    world = Simulated(LOST_UPDATE, LOST_UPDATE)
    for name in ("T1", "T2", "T1", "T2"):
        world.take(name)
    assert (world.rest().movable, world.rest().waiting) == (("T1",), ("T2",))


STEPS = ["r x", "w x", "w y", "c"]


def program_of(steps: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(STEPS), min_size=1, max_size=steps).map(", ".join)


PROGRAMS = st.one_of(
    st.lists(program_of(3), min_size=1, max_size=2),
    st.tuples(program_of(2), program_of(2), program_of(2)),
)


@given(PROGRAMS)
def test_the_search_finds_every_order_that_the_locks_allow_and_none_twice(programs):
    found = search(lambda: Simulated(*programs))
    assert len(set(found)) == len(found)
    assert set(found) == set(every_order(Simulated(*programs)))


def fractions(*programs: str) -> list[float]:
    """How much was said to be behind us after each execution."""
    scheduler, said = Exhaustive(), []
    while scheduler.new_execution():
        conduct(Simulated(*programs), scheduler)
        said.append(scheduler.fraction())
    return said


@given(PROGRAMS)
def test_the_fraction_behind_us_grows_with_every_execution_and_ends_at_one(programs):
    said = fractions(*programs)
    assert all(before < behind for before, behind in pairwise([0.0, *said]))
    assert said[-1] == 1


def test_the_fraction_of_a_balanced_tree_is_exact():
    assert fractions("r, r", "r, r") == [1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4, 1]


def test_nothing_is_complete_before_the_first_execution():
    scheduler = Exhaustive()
    assert not scheduler.complete
    assert scheduler.fraction() == 0


def test_a_limit_ends_the_search_and_it_is_not_complete():
    scheduler = Exhaustive(limit=13)
    assert len(search(lambda: Simulated(LOST_UPDATE, LOST_UPDATE), scheduler)) == 13
    assert not scheduler.complete


def test_a_limit_that_is_never_passed_changes_nothing():
    scheduler = Exhaustive(limit=14)
    assert len(search(lambda: Simulated(LOST_UPDATE, LOST_UPDATE), scheduler)) == 14
    assert scheduler.complete


def test_an_execution_that_breaks_off_is_not_counted_and_its_turns_are_tried_again():
    scheduler = Exhaustive()
    scheduler.new_execution()
    world = Simulated(LOST_UPDATE, LOST_UPDATE)
    for _ in range(4):
        world.take(scheduler.next_turn(world.rest()))
    assert scheduler.executions == 0
    assert len(search(lambda: Simulated(LOST_UPDATE, LOST_UPDATE), scheduler)) == 14


# -- shares of the tree


def shared(make: Callable[[], Simulated], chance: Random, workers: int) -> list:
    """Every execution that several searches found, which give each other shares now and then."""
    found, searches = [], [Exhaustive()]
    while searches:
        scheduler = chance.choice(searches)
        if not scheduler.new_execution():
            assert scheduler.complete
            searches.remove(scheduler)
            continue
        found.append(conduct(make(), scheduler))
        if len(searches) < workers and (share := scheduler.split()) is not None:
            searches.append(Exhaustive(share=share))
    return found


@given(PROGRAMS, st.integers(2, 4), st.randoms())
def test_shares_have_nothing_in_common_and_together_are_the_whole(programs, workers, chance):
    found = shared(lambda: Simulated(*programs), chance, workers)
    assert len(set(found)) == len(found)
    assert set(found) == set(every_order(Simulated(*programs)))


def test_who_gave_a_share_away_does_not_search_it():
    """The first turn of T2 is given away: only the orders that begin with T1 are left."""
    scheduler = Exhaustive()
    scheduler.new_execution()
    first = conduct(Simulated("r, r", "r, r"), scheduler)
    share = scheduler.split()
    assert [name for _, name in share.path] == ["T2"]
    mine = [first, *search(lambda: Simulated("r, r", "r, r"), scheduler)]
    theirs = search(lambda: Simulated("r, r", "r, r"), Exhaustive(share=share))
    assert {turns[0] for turns, _ in mine} == {"T1"}
    assert {turns[0] for turns, _ in theirs} == {"T2"}
    assert (len(mine), len(theirs)) == (3, 3)


def test_where_nothing_is_untried_there_is_nothing_to_give():
    scheduler = Exhaustive()
    search(lambda: Simulated("r", "r"), scheduler)
    assert scheduler.split() is None


def test_another_answer_on_the_way_to_a_share_is_somebody_else_s():
    """The share lies behind the victim T1; the server now ends T2 instead, as often as asked."""
    programs = ("w x, w y, c", "w y, w x, c", "r")
    world = Simulated(*programs, choose_victim=min)
    way = []
    for name in ("T1", "T2", "T1", "T2", "T3"):
        way.append((world.rest(), name))
        world.take(name)
    assert way[-1][0].refused
    scheduler = Exhaustive(share=Share(tuple(way)), patience=3)
    assert search(lambda: Simulated(*programs, choose_victim=max), scheduler)
    assert (scheduler.executions, scheduler.complete, scheduler.given_up) == (0, False, 1)
    same = Exhaustive(share=Share(tuple(way)))
    assert search(lambda: Simulated(*programs, choose_victim=min), same)
    assert (same.executions > 0, same.repeated, same.complete) == (True, 0, True)


# -- a server that does not always give the same answer

# T3 gives each choice of a victim several orders, so that one execution does not see them all.
DEADLOCK = ("w x, w y, c", "w y, w x, c", "r")


class Always:
    """Chooses the same victim, whatever the cycle."""

    def __init__(self, victim: str) -> None:
        self.victim = victim

    def __call__(self, _cycle: object) -> str:
        return self.victim


def deadlocking(choose_victim: Callable) -> Callable[[], Simulated]:
    return lambda: Simulated(*DEADLOCK, choose_victim=choose_victim)


def after(prefix: tuple[str, ...], refused: tuple[str, ...]) -> set:
    """All executions that begin with these turns, if they lead to this refusal."""
    victim = Always(refused[0].partition(":")[0]) if refused else closer_of_the_cycle
    world = deadlocking(victim)()
    for name in prefix:
        world.take(name)
    if world.refused != refused:
        return set()
    return {((*prefix, *turns), more) for turns, more in every_order(world) if more == refused}


def test_both_choices_of_a_victim_are_searched_below():
    chosen = cycle(["T1", "T2"])
    scheduler = Exhaustive()
    found = search(deadlocking(lambda _: next(chosen)), scheduler)
    for refused in ("T1:deadlock", "T2:deadlock"):
        expected = after(("T1", "T2", "T1", "T2"), (refused,))
        assert len(expected) > 1
        assert expected <= set(found)
    assert scheduler.complete
    assert scheduler.executions + scheduler.repeated == len(found)
    assert scheduler.fraction() == 1


@settings(max_examples=30)
@given(st.integers(), st.integers(1, 20))
def test_a_complete_search_has_every_continuation_of_every_answer_it_saw(seed, patience):
    scheduler = Exhaustive(patience=patience)
    found = search(deadlocking(Random(seed).choice), scheduler)
    assert scheduler.complete == (scheduler.given_up == 0)
    assert scheduler.executions == len(set(found))
    assert scheduler.executions + scheduler.repeated == len(found)
    if scheduler.complete:
        beginnings = {(turns[:n], refused) for turns, refused in found for n in range(len(turns))}
        assert all(after(*beginning) <= set(found) for beginning in beginnings)


def test_an_answer_that_never_comes_again_is_given_up_alone_and_said():
    chosen = iter(["T1"])
    scheduler = Exhaustive(patience=5)
    found = search(deadlocking(lambda _: next(chosen, "T2")), scheduler)
    once = [execution for execution in found if execution[1] == ("T1:deadlock",)]
    assert len(once) == 1
    assert set(found) == {*once, *every_order(deadlocking(Always("T2"))())}
    assert scheduler.given_up == 1
    assert not scheduler.complete


def test_more_patience_is_more_attempts_at_an_answer_that_never_comes_again():
    repeated = []
    for patience in (5, 20):
        chosen = iter(["T1"])
        scheduler = Exhaustive(patience=patience)
        search(deadlocking(lambda _, chosen=chosen: next(chosen, "T2")), scheduler)
        repeated.append(scheduler.repeated)
    assert repeated[1] - repeated[0] == 15
