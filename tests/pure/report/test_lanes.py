"""Lanes: an execution as two people standing side by side would tell it."""

import pytest
from pure.report.made import (
    TITLES,
    execution_with_a_deadlock,
    execution_with_a_wait,
    read,
    turns,
    write,
)
from rich.cells import cell_len

from harness.interleave.execution import Execution
from harness.programs import Raised, Returned
from harness.report.lanes import lanes


def test_who_waits_says_for_whom_and_is_answered_in_the_turn_that_lets_it_go_on() -> None:
    assert lanes(execution_with_a_wait(), TITLES, 70) == (
        """\
turn  T1 withdraw                      T2 close account
----------------------------------------------------------------------
   1  select balance from account
          where id = 1 for update
        -> 100
   2  update account set balance = 30
          where id = 1
        -> 1 row
   3                                   delete from account where id =
                                           1
                                         <waits for T1: row of
                                           account, id = 1>
   4  commit                           <turn 3 goes on>
                                         -> 1 row
   5                                   commit
T1 returned 'paid'
T2 returned"""
    )


def test_the_victim_of_a_deadlock_fails_in_the_turn_that_closed_the_cycle() -> None:
    drawn = lanes(execution_with_a_deadlock(), TITLES, 80)
    assert drawn.partition("   3  ")[2] == (
        """\
update account set balance = 1 where
          id = 2
        <waits for T2: row of account, id
          = 2>
   4  <turn 3 fails>                        update account set balance = 2 where
        -> 40P01: deadlock detected             id = 1
                                              -> 1 row
   5                                        commit
T1 refused by the server (40P01, deadlock)
T2 returned"""
    )


def test_japanese_text_is_broken_and_aligned_by_terminal_cells() -> None:
    told = "select '車両整備の予約を登録し、現手配の番号を進める' from maintenance_order"
    execution = Execution(
        turns(("T1", read(told, "予約登録")), ("T2", read("select 1", 1))),
        {"T1": Returned("登録した"), "T2": Returned(None)},
    )
    drawn = lanes(execution, {"T1": "予約登録 (registration)", "T2": "進捗更新"}, 70)
    assert drawn == (
        """\
turn  T1 予約登録 (registration)       T2 進捗更新
----------------------------------------------------------------------
   1  select
          '車両整備の予約を登録し、現
          手配の番号を進める' from
          maintenance_order
        -> 予約登録
   2                                   select 1
                                         -> 1
T1 returned '登録した'
T2 returned"""
    )


def test_no_line_is_wider_than_asked() -> None:
    long = "select " + ", ".join(f"column_number_{n}" for n in range(20)) + " from t" + "x" * 90
    execution = Execution(
        turns(*((name, write(long)) for name in ("T1", "T2", "T3"))),
        {"T1": Raised("ValueError", "word " * 40)},
    )
    titles = dict.fromkeys(("T1", "T2", "T3"), "a program whose long name says much")
    for width in (80, 110, 160):
        drawn = lanes(execution, titles, width)
        assert max(map(cell_len, drawn.splitlines())) <= width


def test_nothing_of_a_statement_is_lost_by_breaking_it() -> None:
    long = "select " + ", ".join(f"column_number_{n}" for n in range(15)) + " from t" + "x" * 90
    drawn = lanes(Execution(turns(("T1", write(long)))), {"T1": "", "T2": ""}, 80)
    left = [line[6:43] for line in drawn.splitlines()[2:]]
    assert "".join("".join(left).split()).removesuffix("->1row") == "".join(long.split())


def test_an_answer_that_nobody_would_read_to_its_end_says_how_much_is_left_out() -> None:
    drawn = lanes(Execution(turns(("T1", read("select text", "a" * 2000)))), {"T1": ""}, 110)
    assert len(drawn.splitlines()) < 20
    assert "... (+1003 letters)" in " ".join(drawn.split())


def test_an_answer_cannot_move_the_cursor() -> None:
    drawn = lanes(Execution(turns(("T1", read("select text", "\x1b[2J\a")))), {"T1": ""}, 110)
    assert r"-> \x1b[2J\x07" in drawn


def test_a_step_that_was_never_answered_says_so() -> None:
    execution = execution_with_a_wait()
    execution.turns = execution.turns[:3]
    execution.turns[2].settled_in = None
    assert "<no answer came>" in lanes(execution, TITLES)
    assert "goes on" not in lanes(execution, TITLES)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_each_session_has_a_column(count: int) -> None:
    titles = {f"T{n}": "buy" for n in range(1, count + 1)}
    execution = Execution(turns(*((name, write(f"insert {name}")) for name in titles)))
    lines = lanes(execution, titles, 110).splitlines()
    for name in titles:
        (row,) = [line for line in lines if f"insert {name}" in line]
        assert row.index("insert") == lines[0].index(f"{name} buy")
