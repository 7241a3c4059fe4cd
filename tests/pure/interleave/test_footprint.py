import pytest

from harness.interleave.footprint import Footprint, Mode, References, footprint_of

BILLS = References.of(
    [("line", "bill"), ("line", "product"), ("note", "line")],
    ["bill", "line", "note", "product", "t", "u", "watched"],
    ["watched"],
)
R, S, X = Mode.READS, Mode.SHARES, Mode.EXCLUDES


@pytest.mark.parametrize(
    ("text", "modes"),
    [
        ("select a from t where k = %(k)s", {"t": R}),
        ("select a from t, u where t.k = u.k", {"t": R, "u": R}),
        ("select a from t for update", {"t": X}),
        ("select a from t for share", {"t": S}),
        ("with q as (select a from t) select a from q", {"t": R}),
        ("update t set a = 1 where k = 2", {"t": X}),
        ("update t set a = (select max(a) from u)", {"t": X, "u": S}),
        ("insert into line (bill) values (1)", {"line": X, "bill": S, "product": S}),
        ("insert into t (a) select a from u", {"t": X, "u": S}),
        ("delete from bill where no = 1", {"bill": X, "line": X, "note": X, "product": S}),
        ("update bill set no = 2", {"bill": X, "line": X, "note": X, "product": S}),
        ("update LINE set no = 2", {"line": X, "note": X, "bill": S, "product": S}),
        ('select a from "T"', {"t": R}),
        ("with t as (select a from t) select a from t", {"t": R}),
        ("with q as (select a from u) update t set a = (select a from q)", {"t": X, "u": S}),
        ("select a from t as x for update of x", {"t": X}),
        ("select 1 from dual", {}),
        ("set lock_timeout = 5", {}),
        ("select a from watched", {"watched": R}),
        ("with q as (delete from t returning a) select a from q", {"t": X}),
    ],
)
def test_a_statement_touches_its_tables_in_its_mode(text, modes):
    assert footprint_of(text, "postgres", BILLS) == Footprint(modes)


@pytest.mark.parametrize(
    "text",
    [
        "call surprise()",
        "select surprise(1)",
        "truncate t",
        "create table t (a int)",
        "lock table t",
        "this is no SQL at all, is it",
        "select a from some_view",
        "select a from t join some_view on a = b",
        "insert into watched (a) values (1)",
        "set @a = (select max(a) from t)",
        "/* unseen */ commit",
        "update t, u set t.a = 1 where t.k = u.k",
        "merge into t using u on t.k = u.k when matched then update set a = 1",
    ],
)
def test_what_cannot_be_read_for_sure_touches_everything(text):
    assert footprint_of(text, "mysql", BILLS).modes["*"] is Mode.BARS


@pytest.mark.parametrize(
    ("one", "other", "reads_see", "expected"),
    [
        ({"t": R}, {"t": R}, True, False),
        ({"t": R}, {"t": S}, True, False),
        ({"t": S}, {"t": S}, True, False),
        ({"t": R}, {"t": X}, True, True),
        ({"t": R}, {"t": X}, False, False),
        ({"t": S}, {"t": X}, False, True),
        ({"t": X}, {"t": X}, False, True),
        ({"t": X}, {"u": X}, True, False),
        ({"*": R}, {"u": X}, True, True),
        ({"*": R}, {"u": X}, False, False),
        ({"*": Mode.BARS}, {"u": R}, False, True),
    ],
)
def test_conflicts_are_symmetric_and_as_listed(one, other, reads_see, expected):
    one, other = Footprint(one), Footprint(other)
    assert one.conflicts(other, reads_see=reads_see) is expected
    assert other.conflicts(one, reads_see=reads_see) is expected
