"""The letters of a statement, read from its text."""

import pytest

from harness.crud.letters import letters_of

each_dialect = pytest.mark.parametrize("dialect", ["mysql", "postgres"])


@each_dialect
@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("select a from t where b = %(b)s", {"t": "R"}),
        ("select a from t join u on t.a = u.a for update", {"t": "R", "u": "R"}),
        ("insert into t (a) values (%s)", {"t": "C"}),
        ("insert into t (a) select max(a) + 1 from t", {"t": "C"}),
        ("insert into t (a) select a from u where exists (select 1 from v)", "t:C u:R v:R"),
        ("update t set a = a + 1 where b = 2", {"t": "U"}),
        ("update t set a = (select max(a) from u) where b in (select b from t)", "t:U u:R"),
        ("delete from t where a = 1", {"t": "D"}),
        ("with x as (select a from t) select * from x", {"t": "R"}),
        ("insert into t (a) values (1) on conflict do nothing", {"t": "C"}),
        ("insert into t (a) values (1) on conflict (a) do update set a = 2", {"t": "CU"}),
        ("insert into t (a) values (1) on duplicate key update a = 2", {"t": "CU"}),
        ("select 1", {}),
        ("SAVEPOINT sa_savepoint_1", {}),
        ("RELEASE SAVEPOINT sa_savepoint_1", {}),
        ("set transaction isolation level read committed", {}),
    ],
)
def test_letters(dialect, text, letters):
    if isinstance(letters, str):
        letters = dict(cell.split(":") for cell in letters.split())
    assert letters_of(text, dialect) == letters


@each_dialect
@pytest.mark.parametrize(
    "text",
    ["call surprise()", "select surprise() from t", "truncate table t", "not a statement", ""],
)
def test_what_cannot_be_read_for_sure_has_no_letters(dialect, text):
    assert letters_of(text, dialect) is None
