import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.interleave.schedule import Schedule, ScheduledTurn

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]*", fullmatch=True)
TURNS = st.builds(ScheduledTurn, NAMES, st.booleans())
SCHEDULES = st.lists(TURNS, min_size=1).map(tuple).map(Schedule)


@given(SCHEDULES)
def test_a_printed_schedule_reads_as_the_same_turns(schedule):
    again = Schedule.parse(str(schedule))
    assert str(again) == str(schedule)
    assert [turn.session for turn in again.turns] == [turn.session for turn in schedule.turns]
    if any(turn.waits for turn in schedule.turns):
        assert again == schedule


@given(SCHEDULES)
def test_who_could_have_moved_is_not_in_the_text(schedule):
    moved = Schedule(
        tuple(ScheduledTurn(t.session, t.waits, frozenset({t.session})) for t in schedule.turns)
    )
    assert str(moved) == str(schedule)


@given(st.text())
def test_any_text_is_a_schedule_or_is_refused(text):
    try:
        schedule = Schedule.parse(text)
    except UsageError:
        return
    assert str(schedule) == " ".join(text.split())


def test_a_text_without_stars_says_nothing_about_waits():
    assert {turn.waits for turn in Schedule.parse("T1 T2 T1").turns} == {None}


def test_one_star_says_of_every_turn_whether_it_waits():
    assert [turn.waits for turn in Schedule.parse("T1 T2* T1").turns] == [False, True, False]


def test_line_ends_and_many_blanks_separate_turns_too():
    assert str(Schedule.parse("  T1\n T2*\t T1  ")) == "T1 T2* T1"


def test_the_sessions_are_in_the_order_of_their_first_turn():
    assert Schedule.parse("T2 T1 T2 T3 T1").sessions() == ["T2", "T1", "T3"]


def test_a_schedule_is_as_long_as_its_turns():
    assert len(Schedule.parse("T1 T2* T1")) == 3


EMPTY = """\
schedule: empty
  hint: a schedule is session names separated by blanks: 'T1 T1 T2'"""


def not_a_turn(number: int, word: str) -> str:
    return (
        f"schedule: word {number}, {word!r}, is not a turn\n"
        "  hint: a schedule is session names separated by blanks: 'T1 T1 T2* T1 T2'"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", EMPTY),
        (" \n\t", EMPTY),
        ("T1, T2", not_a_turn(1, "T1,")),
        ("T1 T2**", not_a_turn(2, "T2**")),
        ("T1 * T2", not_a_turn(2, "*")),
        ("T1 *T2", not_a_turn(2, "*T2")),
        ("T1 2T", not_a_turn(2, "2T")),
        ("T1 T2 T1:commit", not_a_turn(3, "T1:commit")),
        ("T1 -T", not_a_turn(2, "-T")),
        ("T1 予約", not_a_turn(2, "予約")),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_word(text, said):
    with pytest.raises(UsageError) as caught:
        Schedule.parse(text)
    assert caught.value.explain() == said
