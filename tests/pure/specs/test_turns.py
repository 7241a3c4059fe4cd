"""A spec's session as a program: which turns it has, and what each is said to be."""

import pytest

from harness.interleave.written import EVERYTHING, Writing, written_by
from harness.sessions.step import StepKind
from harness.specs.exploring import _turns, scenario_of_spec
from harness.specs.parser import parse_spec

DIALECTS = ["mysql", "postgres"]


def turns(text, dialect="postgres"):
    return _turns(parse_spec(f"session s {text}").sessions[0], dialect)


def test_setup_belongs_to_the_first_turn_and_teardown_is_one():
    found = turns("setup { BEGIN; } step a { SELECT 1; } step b { SELECT 2; } teardown { COMMIT; }")
    assert [(turn.name, turn.setup, turn.step.text) for turn in found] == [
        ("a", "BEGIN;", "SELECT 1"),
        ("b", None, "SELECT 2"),
        ("", None, "COMMIT"),
    ]


@pytest.mark.parametrize(
    ("teardown", "is_turn"),
    [
        ("COMMIT;", True),
        ("SELECT 1; COMMIT;", True),
        ("DELETE FROM t;", True),
        ("UNLISTEN *;", True),
        ("SELECT * FROM t;", False),
        ("", False),
    ],
)
def test_teardown_that_only_reads_is_left_out(teardown, is_turn):
    found = turns(f"step a {{ SELECT 1; }} teardown {{ {teardown} }}")
    assert len(found) == 1 + is_turn


def test_step_without_sql_is_no_turn():
    assert [turn.name for turn in turns("step a { } step b { SELECT 1; }")] == ["b"]


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1", StepKind.STATEMENT),
        ("COMMIT", StepKind.COMMIT),
        ("end;", StepKind.COMMIT),
        ("COMMIT; BEGIN;", StepKind.COMMIT),
        ("ROLLBACK;", StepKind.ROLLBACK),
        ("abort", StepKind.ROLLBACK),
        ("ROLLBACK TO SAVEPOINT x", StepKind.ROLLBACK_TO),
        ("UPDATE t SET a = 1; COMMIT", StepKind.STATEMENT),
    ],
)
def test_kind_of_a_turn(sql, kind):
    assert turns(f"step a {{ {sql} }}")[0].step.kind is kind


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "sql",
    ["SELECT 1; UPDATE t SET a = 1", "UPDATE t SET a = 1; COMMIT", "SAVEPOINT x; DELETE FROM t"],
)
def test_turn_of_several_statements_may_have_written_anything(sql, dialect):
    (turn,) = turns(f"step a {{ {sql} }}", dialect)
    assert written_by(turn.step.text, dialect) == EVERYTHING


@pytest.mark.parametrize("dialect", DIALECTS)
def test_begin_and_settings_do_not_hide_what_is_written(dialect):
    (turn,) = turns("setup { BEGIN; SET x = 1; } step a { UPDATE t SET a = 1; }", dialect)
    assert written_by(turn.step.text, dialect) == (Writing("t", frozenset({"a"})),)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_setup_that_writes_is_seen(dialect):
    (turn,) = turns("setup { BEGIN; DELETE FROM t; } step a { SELECT 1; }", dialect)
    assert written_by(turn.step.text, dialect) == EVERYTHING


def test_sessions_keep_their_names_where_a_schedule_can_hold_them():
    spec = parse_spec('session one step a { } session "two too" step b { } step c { }')
    programs = scenario_of_spec(spec, "x").variants["current"].programs
    assert {name: program.title for name, program in programs.items()} == {"one": "a", "T2": "b c"}
