from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.outcome import Refusal
from harness.sessions.step import Effect, Step, StepError, StepKind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("select 1", StepKind.STATEMENT),
        ("update commits set v = 1", StepKind.STATEMENT),
        ("COMMIT", StepKind.COMMIT),
        ("commit", StepKind.COMMIT),
        ("ROLLBACK", StepKind.ROLLBACK),
        ("  rollback ", StepKind.ROLLBACK),
        ("SAVEPOINT sa_savepoint_1", StepKind.SAVEPOINT),
        ("RELEASE SAVEPOINT sa_savepoint_1", StepKind.RELEASE),
        ("ROLLBACK TO SAVEPOINT sa_savepoint_1", StepKind.ROLLBACK_TO),
        ("rollback to sa_savepoint_1", StepKind.ROLLBACK_TO),
    ],
)
def test_a_statement_is_a_step_of_its_kind(text, kind):
    assert Step.of_statement(text, None) == Step(kind, text, None)


def readable(text: str, parameters: object = None) -> str:
    return Step.of_statement(text, parameters).readable()


@pytest.mark.parametrize(
    ("text", "parameters", "said"),
    [
        ("select 1", None, "select 1"),
        ("select v\n  from t\n where k = 1", (), "select v from t where k = 1"),
        ("select v from t where k = %(k)s", {"k": 7}, "select v from t where k = 7"),
        ("select v from t where k = %s, w = %s", (7, "x"), "select v from t where k = 7, w = 'x'"),
        ("update t set v = %(v)s", {"v": None}, "update t set v = NULL"),
        ("update t set v = %(v)s", {"v": True}, "update t set v = True"),
        ("update t set v = %(v)s", {"v": 1.5}, "update t set v = 1.5"),
        ("update t set v = %(v)s", {"v": Decimal("1.50")}, "update t set v = '1.50'"),
        ("update t set v = %(v)s", {"v": "it's"}, "update t set v = 'it''s'"),
        (
            "update t set v = %(v)s",
            {"v": date(2024, 10, 16)},
            "update t set v = '2024-10-16'",
        ),
        (
            "insert into t values (%(k)s)",
            [{"k": 1}, {"k": 2}, {"k": 3}],
            "insert into t values (1) (and 2 more)",
        ),
        ("insert into t values (%s)", [(1,), (2,)], "insert into t values (1) (and 1 more)"),
        ("select v where w like 'a%%' and k = %s", (1,), "select v where w like 'a%' and k = 1"),
        ("select v from t where k = %(k)s::INTEGER", {"k": 7}, "select v from t where k = 7"),
        ("select t.v from t where t.k = %(k)s", {"k": 7}, "select v from t where k = 7"),
        (
            "select t.v, u.v from t join u on t.k = u.k",
            None,
            "select t.v, u.v from t join u on t.k = u.k",
        ),
        ("select v from t where k = ?", (7,), "select v from t where k = ? -- (7,)"),
        ("select v where k = %(k)s", {"other": 7}, "select v where k = %(k)s -- {'other': 7}"),
        ("commit", None, "commit"),
    ],
)  # fmt: skip
def test_a_step_reads_as_one_line_with_its_parameters(text, parameters, said):
    assert readable(text, parameters) == said


VALUES = st.one_of(st.none(), st.integers(), st.text(), st.booleans(), st.binary(), st.dates())


@given(st.dictionaries(st.sampled_from(["a", "b"]), VALUES), st.lists(VALUES))
def test_whatever_the_parameters_a_step_has_one_line(named, placed):
    for parameters in (named, tuple(placed), placed, [named]):
        for text in ("select %(a)s,\n %(b)s", "select %s,\n %s", "select 100%"):
            line = readable(text, parameters)
            assert line.startswith("select ")
            assert "\n" not in line


def effect(*rows: tuple, columns: str = "v") -> Effect:
    return Effect(rowcount=len(rows), columns=tuple(columns), rows=rows)


REFUSED = Refusal("deadlock", "40P01", retryable=True, ends_transaction=True)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (effect((5,)), "5"),
        (effect((5, None), columns="vw"), "5, NULL"),
        (effect((1,), (2,), (3,)), "1 | 2 | 3"),
        (effect((1,), (2,), (3,), (4,), (5,)), "1 | 2 | 3 (+2 rows)"),
        (effect(), "no row"),
        (Effect(rowcount=1), "1 row"),
        (Effect(rowcount=0), "0 rows"),
        (Effect(rowcount=3), "3 rows"),
        (Effect(rowcount=-1), "done"),
        (Effect(), "done"),
        (Effect(error=StepError("DeadlockDetected", "deadlock", REFUSED)), "40P01: deadlock"),
        (Effect(error=StepError("SyntaxError", "no such table")), "no such table"),
    ],
)
def test_an_effect_in_a_few_words(seen, said):
    assert seen.readable() == said
