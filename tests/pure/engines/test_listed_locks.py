"""Who blocks whom, by the locks that MariaDB 11.8 lists; the texts are cut from a live server's."""

import pytest

from harness.engines.mysql.listed_locks import blockers_in, is_cut

RECORD = (
    "RECORD LOCKS space id 0 page no 219 n bits 320 index PRIMARY of table `harness_1`.`t11` "
    "trx id 98 lock_mode {mode}\n"
    "Record lock, heap no {heap} PHYSICAL RECORD: n_fields 3; compact format; info bits 0\n"
    " 0: len 4; hex 80000001; asc     ;;\n"
)
SUPPRESSED = "10 LOCKS PRINTED FOR THIS TRX: SUPPRESSING FURTHER PRINTS\n"
ROW, GAP = "X locks rec but not gap", "X locks gap before rec"


def holds(connection: int, mode: str = ROW, heap: int = 2) -> str:
    return transaction(connection) + RECORD.format(mode=mode, heap=heap)


def holds_more_than_is_listed(connection: int) -> str:
    return transaction(connection) + RECORD.format(mode=ROW, heap=9) + SUPPRESSED


def waits(connection: int, waited_us: int, mode: str = ROW, heap: int = 2) -> str:
    return (
        transaction(connection, "LOCK WAIT 2 lock struct(s), heap size 1120, 1 row lock(s)\n")
        + f"------- TRX HAS BEEN WAITING {waited_us} us FOR THIS LOCK TO BE GRANTED:\n"
        + RECORD.format(mode=f"{mode} waiting", heap=heap)
    )


def transaction(connection: int, state: str = "") -> str:
    return (
        "---TRANSACTION 98, ACTIVE 0 sec\n"
        f"{state}MariaDB thread id {connection}, OS thread handle 1397, query id 9 root\n"
        "TABLE LOCK table `harness_1`.`t11` trx id 98 lock mode IX\n"
    )


@pytest.mark.parametrize(
    ("transactions", "blockers"),
    [
        pytest.param([holds(6)], {}, id="nobody waits"),
        pytest.param([waits(8, 50), holds(6)], {8: {6}}, id="for the holder"),
        pytest.param([waits(8, 50), holds(6), holds(7, heap=3)], {8: {6}}, id="not for another"),
        pytest.param([waits(8, 50), holds(6), holds(7, GAP)], {8: {6}}, id="not for a gap"),
        pytest.param(
            [waits(8, 50, f"{GAP} insert intention"), holds(6), holds(7, GAP)],
            {8: {7}},
            id="an insert for the gap only",
        ),
        pytest.param(
            [waits(9, 40), waits(8, 50), holds(6)],
            {8: {6}, 9: {6, 8}},
            id="and for those before it in the queue",
        ),
        pytest.param(
            [waits(9, 40), waits(8, 50), holds_more_than_is_listed(6)],
            {8: {6}, 9: {6, 8}},
            id="for the one whose locks are not all listed",
        ),
        pytest.param(
            [waits(8, 50), waits(7, 60, heap=3) + SUPPRESSED, holds_more_than_is_listed(6)],
            {8: {6}, 7: {6}},
            id="for one that waits itself only if there is no other",
        ),
        pytest.param([waits(8, 50), holds(6, heap=3)], {8: set()}, id="nobody can tell for whom"),
        pytest.param(
            [waits(8, 50), holds(6).replace("heap no 2 PHYSICAL", "heap no 2\nPHYSICAL")],
            {8: {6}},
            id="for a row that is not in memory",
        ),
    ],
)
def test_a_session_waits(transactions, blockers):
    assert blockers_in("".join(transactions)) == blockers


def test_a_text_that_was_too_long_says_so():
    assert is_cut("History list length 0\n... truncated...\n no 14 PHYSICAL RECORD")
    assert not is_cut(waits(8, 50) + holds(6))
