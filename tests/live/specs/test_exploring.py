"""Specs that list no permutation: every possible interleaving, on every engine."""

import pytest

from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.interleave.explore import Bounds
from harness.interleave.explore import explore as explore_cell
from harness.interleave.schedule import Schedule
from harness.specs.exploring import scenario_of_spec
from harness.specs.parser import parse_spec, read_spec

pytestmark = pytest.mark.integration

EVERY_ORDER = Bounds(reduction=False)
TABLE = "setup { CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0), (2, 0); }"


@pytest.fixture
def explore(database, spec_file):
    """The cell of a spec, given by its name or its text."""

    def run(spec, isolation=Isolation.READ_COMMITTED, schedule=None):
        parsed = parse_spec(spec) if "session" in spec else read_spec(spec_file(spec))
        scenario = scenario_of_spec(parsed, "spec")
        return explore_cell(
            database.target,
            scenario,
            scenario.variants["current"],
            isolation,
            schedule=None if schedule is None else Schedule.parse(schedule),
            bounds=EVERY_ORDER,
        )

    return run


def test_lost_update_is_found_at_read_committed_and_can_be_seen_again(explore):
    cell = explore("lost-update")
    assert cell.verdict is Verdict.VIOLATED
    assert (cell.executions, cell.anomalies, cell.executions_with_waits) == (14, 12, 6)
    again = explore("lost-update", schedule=str(cell.finding.schedule))
    assert again.verdict is Verdict.VIOLATED


def test_lost_update_is_kept_away_by_serializable(explore):
    cell = explore("lost-update", Isolation.SERIALIZABLE)
    assert (cell.verdict, cell.complete, cell.unknown) == (Verdict.HOLDS, True, [])
    assert sum(cell.aborts.values()) > 0


def test_no_impossible_order_is_tried(explore):
    """Of 20 orders those in which a waiting session would take its next step cannot happen."""
    cell = explore("crosswise")
    assert (cell.verdict, cell.complete) == (Verdict.HOLDS, True)
    assert (cell.possible, cell.deadlocks, cell.executions_with_waits) == (8, 4, 6)


def test_commit_in_the_teardown_is_a_step(explore):
    text = f"""{TABLE}
    session s1 setup {{ BEGIN; }}
    step a {{ UPDATE t SET n = 1 WHERE id = 1; }}
    teardown {{ COMMIT; }}
    session s2 setup {{ BEGIN; }}
    step b {{ UPDATE t SET n = 2 WHERE id = 1; }}
    teardown {{ COMMIT; }}
    """
    cell = explore(text)
    assert (cell.verdict, cell.possible, cell.executions_with_waits) == (Verdict.HOLDS, 4, 2)


def test_transaction_that_is_left_open_is_rolled_back_by_a_step(explore):
    text = f"""{TABLE}
    session s1 setup {{ BEGIN; }} step a {{ UPDATE t SET n = 1 WHERE id = 1; }}
    session s2 step b {{ UPDATE t SET n = 2 WHERE id = 1; }}
    """
    cell = explore(text, schedule="s1 s2* s1")
    assert cell.recorded.turns[-1].step.text == "rollback"
    assert explore(text).verdict is Verdict.HOLDS


def test_block_of_several_statements_is_one_turn_that_can_wait_in_the_middle(explore):
    text = f"""{TABLE}
    session s1 setup {{ BEGIN; }}
    step a {{ UPDATE t SET n = n + 1 WHERE id = 1; UPDATE t SET n = n + 1 WHERE id = 2; COMMIT; }}
    session s2 setup {{ BEGIN; }}
    step b {{ UPDATE t SET n = n * 2 WHERE id = 2; }}
    step c {{ COMMIT; }}
    """
    cell = explore(text)
    assert (cell.verdict, cell.possible, cell.executions_with_waits) == (Verdict.HOLDS, 3, 1)
    schedule = "s2 s1* s2"
    turns = explore(text, schedule=schedule).recorded.turns
    assert turns[1].step.text.startswith("{ UPDATE t SET n = n + 1 WHERE id = 1; UPDATE t")


def test_rows_that_come_and_go_are_put_back_between_executions(explore):
    text = f"""{TABLE}
    session s1 step a {{ INSERT INTO t VALUES (3, 0); }} step b {{ DELETE FROM t WHERE id = 1; }}
    session s2 step c {{ SELECT id FROM t WHERE id IN (1, 3); }}
    """
    cell = explore(text)
    assert cell.verdict is Verdict.VIOLATED, "between the two statements both rows are there"
    assert (cell.possible, cell.outcomes) == (3, 3)


def test_refusal_of_a_constraint_is_a_result(explore):
    text = f"""{TABLE}
    session s1 step a {{ INSERT INTO t VALUES (3, 1); }}
    session s2 step b {{ INSERT INTO t VALUES (3, 2); }}
    """
    cell = explore(text)
    assert (cell.verdict, cell.possible, cell.outcomes) == (Verdict.HOLDS, 2, 2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "session s1 step a { SELEKT 1; } session s2 step b { SELECT 1; }",
            "s1: step 'a' is wrong: ",
        ),
        (
            "session s1 setup { SELECT no_such_column; } step a { SELECT 1; }",
            "s1: its setup is wrong: ",
        ),
    ],
)
def test_sql_that_is_wrong_is_unknown_and_never_fine(text, reason, explore):
    cell = explore(f"{TABLE} {text}")
    assert cell.verdict is Verdict.UNKNOWN
    assert any(reason in said for said in cell.unknown)


def test_refusal_behind_work_that_was_committed_uncounted_is_unknown(explore):
    text = f"""{TABLE}
    session s1
    step early {{ UPDATE t SET n = 5 WHERE id = 2; }}
    step begin1 {{ BEGIN; UPDATE t SET n = n + 1 WHERE id = 1; }}
    step a2 {{ UPDATE t SET n = n + 1 WHERE id = 2; }}
    step c1 {{ COMMIT; }}
    session s2 setup {{ BEGIN; }}
    step b2 {{ UPDATE t SET n = n + 10 WHERE id = 2; }}
    step b1 {{ UPDATE t SET n = n + 10 WHERE id = 1; }}
    step c2 {{ COMMIT; }}
    """
    cell = explore(text)
    assert cell.verdict is Verdict.UNKNOWN
    assert "s1: refused after a commit that does not stand alone" in "".join(cell.unknown)
