"""The reduced search finds what the full search finds, on a model of an engine.

The model decides nothing about real engines: live/interleave/test_reduction.py asks those.
"""

import os
from random import Random

import pytest
from pure.interleave.modelled import Searched, Snapshot

REPEATS = int(os.environ.get("HARNESS_REPEATS") or 1)
SEEDS = range(8 * REPEATS)
MOST = 400
"""So many executions of the full search are compared; larger programs are passed over."""

EACH, FIRST, READ = Snapshot


def programs_of(*texts):
    return {f"T{n}": text.split(", ") for n, text in enumerate(texts, start=1)}


DEFECTS = {
    # Whose reversal begins with T3, though the race is one of T1 and T2.
    "three programs": (EACH, "u c, c", "r b, r c, c", "r c, u b, c"),
    # PostgreSQL's word on a constraint ends no more than the savepoint.
    "savepoint": (EACH, "u a, (, u b, ! c, ), c", "u b, r a, r a, c"),
    "savepoint, the other way": (EACH, "u b, r a, r a, c", "u a, (, u b, ! c, ), c"),
    # InnoDB's view is taken by the first plain read, not by the locks before.
    "snapshot after locks": (READ, "U a", "s b, l b, r c, r a, c"),
    # Two commits that let a third go on together.
    "shared locks": (EACH, "s a, r b, c", "s a, r b, c", "u a, u b, c"),
    "shared locks, one snapshot": (FIRST, "s a, c", "s a, r b, c", "u a, c, u b, c"),
    "waits and snapshots": (FIRST, "u a, u b, c", "u b, c, r a, c", "r c, u a, c"),
    # Going back to a savepoint lets others go on, as an end does.
    "two savepoints hold a third": (EACH, "(, s a, ), c", "(, s a, ), c", "u a, c"),
    "a savepoint and an end hold a third": (EACH, "(, s a, ), c", "s a, c", "u a, c"),
    "deadlock of three": (EACH, "u a, u b, c", "u b, u c, c", "u c, u a, c"),
}


@pytest.mark.parametrize(
    ("snapshot", "programs"), [(d[0], d[1:]) for d in DEFECTS.values()], ids=DEFECTS
)
def test_what_was_missed_or_miscounted_once_is_found(snapshot, programs):
    assert_equal(programs_of(*programs), snapshot)


def assert_equal(programs, snapshot, at_most=None):
    """Whether the full search is small enough to be compared; if so, it is."""
    full = Searched(programs, snapshot, reduction=False)
    if not full.run(at_most):
        return False
    reduced = Searched(programs, snapshot, reduction=True)
    reduced.run()
    assert reduced.outcomes == full.outcomes, programs
    assert reduced.scheduler.executions <= full.scheduler.executions
    return True


def generated(chance, sessions):
    """Programs of one or two transactions; in autocommit statements stand before one."""

    def transaction():
        if chance.random() < 0.1:
            yield chance.choice(["U a", "U b"])
        for _ in range(chance.randint(1, 4 if sessions == 2 else 2)):
            if chance.random() < 0.08:
                yield from ("(", f"u {chance.choice('abc')}", "! d", ")")
            else:
                yield f"{chance.choice('rrrlsuu')} {chance.choice('abc')}"
        yield "c"

    return {
        f"T{n}": [step for _ in range(chance.choice([1, 1, 2])) for step in transaction()]
        for n in range(1, sessions + 1)
    }


@pytest.mark.parametrize("snapshot", Snapshot, ids=lambda snapshot: snapshot.name.lower())
@pytest.mark.parametrize("sessions", [2, 3])
def test_reduced_search_counts_what_the_full_search_counts(sessions, snapshot):
    compared = 0
    for seed in SEEDS:
        chance = Random(f"{sessions} {seed}")
        while not assert_equal(generated(chance, sessions), snapshot, MOST):
            pass
        compared += 1
    assert compared == len(SEEDS)
