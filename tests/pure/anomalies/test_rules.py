"""Each rule: a history that shows the anomaly, one that does not, one with a refused program."""

from itertools import permutations

import pytest

from harness.checks.state import State
from harness.outcome import Refusal
from harness.programs import Raised, Returned, ServerRefused
from workloads.anomalies import anomalies
from workloads.anomalies.orders import without_control

NAMES = [anomaly.name for anomaly in anomalies()]
REFUSED = ServerRefused(Refusal("serialization", "40001", True, True))

FIRST = {1: 10, 2: 20}
BOTH_ADDED = {1: 20, 2: 30}

# name -> what each program read, and the final table: what shows it, and what comes near without it
SHOWN = {
    "g0": ({"T1": [], "T2": []}, {1: 11, 2: 22}),
    "g1a": ({"T1": [], "T2": [{1: 101, 2: 20}, FIRST]}, FIRST),
    "g1b": ({"T1": [], "T2": [FIRST, {1: 101, 2: 20}]}, {1: 11, 2: 20}),
    "g1c": ({"T1": [{2: 22}], "T2": [{1: 11}]}, {1: 11, 2: 22}),
    "otv": ({"T1": [], "T2": [], "T3": [{1: 12}, {2: 19}]}, {1: 12, 2: 18}),
    "pmp": ({"T1": [{}, {3: 30}], "T2": []}, {**FIRST, 3: 30}),
    "pmp-write": ({"T1": [], "T2": [FIRST, {2: 30}]}, {2: 30}),
    "pmp-delete": ({"T1": [], "T2": [{1: 20}]}, BOTH_ADDED),
    "p4": ({"T1": [{1: 10}], "T2": [{1: 10}]}, {1: 12, 2: 20}),
    "g-single": ({"T1": [{1: 10}, {2: 18}], "T2": [{1: 10}, {2: 20}]}, {1: 12, 2: 18}),
    "g-single-dependencies": ({"T1": [FIRST, {1: 12}], "T2": []}, {1: 12, 2: 20}),
    "g-single-write-1": ({"T1": [{1: 10}, {2: 18}], "T2": [FIRST]}, {1: 12, 2: 18}),
    "g-single-write-2": ({"T1": [{1: 10}], "T2": [FIRST]}, {1: 12, 2: 18}),
    "g2-item": ({"T1": [FIRST], "T2": [FIRST]}, {1: 11, 2: 21}),
    "g2": ({"T1": [{}], "T2": [{}]}, {**FIRST, 3: 30, 4: 42}),
    "g2-two-edges": ({"T1": [FIRST], "T2": [], "T3": [{1: 10, 2: 25}]}, {1: 0, 2: 25}),
}
NOT_SHOWN = {
    "g0": ({"T1": [], "T2": []}, {1: 12, 2: 22}),
    "g1a": ({"T1": [], "T2": [FIRST, FIRST]}, FIRST),
    "g1b": ({"T1": [], "T2": [FIRST, {1: 11, 2: 20}]}, {1: 11, 2: 20}),
    "g1c": ({"T1": [{2: 22}], "T2": [{1: 10}]}, {1: 11, 2: 22}),
    "otv": ({"T1": [], "T2": [], "T3": [{1: 11}, {2: 18}]}, {1: 12, 2: 18}),
    "pmp": ({"T1": [{3: 30}, {3: 30}], "T2": []}, {**FIRST, 3: 30}),
    "pmp-write": ({"T1": [], "T2": [BOTH_ADDED, {2: 30}]}, {2: 30}),
    "pmp-delete": ({"T1": [], "T2": [{}]}, {2: 30}),
    "p4": ({"T1": [{1: 10}], "T2": [{1: 11}]}, {1: 12, 2: 20}),
    "g-single": ({"T1": [{1: 10}, {2: 20}], "T2": [{1: 10}, {2: 20}]}, {1: 12, 2: 18}),
    "g-single-dependencies": ({"T1": [FIRST, {}], "T2": []}, {1: 12, 2: 20}),
    "g-single-write-1": ({"T1": [{1: 10}, {}], "T2": [{1: 10}]}, {1: 12}),
    "g-single-write-2": ({"T1": [{1: 12}], "T2": [FIRST]}, {1: 12, 2: 18}),
    "g2-item": ({"T1": [FIRST], "T2": [{1: 11, 2: 20}]}, {1: 11, 2: 21}),
    "g2": ({"T1": [{}], "T2": [{3: 30}]}, {**FIRST, 3: 30, 4: 42}),
    "g2-two-edges": ({"T1": [FIRST], "T2": [], "T3": [FIRST]}, {1: 0, 2: 25}),
}


def ends_of(reads):
    return {
        name: Returned([tuple(sorted(rows.items())) for rows in queries], commits=1)
        for name, queries in reads.items()
    }


def state_of(final):
    return State({"test": tuple(sorted(final.items()))})


def seen(anomaly, reads, final, **others):
    return anomaly.seen({**ends_of(reads), **others}, state_of(final))


@pytest.mark.parametrize("name", NAMES)
def test_a_history_that_shows_it_is_seen(known, name):
    sentence = seen(known[name], *SHOWN[name])
    assert sentence is not None
    assert sentence == sentence.strip().rstrip(".")


@pytest.mark.parametrize("name", NAMES)
def test_a_history_that_comes_near_is_not(known, name):
    assert seen(known[name], *NOT_SHOWN[name]) is None


@pytest.mark.parametrize("name", NAMES)
def test_without_a_program_it_needs_it_did_not_occur(known, name):
    anomaly = known[name]
    for refused in anomaly.needs or anomaly.scripts:
        assert seen(anomaly, *SHOWN[name], **{refused: REFUSED}) is None
        assert seen(anomaly, *SHOWN[name], **{refused: Raised("Error", "of its own")}) is None


def test_the_values_that_show_it_are_in_the_sentence(known):
    assert seen(known["g1a"], *SHOWN["g1a"]) == "T2 read 1 => 101, which T1 rolled back"
    assert seen(known["otv"], *SHOWN["otv"]) == (
        "T3 read 1 => 12 of T2, then 2 => 19, which is older than the 18 of T2"
    )
    assert seen(known["pmp-write"], *SHOWN["pmp-write"]) == (
        "T2 read 1 => 10, 2 => 20, deleted all with value 20, and read 2 => 30; left are 2 => 30"
    )


def test_a_read_of_what_the_server_rolled_back_is_an_aborted_read_too(known):
    assert seen(known["g1a"], *SHOWN["g1a"], T1=REFUSED) is not None


@pytest.mark.parametrize(
    ("read", "final", "vanished"),
    [
        ((11, 20), {1: 12, 2: 18}, "T1"),
        ((12, 20), {1: 12, 2: 18}, "T2"),
        ((12, 19), {1: 12, 2: 18}, "T2"),
        ((12, 18), {1: 12, 2: 18}, None),
        ((10, 18), {1: 12, 2: 18}, None),
        # T1 came behind T2: then it is 18 that is older than 19.
        ((11, 18), {1: 11, 2: 19}, "T1"),
        ((12, 19), {1: 11, 2: 19}, None),
    ],
)
def test_which_version_is_older_is_told_by_what_stayed(known, read, final, vanished):
    reads = {"T1": [], "T2": [], "T3": [{1: read[0]}, {2: read[1]}]}
    sentence = seen(known["otv"], reads, final)
    assert sentence is None if vanished is None else f" of {vanished}, then" in sentence


def test_a_transaction_can_vanish_when_the_other_was_refused(known):
    reads = {"T1": [], "T3": [{1: 11}, {2: 20}]}
    assert seen(known["otv"], reads, {1: 11, 2: 19}, T2=REFUSED) is not None
    # What T3 read of the refused one is an aborted read, and no vanishing.
    reads = {"T1": [], "T3": [{1: 12}, {2: 20}]}
    assert seen(known["otv"], reads, {1: 11, 2: 19}, T2=REFUSED) is None


@pytest.mark.parametrize(
    ("first", "second", "final"),
    [
        (FIRST, {1: 20, 2: 30}, BOTH_ADDED),
        (FIRST, {2: 20}, {2: 30}),
        (BOTH_ADDED, {1: 10}, {1: 20}),
        (FIRST, {1: 20}, {1: 20}),
    ],
)
def test_a_write_that_saw_other_preceders_than_the_reads(known, first, second, final):
    assert seen(known["pmp-write"], {"T1": [], "T2": [first, second]}, final) is not None


def test_one_with_and_one_without_is_skew_either_way(known):
    reads = {"T1": [{1: 12}, {2: 20}], "T2": [{1: 10}, {2: 20}]}
    assert seen(known["g-single"], reads, {1: 12, 2: 18}) is not None
    reads = {"T1": [{2: 20}, {}], "T2": []}
    assert seen(known["g-single-dependencies"], reads, {1: 12, 2: 20}) == (
        "T1 found row 1 by neither of 'value % 5 = 0' and 'value % 3 = 0'"
    )


@pytest.mark.parametrize("name", NAMES)
def test_no_serial_order_shows_it_and_some_other_does(known, name):
    anomaly = known[name]
    counts = {session: len(script.statements) for session, script in anomaly.scripts.items()}
    for names in permutations(counts):
        order = tuple(session for session in names for _ in range(counts[session]))
        assert anomaly.seen(*without_control(anomaly.scripts, order)) is None
        assert order not in anomaly.dangerous_orders
    assert anomaly.dangerous_orders


def test_the_cases_are_those_of_hermitage_and_one_more(known):
    hermitage = [
        *("g0", "g1a", "g1b", "g1c", "otv", "pmp", "pmp-write", "p4", "g-single"),
        *("g-single-dependencies", "g-single-write-1", "g-single-write-2"),
        *("g2-item", "g2", "g2-two-edges"),
    ]
    assert [name for name in NAMES if name != "pmp-delete"] == hermitage
    assert set(SHOWN) == set(NOT_SHOWN) == set(NAMES)


def test_a_scenario_is_judged_by_its_results_alone(known):
    for anomaly in known.values():
        scenario = anomaly.scenario
        assert scenario.name == anomaly.name
        assert not scenario.serial_equivalence
        assert not scenario.invariants
        assert scenario.results_check == anomaly.seen
        assert list(scenario.variants["current"].programs) == list(anomaly.scripts)
        assert len(scenario.isolations) == 4
