"""What a statement's text says that it writes; in doubt, everything."""

import pytest

from harness.interleave.written import EVERYTHING, Writing, written_by

BOTH = ["mysql", "postgres"]


def rows(table: str) -> Writing:
    return Writing(table, None)


def columns(table: str, *names: str) -> Writing:
    return Writing(table, frozenset(names))


# dialects, statement, what it writes
STATEMENTS = [
    # reading
    (BOTH, "select v from t where k = %(k)s", []),
    (BOTH, "select count(*), max(v), coalesce(w, 0) from t join u on t.k = u.k", []),
    (BOTH, "select 1 from t for update", []),
    (["mysql"], "select 1 from t lock in share mode", []),
    (["postgres"], "select 1 from t for no key update of t skip locked", []),
    (BOTH, "(select 1) union (select 2)", []),
    (BOTH, "with x as (select * from u) select * from x", []),
    (["mysql"], "show tables", []),
    (["mysql"], "set @x = 1", []),
    (["postgres"], "set local lock_timeout = '1s'", []),
    (BOTH, "set transaction isolation level serializable", []),
    # rows come or go
    (BOTH, "insert into t (k, v) values (%(k)s, %(v)s)", [rows("t")]),
    (BOTH, "insert into t (k, v) values (%s, %s)", [rows("t")]),
    (BOTH, "insert into t select * from u", [rows("t")]),
    (BOTH, "insert into s.t (k) values (1) returning k", [rows("t")]),
    (["mysql"], "insert ignore into t (k) values (1)", [rows("t")]),
    (["mysql"], "insert into t (k) values (1) on duplicate key update v = 1", [rows("t")]),
    (["postgres"], "insert into t values (1) on conflict (k) do update set v = 1", [rows("t")]),
    (["postgres"], "with x as (select * from u) insert into t select * from x", [rows("t")]),
    (BOTH, "delete from t where k in (select k from u)", [rows("t")]),
    (["mysql"], "delete from t where v = 1 order by k limit 1", [rows("t")]),
    # columns change
    (BOTH, "update t set v = v + 1, w = %(w)s where k = %(k)s", [columns("t", "v", "w")]),
    (["mysql"], "update `T` as x set x.`V` = 1", [columns("T", "V")]),
    (["postgres"], 'update "T" set "V" = 1', [columns("T", "V")]),
    (["postgres"], "update t as x set v = 1 from u where u.k = x.k", [columns("t", "v")]),
    (["postgres"], "update only t set v = %(v)s::int", [columns("t", "v")]),
    (BOTH, "update t set v = 'a%%b' where k like '%%x%%'", [columns("t", "v")]),
    (BOTH, "/* a comment */ update t set v = 1 -- another", [columns("t", "v")]),
    (["postgres"], "update t set (v, w) = (1, 2)", [rows("t")]),
    # more than one table
    (
        ["postgres"],
        "with gone as (delete from t returning *) insert into u select * from gone",
        [rows("t"), rows("u")],
    ),
    (
        ["postgres"],
        "with done as (update t set v = 1 returning *) select * from done",
        [columns("t", "v")],
    ),
]  # fmt: skip

# What may write anything, or is not understood.
DOUBTFUL = [
    (["mysql"], "update t join u on t.k = u.k set t.v = 1"),
    (["mysql"], "update t, u set t.v = 1, u.v = 2 where t.k = u.k"),
    (["mysql"], "delete t from t join u on t.k = u.k"),
    (["mysql"], "delete t, u from t join u on t.k = u.k"),
    (["mysql"], "delete from t, u using t join u on t.k = u.k"),
    (["postgres"], "delete from t using u where t.k = u.k"),
    (["postgres"], "select * into u from t"),
    (["postgres"], "select 1; delete from t"),
    (["mysql"], "replace into t values (1, 2)"),
    (["postgres"], "merge into t using u on t.k = u.k when matched then update set v = u.v"),
    (BOTH, "select surprise(1)"),
    (BOTH, "update t set v = surprise(1)"),
    (["postgres"], "select * from surprise(1)"),
    (["postgres"], "insert into t (k) values (nextval('numbers'))"),
    (BOTH, "call surprise()"),
    (["postgres"], "do $$ begin delete from t; end $$"),
    (BOTH, "truncate table t"),
    (BOTH, "create table u as select * from t"),
    (BOTH, "drop table t"),
    (["postgres"], "lock table t in share mode"),
    (["mysql"], "lock tables t write"),
    (["postgres"], "explain analyze delete from t"),
    (["postgres"], "copy t from stdin"),
    (["mysql"], "load data infile 'x' into table t"),
    (BOTH, "this is no SQL"),
    (BOTH, ""),
]  # fmt: skip


def each(table: list[tuple]) -> list:
    return [
        pytest.param(dialect, *row, id=f"{dialect}-{row[0]}")
        for dialects, *row in table
        for dialect in dialects
    ]


@pytest.mark.parametrize(("dialect", "statement", "writings"), each(STATEMENTS))
def test_what_a_statement_writes(dialect, statement, writings):
    assert sorted(written_by(statement, dialect), key=repr) == sorted(writings, key=repr)


@pytest.mark.parametrize(("dialect", "statement"), each(DOUBTFUL))
def test_what_is_in_doubt_may_have_written_everything(dialect, statement):
    assert EVERYTHING[0] in written_by(statement, dialect)
