"""What a setup makes is gone afterwards, and what the server refuses is told as what it is."""

import pytest
from live.interleave.bank import account, load, of, withdraw_at_once
from sqlalchemy import inspect, text

from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.interleave.explore import explore
from harness.programs import Program
from harness.scenario import scenario_of

pytestmark = pytest.mark.integration


def with_views(connection):
    connection.execute(text("CREATE TABLE item (id INTEGER PRIMARY KEY, pieces INTEGER)"))
    connection.execute(text("INSERT INTO item VALUES (1, 10)"))
    connection.execute(text("CREATE VIEW in_stock AS SELECT id FROM item WHERE pieces > 0"))
    connection.execute(text("CREATE VIEW many AS SELECT count(*) AS items FROM in_stock"))
    connection.execute(text("CREATE VIEW nothing AS SELECT 1 AS one"))


def sell(connection):
    connection.execute(text("UPDATE item SET pieces = pieces - 1 WHERE id = 1"))
    connection.execute(text("SELECT items FROM many"))
    connection.commit()


def test_a_setup_that_makes_views_can_be_explored_again_and_again(database):
    with database.engine.begin() as connection:
        connection.execute(text("CREATE VIEW not_ours AS SELECT 1 AS one"))
    scenario = scenario_of({n: Program("sell", sell) for n in ("T1", "T2")}, with_views)
    variant = scenario.variants["current"]
    for _ in range(2):
        cell = explore(database.target, scenario, variant, Isolation.READ_COMMITTED)
        assert (cell.verdict, cell.unknown) == (Verdict.HOLDS, [])
    assert inspect(database.engine).get_table_names() == []
    assert inspect(database.engine).get_view_names() == ["not_ours"]


def test_what_the_server_refuses_is_not_its_silence(bank):
    def load_twice(connection):
        load(connection)
        connection.execute(account.insert().values(id=1, balance=100))

    cell = bank.explore(of(withdraw_at_once, 10), of(withdraw_at_once, 30), load=load_twice)
    assert cell.verdict is Verdict.UNKNOWN
    assert len(cell.unknown) == 1
    assert cell.unknown[0].startswith("the server refused what the harness asked: ")
    assert bank.explore(of(withdraw_at_once, 10), of(withdraw_at_once, 30)).verdict is Verdict.HOLDS
