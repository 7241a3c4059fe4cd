import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.locks import Wait, WaitGraph


def graph(text: str) -> WaitGraph:
    """Waits from a text such as `"T1>T2 T2>T3+T4"`."""
    waits = []
    for word in text.split():
        waiter, _, blockers = word.partition(">")
        waits.append(Wait(waiter, tuple(filter(None, blockers.split("+")))))
    return WaitGraph(waits)


@pytest.mark.parametrize(
    ("text", "cycle"),
    [
        ("", ()),
        ("T1>T2", ()),
        ("T1>T2 T2>T3", ()),
        ("T1>T2 T2>T1", ("T1", "T2")),
        ("T2>T1 T1>T2", ("T1", "T2")),
        ("T1>T3 T3>T2 T2>T1", ("T1", "T3", "T2")),
        ("T1>T2 T2>T3 T3>T2", ("T2", "T3")),
        ("T1>T3+T2 T2>T1", ("T1", "T2")),
        ("T1> T2>", ()),
        ("T1>T1", ("T1",)),
        ("T1>T2 T2>T3+T1 T3>T4", ("T1", "T2")),
    ],
)
def test_the_cycle_of_a_graph(text, cycle):
    assert graph(text).cycle() == cycle


NAMES = ["T1", "T2", "T3", "T4"]
EDGES = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), unique=True))


@given(EDGES)
def test_a_cycle_is_found_if_and_only_if_some_session_waits_for_itself_in_the_end(edges):
    waits = [Wait(waiter, tuple(blockers)) for waiter, blockers in edges.items()]
    cycle = WaitGraph(waits).cycle()
    assert bool(cycle) == any(name in reached(name, edges) for name in NAMES)
    for waiter, blocker in zip(cycle, (*cycle[1:], *cycle[:1]), strict=True):
        assert blocker in edges[waiter]


def reached(start: str, edges: dict[str, list[str]]) -> set[str]:
    """Everybody that `start` waits for, at whatever distance."""
    found: set[str] = set()
    new = set(edges.get(start, ()))
    while new:
        found |= new
        new = {behind for name in new for behind in edges.get(name, ())} - found
    return found
