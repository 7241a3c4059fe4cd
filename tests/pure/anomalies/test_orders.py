from math import factorial, prod

from hypothesis import given
from hypothesis import strategies as st

from workloads.anomalies.orders import all_orders, without_control
from workloads.anomalies.script import Script


@given(st.lists(st.integers(1, 3), min_size=1, max_size=3))
def test_every_order_comes_once(lengths):
    scripts = {f"T{n}": Script("", ("select 1",) * length) for n, length in enumerate(lengths)}
    orders = list(all_orders(scripts))
    assert len(orders) == factorial(sum(lengths)) // prod(map(factorial, lengths))
    assert len(orders) == len(set(orders))


WRITES = Script.of("", "update test set value = 101 where id = 1")
GIVES_UP = Script.of("", "update test set value = 101 where id = 1", "rollback")
READS = Script.of("", "select * from test", "select * from test")


def test_a_statement_is_seen_by_everybody_at_once():
    ends, state = without_control({"T1": WRITES, "T2": READS}, ("T2", "T1", "T2", "T1", "T2"))
    assert ends["T2"].value == [((1, 10), (2, 20)), ((1, 101), (2, 20))]
    assert ends["T1"].value == []
    assert state.tables == {"test": ((1, 101), (2, 20))}


def test_a_rollback_takes_back_what_was_seen():
    ends, state = without_control({"T1": GIVES_UP, "T2": READS}, ("T1", "T2", "T1", "T2", "T2"))
    assert ends["T2"].value == [((1, 101), (2, 20)), ((1, 10), (2, 20))]
    assert state.tables == {"test": ((1, 10), (2, 20))}


def test_a_rollback_takes_back_inserts_and_deletes_too():
    script = Script.of(
        "", "insert into test values (3, 30)", "delete from test where id = 1", "rollback"
    )
    _, state = without_control({"T1": script}, ("T1",) * 3)
    assert state.tables == {"test": ((1, 10), (2, 20))}


def test_a_script_ends_with_a_commit_unless_it_rolls_back():
    assert WRITES.statements[-1] == "commit"
    assert GIVES_UP.statements[-2:] == ("update test set value = 101 where id = 1", "rollback")
