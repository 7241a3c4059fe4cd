"""Listed permutations on every engine."""

import re
import threading

import pytest
from live.specs.conftest import FILES, told_by_us

from harness.engines import Isolation
from harness.errors import DeadlineExceeded, ProgramMisbehaved
from harness.specs.parser import parse_spec

pytestmark = pytest.mark.integration

ONE_ROW = """
setup { CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0); }
session s1
setup { BEGIN; }
step w1 { UPDATE t SET n = 1 WHERE id = 1; }
step c1 { COMMIT; }
session s2
setup { BEGIN; }
step w2 { UPDATE t SET n = 2 WHERE id = 1; }
step r2 { SELECT n FROM t; }
step c2 { COMMIT; }
"""


def told(database, text, **options):
    return told_by_us(database.kind, database.url, parse_spec(text), **options)


def sessions_alive():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("session-")]


def test_portable_spec_is_told_alike_on_every_engine(tell):
    expected = (FILES / "lost-update.out").read_text()
    assert tell("lost-update", isolation=Isolation.READ_COMMITTED) == expected


@pytest.mark.parametrize(
    ("level", "seen"), [(Isolation.READ_COMMITTED, "1"), (Isolation.REPEATABLE_READ, "0")]
)
def test_level_is_that_of_what_a_bare_begin_begins(level, seen, database):
    text, _ = told(
        database,
        f"{ONE_ROW} session s3 step b3 {{ BEGIN; }} step r3 {{ SELECT n FROM t; }} "
        "permutation b3 r3 w1 c1 r3",
        isolation=level,
    )
    assert text.endswith(f"step r3: SELECT n FROM t;\nn\n-\n{seen}\n(1 row)\n\n")


def test_setup_and_teardown_are_taken_for_each_permutation(database):
    text, _ = told(
        database,
        """
        setup { CREATE TABLE t (n int); }
        setup { INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); SELECT n FROM t WHERE n = 2; }
        teardown { SELECT count(*) AS rows_left FROM t; DROP TABLE t; }
        session s1
        step d1 { DELETE FROM t; SELECT 7 AS seven; SELECT 8 AS eight; }
        step r1 { SELECT n FROM t ORDER BY n; }
        permutation d1
        permutation r1
        """,
    )
    table = "n\n-\n2\n(1 row)\n\n"
    assert text.split("\nstarting permutation: ")[1:] == [
        f"d1\n{table}step d1: DELETE FROM t; SELECT 7 AS seven; SELECT 8 AS eight;\n"
        "seven\n-----\n    7\n(1 row)\n\neight\n-----\n    8\n(1 row)\n\n",
        f"r1\n{table}step r1: SELECT n FROM t ORDER BY n;\nn\n-\n1\n2\n(2 rows)\n\n",
    ]


def test_step_that_fails_is_told_and_the_session_goes_on(database):
    text, _ = told(
        database,
        "session s1 step bad { SELECT no_such_column; } step good { SELECT 1 AS one; } "
        "permutation bad good",
    )
    _, bad, error, good, *_ = text.split("starting permutation: ")[1].splitlines()
    assert bad == "step bad: SELECT no_such_column;"
    assert error.startswith("ERROR:  ")
    assert "no_such_column" in error
    assert good == "step good: SELECT 1 AS one;"


def test_setup_that_fails_ends_all(database):
    with pytest.raises(ProgramMisbehaved) as caught:
        told(database, "session s setup { SELECT nothing_of_this_name; } step a { } permutation a")
    assert caught.value.message.startswith("the setup of session 's' failed: ERROR:  ")
    assert caught.value.hints == ("SELECT nothing_of_this_name;",)
    assert sessions_alive() == []


def test_teardown_that_fails_is_complained_of_and_no_more(database):
    text, complaints = told(
        database,
        "teardown { DROP TABLE nothing; } session s step a { } permutation a permutation a",
    )
    assert text.count("step a: \n") == 2
    assert len(complaints) == 2
    assert complaints[0].startswith("the teardown failed: ERROR:  ")


def test_order_that_cannot_happen_ends_with_who_waits_for_whom(database):
    with pytest.raises(DeadlineExceeded) as caught:
        told(database, f"{ONE_ROW} permutation w1 w2 r2 c1 c2", step_s=2)
    assert caught.value.explain() == (
        "not at rest within 2 s: s2 waits for s1: UPDATE t SET n = 2 WHERE id = 1;\n"
        "  hint: can this order happen? a session that waits cannot take its next step"
    )
    assert sessions_alive() == []


def test_teardown_that_waits_for_an_open_transaction_is_named(database):
    """Not every lock that is waited for can be seen on every engine; that it waits can."""
    dropping = ONE_ROW.replace("session s1", "teardown { DROP TABLE t; }\nsession s1", 1)
    with pytest.raises(DeadlineExceeded) as caught:
        told(database, f"{dropping} permutation w1", step_s=2)
    assert re.fullmatch(
        "not at rest within 2 s: control connection (waits for s1|has not answered): DROP TABLE t;",
        caught.value.message,
    )
    assert sessions_alive() == []


def test_connections_serve_one_permutation_after_the_other(database):
    text, _ = told(
        database,
        ONE_ROW.replace("session s1", "teardown { DROP TABLE t; }\nsession s1", 1)
        + "permutation w1 w2 c1 r2 c2\n" * 3,
    )
    first, *others = text.split("\nstarting permutation: ")[1:]
    assert "step w2: <... completed>" in first
    assert others == [first, first]


def test_steps_may_be_repeated_and_left_out(database):
    text, _ = told(
        database, "session s step a { SELECT 1 AS n; } step b { SELECT 2; } permutation a a a"
    )
    assert text.count("step a: SELECT 1 AS n;\n") == 3
    assert "SELECT 2" not in text


def test_session_waits_for_its_own_step_that_the_server_ends(database):
    """The next step of a session that waits is sent when the other end of the wait goes on."""
    text, _ = told(database, f"{ONE_ROW} permutation w1 w2(*) c1 c2")
    assert [line for line in text.splitlines() if line.startswith("step ")] == [
        "step w1: UPDATE t SET n = 1 WHERE id = 1;",
        "step w2: UPDATE t SET n = 2 WHERE id = 1; <waiting ...>",
        "step c1: COMMIT;",
        "step w2: <... completed>",
        "step c2: COMMIT;",
    ]


def test_markers_that_can_never_come_true_end_the_permutation(database):
    with pytest.raises(ProgramMisbehaved) as caught:
        told(database, f"{ONE_ROW} permutation w1(w2 notices 1) c1 w2 c2")
    assert caught.value.explain() == (
        "completed, but never to be reported: w1(w2 notices 1)\n"
        "  hint: what does each of its markers wait for?"
    )


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "session s1 step a { COPY (SELECT 1) TO STDOUT; } permutation a",
            "session 's1': a COPY with the client, for which a spec has no data",
        ),
        (
            "setup { CREATE TABLE p (pid int); } session s1 "
            "step a { INSERT INTO p SELECT pg_backend_pid(); } step c { SELECT 1; } session s2 "
            "step b { SELECT pg_terminate_backend(pid, 5000) FROM p; } permutation a b c",
            "session 's1': .*(terminating connection|server closed the connection)",
        ),
    ],
    ids=["copy", "killed"],
)
def test_session_that_cannot_go_on_ends_all(text, message, database):
    with pytest.raises(ProgramMisbehaved) as caught:
        told(database, text)
    assert re.match(message, caught.value.message)
    assert sessions_alive() == []
