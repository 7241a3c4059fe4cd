"""Cycles of dependencies have the textbook's names, and nothing else has one."""

import pytest

from harness.checks.anomaly import anomaly_of
from harness.checks.dependencies import Dependency, DirtyRead, Evidence, Kind

KINDS = {kind.value: kind for kind in Kind}


def edge(text: str) -> Dependency:
    """From 'T1 rw T2 x 1 4': kind, row and the two turns; a '?' behind the row: by predicate.

    A row named '-' is one of a table without a key.
    """
    source, kind, target, row, first, second = text.split()
    key = "" if row.startswith("-") else f"id = {row.rstrip('?')}"
    return Dependency(
        KINDS[kind], source, target, "t", key, int(first), int(second), row.endswith("?")
    )


def evidence(*texts: str, committed: str = "T1 T2 T3") -> Evidence:
    return Evidence(frozenset(committed.split()), [edge(text) for text in texts])


@pytest.mark.parametrize(
    ("name", "title", "edges"),
    [
        ("G0", "write cycle", ["T1 ww T2 x 1 2", "T2 ww T1 y 3 4"]),
        ("G1c", "circular information flow", ["T1 wr T2 x 1 3", "T2 wr T1 y 2 4"]),
        ("G1c", "circular information flow", ["T1 ww T2 x 1 3", "T2 wr T1 y 2 4"]),
        ("P4", "lost update", ["T1 rw T2 x 1 3", "T2 ww T1 x 3 5"]),
        ("G-single", "read skew", ["T1 rw T2 x 1 2", "T2 wr T1 y 3 5"]),
        ("G-single", "fuzzy read", ["T1 rw T2 x 1 2", "T2 wr T1 x 2 5"]),
        ("PMP", "phantom", ["T1 rw T2 x? 1 2", "T2 wr T1 x 2 5"]),
        ("OTV", "observed transaction vanishes", ["T1 wr T2 x 1 2", "T2 rw T1 y 3 4"]),
        ("G2-item", "write skew", ["T1 rw T2 x 1 4", "T2 rw T1 y 2 3"]),
        ("G2", "write skew by a predicate", ["T1 rw T2 x? 1 4", "T2 rw T1 y? 2 3"]),
        (
            "G2-item",
            "anti-dependency cycle",
            ["T1 rw T2 x 1 3", "T2 wr T3 x 3 5", "T3 rw T1 y 5 6"],
        ),
        (
            "G-single",
            "one anti-dependency in a cycle",
            ["T1 rw T2 x 1 3", "T2 wr T3 x 3 5", "T3 wr T1 y 5 6"],
        ),
    ],
)
def test_a_cycle_has_its_name(name, title, edges):
    found = anomaly_of(evidence(*edges))
    assert found is not None
    assert (found.name, found.title) == (name, title)
    assert {edge.readable() for edge in found.cycle} == {edge(text).readable() for text in edges}


@pytest.mark.parametrize(
    "edges",
    [
        [],
        ["T1 wr T2 x 1 3"],
        ["T1 rw T2 x 1 3", "T1 ww T2 x 2 3"],
        ["T1 rw T2 x 1 3", "T2 wr T3 x 3 4"],
    ],
)
def test_without_a_cycle_nothing_is_named(edges):
    assert anomaly_of(evidence(*edges)) is None


def test_a_cycle_through_a_transaction_that_did_not_commit_is_none():
    edges = ["T1 rw T2 x 1 3", "T2 ww T1 x 3 5"]
    assert anomaly_of(evidence(*edges, committed="T1 T3")) is None


def test_a_write_that_looked_at_what_it_overwrote_has_lost_nothing():
    edges = ["T1 rw T2 x 1 3", "T2 ww T1 x 3 5", "T2 wr T1 x 3 5"]
    found = anomaly_of(evidence(*edges))
    assert found is not None
    assert found.title == "fuzzy read"


def test_a_lost_update_is_of_one_row_that_is_known():
    for other in ("y", "-"):
        found = anomaly_of(evidence(f"T1 rw T2 {other} 1 3", f"T2 ww T1 {other[:1]}x 3 5"))
        assert found is not None
        assert found.name == "G-single"
        assert found.title == "one anti-dependency in a cycle"


@pytest.mark.parametrize(("aborted", "name"), [(True, "G1a"), (False, "G1b")])
def test_a_dirty_read_is_worse_than_a_skew(aborted, name):
    known = evidence("T1 rw T2 x 1 4", "T2 rw T1 y 2 3")
    dirty = DirtyRead(edge("T1 wr T2 x 1 2"), aborted)
    found = anomaly_of(Evidence(known.committed, known.dependencies, [dirty]))
    assert found is not None
    assert found.name == name


def test_the_name_is_told_with_its_class_and_its_source():
    found = anomaly_of(evidence("T1 rw T2 1 1 3", "T2 ww T1 1 3 5"))
    assert found is not None
    assert found.readable() == ("P4, lost update (a case of G-single; Berenson et al. 1995, 4.1)")
    assert [one.readable() for one in found.cycle] == [
        "T1 -rw-> T2: turn 1 read t (id = 1) as it was before turn 3",
        "T2 -ww-> T1: turn 5 overwrote t (id = 1), written in turn 3",
    ]


def test_where_no_row_is_known_the_table_is_told():
    assert edge("T1 wr T2 - 1 2").readable() == (
        "T1 -wr-> T2: turn 2 read a row of table t as T1 left it in turn 1"
    )
    assert edge("T1 rw T2 7? 1 2").readable() == (
        "T1 -rw-> T2: turn 1 asked by a condition to which t (id = 7) answers otherwise "
        "since turn 2"
    )
