"""The conductor on live engines: who may move, who waits, whom the server refuses."""

import pytest
from live.interleave.bank import (
    REPEATABLE_READ,
    First,
    of,
    transfer,
    withdraw,
    withdraw_as_text,
    withdraw_at_once,
    withdraw_by_orm,
    withdraw_locking,
)
from sqlalchemy import text

from harness.errors import ScheduleDiverged
from harness.interleave.execution import Execution
from harness.interleave.scheduler import InOrder
from harness.programs import Program, Returned, ServerRefused
from harness.sessions.step import StepKind

pytestmark = pytest.mark.integration

LOST_UPDATE = (of(withdraw, 10), of(withdraw, 30))


def turns(execution: Execution) -> tuple[str, ...]:
    return tuple(turn.session for turn in execution.turns)


# -- who may move


@pytest.mark.parametrize(
    "program", [withdraw_as_text, withdraw, withdraw_by_orm], ids=["text", "core", "orm"]
)
def test_the_lost_update_has_exactly_14_executions_of_20(open_bank, program):
    """Whatever way the statements are made: each is a step, and so is the commit."""
    found = list(open_bank.executions(of(program, 10), of(program, 30)))
    orders = [turns(execution) for execution, _ in found]
    assert len(set(orders)) == len(orders) == 14
    assert {len(order) for order in orders} == {6}
    # Both writes stand before the first commit in none of them.
    assert not any(_both_wrote_before_a_commit(execution) for execution, _ in found)
    assert {balances[1] for _, balances in found} == {60, 70, 90}
    assert all(set(balances.values()) - {balances[1]} <= {100} for _, balances in found)


def _both_wrote_before_a_commit(execution: Execution) -> bool:
    # Whom a commit lets go on has its answer in the same turn, but after it.
    settled = sorted(execution.turns, key=lambda turn: (turn.settled_in, -turn.number))
    kinds = [(turn.session, turn.step.text.split()[0].lower()) for turn in settled]
    first_commit = min(kinds.index((name, "commit")) for name in ("T1", "T2"))
    return {("T1", "update"), ("T2", "update")} <= set(kinds[:first_commit])


def test_the_second_writer_waits_until_the_first_commits(open_bank):
    execution = open_bank.conduct("T1 T2 T1 T2* T1 T2", *LOST_UPDATE)
    write = execution.turns[3]
    assert write.wait is not None
    assert (write.wait.waiter, write.wait.blockers) == ("T2", ("T1",))
    assert "account" in write.wait.on
    assert (write.number, write.settled_in) == (4, 5)
    assert write.effect.rowcount == 1
    assert [turn.wait for turn in execution.turns if turn is not write] == [None] * 5
    assert execution.ends == {"T1": Returned(90, 1), "T2": Returned(70, 1)}
    assert open_bank.balances()[1] == 70


def test_a_waiting_session_is_never_offered_a_turn(open_bank):
    waits = 0
    for execution, _ in open_bank.executions(*LOST_UPDATE):
        for turn in execution.turns:
            if turn.wait is not None:
                waits += 1
                meanwhile = execution.turns[turn.number : turn.settled_in]
                assert meanwhile
                assert all(turn.session not in other.movable for other in meanwhile)
                assert turn.settled_in > turn.number
            else:
                assert turn.settled_in == turn.number
    assert waits > 0


def test_a_turn_for_a_waiting_session_cannot_be_had(open_bank):
    with pytest.raises(ScheduleDiverged, match=r"recorded a turn of T2, now movable \{T1\}"):
        open_bank.conduct("T1 T2 T1 T2 T2 T1", *LOST_UPDATE)


def test_a_waiting_session_goes_on_also_when_the_other_rolls_back(open_bank):
    def change_the_mind(connection):
        connection.execute(text("update account set balance = 0 where id = 1"))
        connection.rollback()

    execution = open_bank.conduct("T1 T2* T1 T2", change_the_mind, of(withdraw_at_once, 30))
    assert execution.turns[1].settled_in == 3
    assert open_bank.balances()[1] == 70


def test_three_sessions_queue_for_one_row_and_a_commit_lets_one_of_them_go_on(open_bank):
    """Which one is the engine's choice: on PostgreSQL both run for the row's newest version."""
    programs = [of(withdraw_at_once, amount) for amount in (10, 20, 30)]
    execution = open_bank.conduct("T1 T2 T3 T1", *programs, recorded=False)
    second, third, commit, next_commit = execution.turns[1:5]
    assert (second.wait.waiter, third.wait.waiter) == ("T2", "T3")
    assert second.wait.blockers == ("T1",)
    assert set(third.wait.blockers) <= {"T1", "T2"}
    assert third.wait.blockers
    woken = {turn.session for turn in (second, third) if turn.settled_in == commit.number}
    assert woken == {next_commit.session}
    assert next_commit.movable == (next_commit.session,)
    assert {second.settled_in, third.settled_in} == {commit.number, next_commit.number}
    assert open_bank.balances()[1] == 40


# -- what a step is


def shape(execution: Execution) -> list[str]:
    return [turn.step.kind.value for turn in execution.turns]


def test_savepoints_are_steps_that_are_released_and_rolled_back(open_bank):
    def tentative(connection):
        with connection.begin_nested():
            connection.execute(text("update account set balance = 50 where id = 1"))
        nested = connection.begin_nested()
        connection.execute(text("update account set balance = 0 where id = 1"))
        nested.rollback()
        connection.commit()

    execution = open_bank.conduct("T1 T1 T1 T1 T1 T1 T1", tentative)
    assert shape(execution) == [
        "savepoint",
        "statement",
        "release",
        "savepoint",
        "statement",
        "rollback to",
        "commit",
    ]
    assert open_bank.balances()[1] == 50


def test_a_row_changed_after_a_savepoint_is_unlocked_by_its_rollback_on_one_family_only(open_bank):
    """InnoDB keeps the lock until the transaction ends; PostgreSQL gives it up."""

    def tentative(connection):
        withdraw_without_commit(connection, 2)
        nested = connection.begin_nested()
        withdraw_without_commit(connection, 1)
        nested.rollback()
        connection.commit()

    keeps = open_bank.kind.name != "postgresql"
    schedule = "T1 T1 T1 T2* T1 T1 T2" if keeps else "T1 T1 T1 T2* T1 T2 T1"
    execution = open_bank.conduct(schedule, tentative, of(withdraw_at_once, 30))
    assert execution.turns[3].settled_in == (6 if keeps else 5)
    assert open_bank.balances() == {1: 70, 2: 0, 3: 100}


def withdraw_without_commit(connection, key):
    connection.execute(text("update account set balance = 0 where id = :k"), {"k": key})


def test_a_statement_in_autocommit_is_one_step_and_is_committed(open_bank):
    def at_once(connection):
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("update account set balance = balance - 10 where id = 1"))
        connection.execute(text("update account set balance = balance - 10 where id = 1"))

    execution = open_bank.conduct("T1 T2 T2 T1", at_once, of(withdraw_at_once, 30), recorded=False)
    assert turns(execution)[:4] == ("T1", "T2", "T2", "T1")
    assert not execution.had_waits()
    assert open_bank.balances()[1] == 50


def test_a_program_of_several_transactions_lets_others_between_them(open_bank):
    def twice(connection):
        withdraw(connection, 10)
        return withdraw(connection, 10)

    execution = open_bank.conduct("T1 T1 T1 T2 T2 T2 T1 T1 T1", twice, of(withdraw, 30))
    assert execution.ends == {"T1": Returned(50, 2), "T2": Returned(60, 1)}
    assert open_bank.balances()[1] == 50


def test_what_a_program_leaves_open_is_rolled_back_as_a_step_of_its_own(open_bank):
    def forget_to_commit(connection):
        connection.execute(text("update account set balance = 0 where id = 1"))
        return "done"

    execution = open_bank.conduct("T1 T2* T1 T2", forget_to_commit, of(withdraw_at_once, 30))
    assert execution.turns[2].step.kind is StepKind.ROLLBACK
    assert execution.ends["T1"] == Returned("done", 0)
    assert open_bank.balances()[1] == 70


def test_a_program_that_asks_nothing_takes_no_turn(open_bank):
    execution = open_bank.conduct("T2 T2", lambda _connection: 5, of(withdraw_at_once, 30))
    assert execution.ends["T1"] == Returned(5, 0)


def test_what_was_read_and_written_is_told_and_taken_from_nobody(open_bank):
    def read(connection):
        rows = connection.execute(text("select id, balance from account order by id"))
        return [tuple(row) for row in rows]

    execution = open_bank.conduct("T1 T1", read)
    effect = execution.turns[0].effect
    assert (tuple(effect.columns), list(effect.rows)) == (
        ("id", "balance"),
        [(1, 100), (2, 100), (3, 100)],
    )
    assert execution.ends["T1"] == Returned([(1, 100), (2, 100), (3, 100)], 0)


@pytest.mark.parametrize("rows", [49, 50, 51, 120])
def test_a_long_result_reaches_the_program_whole(open_bank, rows):
    """The report keeps the first rows; the program must not miss one."""
    numbers = " union all ".join(f"select {n} as n" for n in range(rows))

    def read(connection):
        return len({row.n for row in connection.execute(text(numbers))})

    execution = open_bank.conduct("T1 T1", read)
    assert execution.ends["T1"] == Returned(rows, 0)


# -- deadlocks and other refusals

OPPOSITE = (of(transfer, 1, 2, 10), of(transfer, 2, 1, 30))


def test_a_deadlock_has_exactly_one_victim_and_its_cycle_is_recorded(open_bank):
    deadlocks = 0
    for execution, balances in open_bank.executions(*OPPOSITE):
        assert execution.stopped is None
        refused = execution.refused_programs()
        assert len(refused) == len(execution.deadlocks) <= 1
        if not execution.deadlocks:
            assert balances[1] == 120
            continue
        deadlocks += 1
        (deadlock,) = execution.deadlocks
        assert set(deadlock.cycle) == {"T1", "T2"}
        assert [line.split()[0] for line in deadlock.lines] == list(deadlock.cycle)
        assert refused.keys() == {deadlock.victim}
        assert refused[deadlock.victim].refusal.kind == "deadlock"
        assert balances[1] == (90 if deadlock.victim == "T2" else 130)
        assert balances[1] + balances[2] == 200
    assert deadlocks > 0


def test_the_same_turns_have_the_same_victim(open_bank):
    """Whether the waits are looked at closely, which takes time, or not."""
    victims = set()
    with open_bank.conductor(*OPPOSITE) as conductor:
        for closely in (False, True) * 5:
            open_bank.reset_balances()
            execution = conductor.conduct(First("T1 T2 T2 T1"), look_closely=closely)
            victims.add(execution.deadlocks[0].victim)
    assert len(victims) == 1


def test_a_deadlock_of_three_has_exactly_one_victim(open_bank):
    ring = [of(transfer, 1, 2, 10), of(transfer, 2, 3, 10), of(transfer, 3, 1, 10)]
    execution = open_bank.conduct("T1 T2 T3 T1 T2 T3", *ring, recorded=False)
    (deadlock,) = execution.deadlocks
    assert deadlock.cycle in {("T1", "T2", "T3"), ("T2", "T3", "T1"), ("T3", "T1", "T2")}
    assert len(deadlock.lines) == 3
    assert execution.refused_programs().keys() == {deadlock.victim}
    others = {name for name, end in execution.ends.items() if isinstance(end, Returned)}
    assert others == {"T1", "T2", "T3"} - {deadlock.victim}
    assert sum(open_bank.balances().values()) == 300


def test_a_stale_write_at_repeatable_read(open_bank):
    """Each engine has its own word for it, and one has none and loses the update."""
    execution = open_bank.conduct(
        "T1 T2 T1 T1 T2", *LOST_UPDATE, isolation=REPEATABLE_READ, recorded=False
    )
    end = execution.ends["T2"]
    if not open_bank.kind.can("refuses stale writes", open_bank.database.target.version):
        assert end == Returned(70, 1)
        assert open_bank.balances()[1] == 70
        return
    assert isinstance(end, ServerRefused)
    assert end.refusal.kind == "serialization"
    assert end.refusal.code == {"postgresql": "40001", "mariadb": "1020"}[open_bank.kind.name]
    assert open_bank.balances()[1] == 90


def test_a_locking_read_waits_and_then_sees_what_was_committed(open_bank):
    execution = open_bank.conduct(
        "T1 T2* T1 T1 T2 T2", of(withdraw_locking, 10), of(withdraw_locking, 30)
    )
    assert execution.turns[1].effect.rows == ((90,),)
    assert open_bank.balances()[1] == 60


# -- again and again


def test_one_conductor_runs_many_executions_on_the_same_connections(open_bank):
    with open_bank.conductor(*LOST_UPDATE) as conductor:
        numbers = {place.session.server_id for place in conductor._places.values()}
        for _ in range(3):
            open_bank.reset_balances()
            execution = conductor.conduct(InOrder(["T1", "T2"]))
            assert turns(execution) == ("T1", "T1", "T1", "T2", "T2", "T2")
        assert {place.session.server_id for place in conductor._places.values()} == numbers


def test_only_those_named_take_part(open_bank):
    with open_bank.conductor(*LOST_UPDATE) as conductor:
        execution = conductor.conduct(InOrder(["T1", "T2"]), only=["T2"])
    assert execution.ends == {"T2": Returned(70, 1)}
    assert open_bank.balances()[1] == 70


def test_a_program_can_be_stopped_after_a_commit(open_bank):
    def twice(connection):
        withdraw(connection, 10)
        withdraw(connection, 10)

    with open_bank.conductor(Program("twice", twice)) as conductor:
        execution = conductor.conduct(InOrder(["T1", "T2"]), stop_after_commits={"T1": 1})
    assert execution.stopped is None
    assert execution.ends["T1"].commits == 1
    assert open_bank.balances()[1] == 90
