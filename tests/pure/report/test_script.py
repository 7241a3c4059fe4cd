"""A finding as files to be typed into a client: what stands in them, and when there is none."""

from dataclasses import replace

import pytest
from pure.report.made import cell, execution_with_a_deadlock, execution_with_a_wait, violated

from harness.checks.state import State, TableShape
from harness.checks.verdict import Verdict
from harness.cli.script import see_folder, write_scripts
from harness.engines import ENGINES, Isolation
from harness.errors import HarnessError, UsageError
from harness.interleave.history import Setting
from harness.interleave.start import Start
from harness.report.script import script_of
from harness.sessions.step import AUTOCOMMIT, Step, StepKind

SHAPE = TableShape("account", ("id", "balance"), ("id",))


def start(**known: object) -> Start:
    setting = Setting([SHAPE], State({"account": ((1, 100),)}), "postgres", str)
    made = ("CREATE TABLE account (id INTEGER, balance INTEGER)",)
    return replace(Start(setting, made, ("INSERT INTO account VALUES (1, 100)",)), **known)


def found(execution=None, **known: object):
    made = violated(start=start(), **known)
    finding = replace(made.finding, state=State({"account": ((1, 30),)}))
    made.finding = finding if execution is None else replace(finding, execution=execution)
    return made


def test_the_setup_makes_and_loads_the_tables():
    assert script_of(found())["setup.sql"] == (
        """\
-- bank, variant current, PostgreSQL 18.6, read committed
-- The tables and their first rows, for an empty database.

SET timezone = 'UTC';
CREATE TABLE account (id INTEGER, balance INTEGER);
INSERT INTO account VALUES (1, 100);
"""
    )


def test_a_session_has_its_level_and_its_turns():
    assert script_of(found())["T2.sql"] == (
        """\
-- T2: close account
-- For one terminal; schedule.txt says when each turn is due.

SET timezone = 'UTC';
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;

-- turn 3 <waits for T1: row of account, id = 1>
BEGIN;
delete from account where id = 1;

-- turn 5
COMMIT;
"""
    )


def test_the_schedule_says_who_comes_next_who_hangs_and_what_is_left():
    assert script_of(found())["schedule.txt"] == (
        """\
bank, variant current, PostgreSQL 18.6, read committed

Make an empty database, for instance finding, and in it the tables:
  psql --dbname finding < setup.sql
Open 2 terminals, each with its own client:
  T1: psql --dbname finding
  T2: psql --dbname finding
Type in each what stands at the top of its file (T1.sql, T2.sql), then, in this order:

   1  T1  BEGIN; select balance from account where id = 1 for update
          -> 100
   2  T1  update account set balance = 30 where id = 1
          -> 1 row
   3  T2  BEGIN; delete from account where id = 1
          T2 hangs: <waits for T1: row of account, id = 1>
   4  T1  commit
          T2 goes on with turn 3: -> 1 row
   5  T2  commit

T1: the program returned 'paid'
T2: the program returned

In the end these rows are otherwise than at first:
  account (1, 100) -> (1, 30)

not serializable:
  Had T1 run before T2, account.balance would be 30, and it is -40.
"""
    )


def test_a_session_that_is_given_up_rolls_back():
    files = script_of(found(execution_with_a_deadlock()))
    assert files["T1.sql"].endswith("update account set balance = 1 where id = 2;\nROLLBACK;\n")
    assert "T1 has lost its transaction, and rolls back" in files["schedule.txt"]


def test_values_are_written_for_the_client():
    run = execution_with_a_wait()
    text = "update account set owner = %(o)s where note like '10%%'"
    run.turns[1].step = Step(StepKind.STATEMENT, text, {"o": "it's \\"})
    assert "owner = E'it''s \\\\' where note like '10%';\n" in script_of(found(run))["T1.sql"]


def test_a_level_of_its_own_and_autocommit_are_typed_too():
    run = execution_with_a_wait()
    first, third = run.turns[0], run.turns[2]
    first.step = replace(first.step, isolation=Isolation.SERIALIZABLE.value)
    third.step = replace(third.step, isolation=AUTOCOMMIT)
    files = script_of(found(run))
    serializable = ENGINES["postgresql"].client.isolation(Isolation.SERIALIZABLE)
    assert f"-- turn 1\n{serializable};\nBEGIN;\nselect" in files["T1.sql"]
    assert "id = 1>\ndelete from account" in files["T2.sql"]


def test_a_comment_does_not_swallow_the_end_of_its_statement():
    run = execution_with_a_wait()
    run.turns[2].step = Step(StepKind.STATEMENT, "delete from account where id = 1 -- gone")
    assert "-- gone\n;\n" in script_of(found(run))["T2.sql"]


def test_a_value_that_cannot_be_written_is_told():
    run = execution_with_a_wait()
    run.turns[1].step = Step(StepKind.STATEMENT, "update t set v = %(o)s", {"o": object()})
    with pytest.raises(HarnessError, match="turn 2 of T1: a value cannot be written"):
        script_of(found(run))


def test_a_level_that_nobody_knows_is_told():
    run = execution_with_a_wait()
    run.turns[0].step = replace(run.turns[0].step, isolation="SNAPSHOT")
    with pytest.raises(HarnessError, match="runs at a level of its own, 'SNAPSHOT'"):
        script_of(found(run))


def test_rows_that_cannot_be_written_are_told():
    made = found()
    made.start = start(unwritable=("the rows of account",))
    with pytest.raises(HarnessError, match="the rows of account cannot be written as statements"):
        script_of(made)


def test_triggers_are_said_to_be_missing():
    made = found()
    made.start = start(triggers=("account",))
    assert "-- The triggers of account are not in here.\n" in script_of(made)["setup.sql"]


def test_what_holds_has_no_script(tmp_path):
    with pytest.raises(HarnessError, match="no execution in turns was found"):
        script_of(cell(Verdict.HOLDS))
    assert list(write_scripts(tmp_path, [cell(Verdict.HOLDS)])) == [
        f"no script in '{tmp_path}': nothing was found"
    ]


def test_each_cell_has_a_folder_and_one_that_has_no_script_says_why(tmp_path):
    run = execution_with_a_wait()
    run.turns[1].step = Step(StepKind.STATEMENT, "update t set v = %(o)s", {"o": object()})
    other = found(run, isolation=Isolation.SERIALIZABLE)
    first, second = write_scripts(tmp_path, [found(), other])
    place = tmp_path / "postgresql-read-committed-current"
    assert first == f"script: {place}"
    assert {path.name for path in place.iterdir()} == {
        *("setup.sql", "T1.sql", "T2.sql", "schedule.txt"),
    }
    assert second.startswith(f"no script in '{tmp_path / 'postgresql-serializable-current'}': ")


def test_a_folder_that_cannot_be_had_is_told_before_any_work(tmp_path):
    see_folder(None)
    see_folder(tmp_path / "new")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(UsageError, match="is not a folder"):
        see_folder(file)
    with pytest.raises(UsageError, match="its folder does not exist"):
        see_folder(tmp_path / "missing" / "new")
