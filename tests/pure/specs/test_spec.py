"""Specs as values: what is printed is read as the same value."""

from hypothesis import given
from hypothesis import strategies as st

from harness.specs.parser import parse_spec
from harness.specs.spec import (
    BLANKS,
    AfterNotices,
    Behind,
    Once,
    Permutation,
    Place,
    Spec,
    SpecSession,
    SpecStep,
)

names = st.one_of(
    st.sampled_from(["step", "notices", "s1", "a b", '"', ""]), st.text("aB_1$ö\"'{}#(", max_size=5)
)
blocks = st.text("ab;'\"{# \t\n()*", max_size=12).map(lambda text: text.strip(BLANKS))
setups = st.none() | blocks


@st.composite
def specs(draw):
    every = draw(st.lists(names, min_size=1, max_size=6, unique=True))
    count = draw(st.integers(1, len(every)))
    owners = [number % count for number in range(len(every))]
    sessions = tuple(
        SpecSession(
            f"s{mine}",
            tuple(
                SpecStep(name, draw(blocks))
                for name, owner in zip(every, owners, strict=True)
                if owner == mine
            ),
            draw(setups),
            draw(setups),
        )
        for mine in range(count)
    )
    return Spec(
        sessions,
        tuple(draw(st.lists(blocks, max_size=2))),
        draw(setups),
        tuple(draw(st.lists(permutations(every, count), max_size=2))),
    )


@st.composite
def permutations(draw, every, count):
    """Any steps in any order; markers name what is taken, and by another session."""
    taken = draw(st.lists(st.integers(0, len(every) - 1), min_size=1, max_size=5))
    places = []
    for number in taken:
        others = [every[other] for other in taken if other % count != number % count]
        steps = st.sampled_from(others) if others else st.nothing()
        marker = st.one_of(
            st.just(Once()),
            st.builds(Behind, steps),
            st.builds(AfterNotices, steps, st.integers(0, 99)),
        )
        places.append(Place(every[number], tuple(draw(st.lists(marker, max_size=2)))))
    return Permutation(tuple(places))


@given(specs())
def test_what_is_printed_is_read_as_the_same_value(spec):
    assert parse_spec(str(spec)) == spec


def test_every_permutation_keeps_the_order_of_each_session():
    spec = parse_spec("session s1 step a { } step b { } session s2 step c { } step d { }")
    orders = [
        "".join(place.step for place in permutation.places)
        for permutation in spec.every_permutation()
    ]
    assert orders == ["abcd", "acbd", "acdb", "cabd", "cadb", "cdab"]


def test_step_that_no_permutation_takes_is_told():
    text = "session s1 step a { } step b { } session s2 step c { }"
    assert parse_spec(f"{text} permutation c a c").unused_steps() == ["b"]
    assert parse_spec(text).unused_steps() == []
