"""What `explore` concludes on live engines: textbook cases, each with one that ends otherwise."""

import pytest
from live.interleave.bank import (
    READ_COMMITTED,
    REPEATABLE_READ,
    SERIALIZABLE,
    account,
    balance_of,
    enter,
    entry,
    load,
    note,
    of,
    set_balance,
    ticket,
    transfer,
    withdraw,
    withdraw_as_text,
    withdraw_at_once,
    withdraw_by_orm,
    withdraw_from_both,
    withdraw_locking,
)
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from harness.checks.invariant import Invariant
from harness.checks.verdict import Verdict
from harness.interleave.explore import Bounds
from harness.interleave.limits import Limits
from harness.programs import Program

pytestmark = pytest.mark.integration

HOLDS, UNKNOWN, VIOLATED = Verdict.HOLDS, Verdict.UNKNOWN, Verdict.VIOLATED

EVERY_ORDER = Bounds(reduction=False)


def refuses_stale_writes(bank) -> bool:
    return bank.kind.can("refuses stale writes", bank.database.target.version)


# -- lost updates


@pytest.mark.parametrize(
    "program", [withdraw_as_text, withdraw, withdraw_by_orm], ids=["text", "core", "orm"]
)
def test_a_lost_update_is_found_and_reproduced(bank, program):
    cell = bank.explore(of(program, 10), of(program, 30), bounds=EVERY_ORDER)
    assert (cell.verdict, cell.executions, cell.complete) == (VIOLATED, 14, True)
    assert cell.anomalies == 12
    assert cell.outcomes == 4
    assert (cell.deadlocks, cell.aborts) == (0, {})
    assert not cell.unknown
    assert cell.finding.kind == "not serializable"
    assert cell.finding.reproduced
    assert cell.finding.sentences == (
        "T1 before T2: no, because account.balance would be 60, and is 90.",
        "T2 before T1: no, because account.balance would be 60, and is 90.",
    )


@pytest.mark.parametrize(
    "program", [withdraw_locking, withdraw_at_once], ids=["for update", "in one statement"]
)
@pytest.mark.parametrize("isolation", [READ_COMMITTED, REPEATABLE_READ], ids=lambda i: i.slug)
def test_a_mended_withdrawal_holds(bank, program, isolation):
    cell = bank.explore(of(program, 10), of(program, 30), isolation=isolation)
    assert (cell.verdict, cell.complete, cell.anomalies) == (HOLDS, True, 0)
    assert cell.finding is None
    assert cell.executions_with_waits > 0


def test_a_lost_update_at_repeatable_read_is_refused_by_some_engines(bank):
    cell = bank.explore(of(withdraw, 10), of(withdraw, 30), isolation=REPEATABLE_READ)
    if refuses_stale_writes(bank):
        code = {"postgresql": "40001", "mariadb": "1020"}[bank.kind.name]
        assert cell.verdict is HOLDS
        assert cell.aborts.keys() == {code}
    else:
        assert cell.verdict is VIOLATED
        assert not cell.aborts


def test_at_serializable_every_engine_refuses_somebody(bank):
    cell = bank.explore(of(withdraw, 10), of(withdraw, 30), isolation=SERIALIZABLE)
    assert cell.verdict is HOLDS
    assert sum(cell.aborts.values()) > 0


def test_write_skew_passes_at_repeatable_read_and_not_at_serializable(bank):
    programs = [of(withdraw_from_both, 1), of(withdraw_from_both, 2)]
    loose = bank.explore(*programs, isolation=REPEATABLE_READ)
    strict = bank.explore(*programs, isolation=SERIALIZABLE)
    assert (loose.verdict, strict.verdict) == (VIOLATED, HOLDS)
    assert loose.finding.reproduced
    assert sum(strict.aborts.values()) > 0


def test_three_sessions_lose_updates_too(bank):
    cell = bank.explore(*[of(withdraw_at_once, n) for n in (10, 20, 30)])
    assert (cell.verdict, cell.complete) == (HOLDS, True)
    cell = bank.explore(of(withdraw, 10), of(withdraw_at_once, 20), of(withdraw_at_once, 30))
    assert (cell.verdict, cell.finding.reproduced) == (VIOLATED, True)


def test_the_same_program_twice(bank):
    same = of(withdraw, 10)
    assert bank.explore(same, same).verdict is VIOLATED
    same = of(withdraw_locking, 10)
    assert bank.explore(same, same).verdict is HOLDS


def test_a_program_alone_has_one_execution(bank):
    cell = bank.explore(of(withdraw, 10))
    assert (cell.verdict, cell.executions, cell.outcomes) == (HOLDS, 1, 1)


def test_programs_that_do_not_meet_hold(bank):
    cell = bank.explore(of(withdraw, 10, 1), of(withdraw, 30, 2), bounds=EVERY_ORDER)
    assert (cell.verdict, cell.executions, cell.outcomes) == (HOLDS, 20, 1)


# -- deadlocks

OPPOSITE = (of(transfer, 1, 2, 10), of(transfer, 2, 1, 30))


def test_a_deadlock_is_no_anomaly_a_refused_program_counts_as_not_run(bank):
    cell = bank.explore(*OPPOSITE)
    assert (cell.verdict, cell.complete) == (HOLDS, True)
    assert cell.deadlocks > 0
    assert cell.outcomes > 1
    code = "40P01" if bank.kind.name == "postgresql" else "1213"
    assert cell.aborts == {code: cell.deadlocks}


def test_a_deadlock_is_an_anomaly_for_whom_it_must_not_be(bank):
    """The same executions, judged by a rule that wants both transfers."""

    def both_transfers(connection):
        (first,) = connection.execute(select(account.c.balance).where(account.c.id == 1)).scalars()
        return first

    both = Invariant(
        "both transfers are done",
        both_transfers,
        lambda seen: None if seen[-1] == 120 else f"account 1 has {seen[-1]}",
    )
    cell = bank.explore(*OPPOSITE, invariants=[both])
    assert (cell.verdict, cell.finding.kind) == (VIOLATED, "invariant 'both transfers are done'")
    assert cell.finding.reproduced
    assert cell.finding.execution.deadlocks
    assert cell.finding.sentences[0] in {"account 1 has 90", "account 1 has 130"}


def test_with_more_attempts_a_refused_program_gets_through(bank):
    once = bank.explore(*OPPOSITE)
    again = bank.explore(*OPPOSITE, limits=Limits(attempts=3))
    assert (once.verdict, again.verdict) == (HOLDS, HOLDS)
    assert (once.outcomes > 1, again.outcomes) == (True, 1)
    assert sum(again.aborts.values()) > 0


def always_refused(connection):
    """The server refuses it even alone."""
    refuse = {
        "postgresql": "do $$ begin raise exception 'no' using errcode = '40001'; end $$",
        "mysql": "signal sqlstate '40001' set mysql_errno = 1213, message_text = 'no'",
    }
    connection.exec_driver_sql(refuse[connection.dialect.name.replace("mariadb", "mysql")])


def test_attempts_are_bounded_and_each_is_counted(bank):
    cell = bank.explore(always_refused, limits=Limits(attempts=3))
    code = "40001" if bank.kind.name == "postgresql" else "1213"
    assert cell.executions == 1
    assert cell.aborts[code] >= 3


def test_a_program_that_is_refused_even_alone_cannot_be_judged(bank):
    assert bank.explore(always_refused, of(withdraw_at_once, 10)).verdict is UNKNOWN


# -- a program of several transactions


def test_a_program_refused_late_counts_up_to_its_last_commit(bank):
    def withdraw_and_transfer(connection):
        withdraw_at_once(connection, 5, 3)
        transfer(connection, 1, 2, 10)

    cell = bank.explore(withdraw_and_transfer, of(transfer, 2, 1, 30))
    assert (cell.verdict, cell.deadlocks > 0) == (HOLDS, True)


def test_two_transactions_are_not_one(bank):
    """What one program commits in two parts, the other may see between them."""

    def in_two_parts(connection):
        withdraw_at_once(connection, 10, 1)
        withdraw_at_once(connection, -10, 2)

    def total(connection):
        return int(connection.execute(select(func.sum(account.c.balance))).scalar_one())

    assert bank.explore(in_two_parts, total).verdict is VIOLATED
    assert bank.explore(of(transfer, 1, 2, 10), total).verdict is HOLDS


def test_savepoints_are_explored_like_everything_else(bank):
    def try_first(connection, amount):
        with connection.begin_nested():
            left = balance_of(connection, 1) - amount
            set_balance(connection, 1, left)
        connection.commit()
        return left

    cell = bank.explore(of(try_first, 10), of(try_first, 30))
    assert (cell.verdict, cell.finding.reproduced) == (VIOLATED, True)


# -- what the engine numbers and a clock fills in


def test_numbers_that_the_engine_gave_may_come_in_any_order(bank):
    cell = bank.explore(of(enter, 10), of(enter, 30))
    assert (cell.verdict, cell.outcomes) == (HOLDS, 1)


def test_a_number_that_a_refused_program_used_up_is_not_missed(bank):
    """The victim's entry leaves a gap before that of the survivor."""

    def enter_and_transfer(connection, amount, source, target):
        connection.execute(insert(entry).values(account=3, amount=amount))
        transfer(connection, source, target, amount)

    cell = bank.explore(of(enter_and_transfer, 10, 1, 2), of(enter_and_transfer, 30, 2, 1))
    assert (cell.verdict, cell.deadlocks > 0) == (HOLDS, True)


def test_a_note_on_the_entry_of_another_is_not_a_renaming(bank):
    """Who takes the newest entry for its own writes on the other's."""

    def enter_carelessly(connection, amount):
        connection.execute(insert(entry).values(account=1, amount=amount))
        newest = connection.execute(select(func.max(entry.c.no))).scalar_one()
        connection.execute(insert(note).values(entry=newest, text=f"of {amount}"))
        connection.commit()

    cell = bank.explore(
        Program("careless", of(enter_carelessly, 10), (IntegrityError,)),
        Program("careless", of(enter_carelessly, 30), (IntegrityError,)),
    )
    assert cell.verdict is VIOLATED


def test_two_rows_of_the_fixture_are_not_exchanged_for_each_other(bank):
    """Both entries are numbered by the engine, but the program knows which is which."""

    def load_entries(connection):
        load(connection)
        connection.execute(insert(entry), [{"no": n, "account": 1, "amount": 0} for n in (1, 2)])

    def raise_first(connection, amount):
        changed = update(entry).where(entry.c.no == 1).values(amount=entry.c.amount + amount)
        connection.execute(changed)
        connection.commit()

    def raise_for_a_moment(connection):
        raise_first(connection, 5)
        raise_first(connection, -5)

    def raise_the_lower(connection):
        first = select(entry.c.amount).where(entry.c.no == 1)
        number = 2 if connection.execute(first).scalar_one() else 1
        changed = update(entry).where(entry.c.no == number).values(amount=entry.c.amount + 7)
        connection.execute(changed)
        connection.commit()

    cell = bank.explore(raise_for_a_moment, raise_the_lower, load=load_entries)
    assert cell.verdict is VIOLATED


def test_a_key_is_numbered_by_the_engine_also_if_the_table_does_not_say_so(bank):
    """`Column(Integer, primary_key=True)` is the commonest key, and SQLAlchemy's default."""

    def draw_and_transfer(connection, source, target):
        connection.execute(insert(ticket).values(bearer=source))
        transfer(connection, source, target, 10)

    cell = bank.explore(of(draw_and_transfer, 1, 2), of(draw_and_transfer, 2, 1))
    assert (cell.verdict, cell.deadlocks > 0) == (HOLDS, True)


# -- rules of the business


def solvent(connection):
    below = connection.execute(select(account.c.id).where(account.c.balance < 0)).scalars().all()
    return f"account {below[0]} is below zero" if below else None


def test_an_invariant_is_looked_at_after_every_commit(bank):
    """Serial in the end, but overdrawn for a moment that others can see."""

    def overdraw_for_a_moment(connection):
        withdraw_at_once(connection, 150)
        withdraw_at_once(connection, -150)

    cell = bank.explore(
        overdraw_for_a_moment, of(withdraw_at_once, 10, 2), invariants=[Invariant.of(solvent)]
    )
    assert (cell.verdict, cell.finding.kind) == (VIOLATED, "invariant 'solvent'")
    assert cell.finding.sentences[0] == "account 1 is below zero"
    assert bank.explore(overdraw_for_a_moment, of(withdraw_at_once, 10, 2)).verdict is HOLDS


def test_only_the_invariants_may_decide(bank):
    """A lost update leaves nobody below zero; the serial orders are not asked."""
    programs = of(withdraw, 10), of(withdraw, 30)
    rules = {"invariants": [Invariant.of(solvent)], "serial_equivalence": False}
    assert bank.explore(*programs, **rules).verdict is HOLDS
    assert bank.explore(of(withdraw, 10), of(withdraw, 130), **rules).verdict is VIOLATED


# -- what is not known


def test_a_search_that_was_limited_is_not_known_to_hold(bank):
    programs = of(withdraw_at_once, 10), of(withdraw_at_once, 30)
    cell = bank.explore(*programs, bounds=Bounds(executions=2, reduction=False))
    assert (cell.verdict, cell.complete, cell.executions) == (UNKNOWN, False, 2)
    assert cell.unknown == ["2 executions were run, not all (at most 2 executions)"]
    assert bank.explore(*programs).verdict is HOLDS


def test_a_search_that_was_limited_may_have_found_something(bank):
    cell = bank.explore(
        of(withdraw, 10), of(withdraw, 30), bounds=Bounds(executions=13, reduction=False)
    )
    assert (cell.verdict, cell.complete) == (VIOLATED, False)


def test_a_search_tells_how_far_it_is(bank):
    from live.interleave.bank import load, metadata, named

    from harness.interleave.explore import explore
    from harness.scenario import Scenario, Variant

    seen = []
    variant = Variant("current", "", named([of(withdraw, 10), of(withdraw, 30)]))
    explore(
        bank.database.target,
        Scenario("bank", "", "", metadata, load, {"current": variant}),
        variant,
        READ_COMMITTED,
        bounds=EVERY_ORDER,
        watch=lambda cell, fraction: seen.append((cell.executions, fraction)),
    )
    assert [number for number, _ in seen] == list(range(1, 15))
    assert [fraction for _, fraction in seen] == sorted(fraction for _, fraction in seen)
    assert seen[-1] == (14, 1)
