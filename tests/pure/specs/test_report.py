"""What is said of a permutation, and when, told on a stage where everything is made up."""

import pytest

from harness.specs.answer import Answer, Done, Failure, Notification, Rows
from harness.specs.report import Report
from harness.specs.spec import AfterNotices, Behind, Once, Place, SpecStep

SESSIONS = {"a": "s1", "a2": "s1", "b": "s2", "c": "s3"}


class Stage:
    """Answers and notices as a test puts them."""

    def __init__(self):
        self.answers = {}
        self.notices = {}

    def answer(self, session):
        return self.answers.get(session)

    def take_notices(self, session):
        return self.notices.pop(session, [])

    def name_of(self, server_id):
        return {1: "s1", 2: "s2"}.get(server_id)


class Told:
    """A report, driven step by step."""

    def __init__(self):
        self.stage = Stage()
        self.said = []
        self.report = Report(self.stage, self.said.append)

    def send(self, step, *markers, gives=None):
        session = SESSIONS[step]
        self.stage.answers[session] = gives
        sent = self.report.send(
            SpecStep(step, f"do {step}"), session, Place(step, markers), SESSIONS
        )
        self.report.look_first(sent)

    def comes_back(self, session, answer=Answer()):  # noqa: B008 - a value
        self.stage.answers[session] = answer

    @property
    def lines(self):
        return "".join(self.said).splitlines()


@pytest.fixture
def told():
    return Told()


NOTHING = Answer((Done(),))


def test_step_that_comes_back_is_told_with_its_result(told):
    told.send("a", gives=Answer((Rows(("n",), (("1",),)), Done())))
    assert "".join(told.said) == "step a: do a\nn\n-\n1\n(1 row)\n\n"


def test_step_that_waits_is_told_again_when_the_next_was_sent(told):
    told.send("a")
    told.comes_back("s1")
    told.send("b", gives=NOTHING)
    assert told.lines == [
        "step a: do a <waiting ...>",
        "step b: do b",
        "step a: <... completed>",
    ]


def test_step_that_is_woken_at_once_is_told_later_than_who_woke_it(told):
    """The tester looks at those it has seen waiting, and at the newcomer with the next step."""
    told.send("a")
    told.send("b")
    told.comes_back("s1")
    told.comes_back("s2")
    told.send("c", gives=NOTHING)
    assert told.lines[2:] == ["step c: do c", "step a: <... completed>", "step b: <... completed>"]


def test_error_is_told_by_its_first_line(told):
    told.send("a", gives=Answer((Rows(("n",), ()), Failure("ERROR", "division by zero"))))
    assert told.lines[-1] == "ERROR:  division by zero"


def test_star_makes_a_step_wait_whatever_becomes_of_it(told):
    told.send("a", Once(), gives=NOTHING)
    assert told.lines == ["step a: do a <waiting ...>"]
    told.send("b", gives=NOTHING)
    assert told.lines[1:] == ["step b: do b", "step a: <... completed>"]


def test_star_hides_notices_until_the_second_look(told):
    told.stage.notices["s1"] = ["NOTICE:  x\n"]
    told.send("a", Once(), gives=NOTHING)
    told.report.look_again()
    assert told.lines == ["step a: do a <waiting ...>", "s1: NOTICE:  x", "step a: <... completed>"]


def test_marker_keeps_a_step_back_while_the_other_is_under_way(told):
    told.send("b")
    told.send("a", Behind("b"), gives=NOTHING)
    assert told.lines[-1] == "step a: do a <waiting ...>"
    told.comes_back("s2")
    told.send("c", gives=NOTHING)
    assert told.lines[-3:] == [
        "step c: do c",
        "step b: <... completed>",
        "step a: <... completed>",
    ]


def test_marker_on_a_step_that_is_not_under_way_keeps_nothing_back(told):
    told.send("a", Behind("b"), gives=NOTHING)
    assert told.lines == ["step a: do a"]


def test_looks_are_taken_again_when_one_step_frees_another_that_stands_before_it(told):
    told.send("a", Once(), Behind("b"), gives=NOTHING)
    told.send("b")
    told.comes_back("s2")
    told.report.look_again()
    assert told.lines[-2:] == ["step b: <... completed>", "step a: <... completed>"]


def test_notices_are_counted_from_when_the_step_was_sent(told):
    told.stage.notices["s2"] = ["NOTICE:  old\n"]
    told.send("b", gives=NOTHING)
    told.send("a", AfterNotices("b", 1), gives=NOTHING)
    assert told.lines[-1] == "step a: do a <waiting ...>"
    told.stage.notices["s2"] = ["NOTICE:  new\n"]
    told.send("b", gives=NOTHING)
    assert told.lines[-3:] == ["s2: NOTICE:  new", "step b: do b", "step a: <... completed>"]


def test_notification_names_the_session_that_sent_it_or_its_number(told):
    got = (Notification("c1", "x", 2), Notification("c1", "", 7))
    told.send("a", gives=Answer((Done(),), got))
    assert told.lines[1:] == [
        's1: NOTIFY "c1" with payload "x" from s2',
        's1: NOTIFY "c1" with payload "" from PID 7',
    ]


def test_of_a_setup_only_the_last_result_is_told(told):
    rows = Rows(("n",), (("1",),))
    told.report.say_result("s1", Answer((rows, Done())))
    assert told.lines == []
    told.stage.notices["s1"] = ["WARNING:  w\n"]
    told.report.say_result("s1", Answer((Done(), rows)))
    assert told.lines[:2] == ["s1: WARNING:  w", "n"]
