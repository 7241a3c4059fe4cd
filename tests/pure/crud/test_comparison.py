"""Expected against observed: what holds, what is violated, what is unknown."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

from harness.checks.verdict import Verdict
from harness.crud.capture import Captured
from harness.crud.comparison import Cell, compare
from harness.crud.observed import Observed
from harness.crud.subject import Expected, Subject
from harness.crud.table import Conformance, cell_text, crud_document, letter_table, same_rows
from harness.engines import ENGINES

TABLES = MetaData()
for name, comment in (("sheet", "点検表"), ("result", "実施結果"), ("stranger", None)):
    Table(name, TABLES, Column("no", Integer, primary_key=True), comment=comment)

READ_RESULT = ("select no from result", 2)
READ_SHEET = ("select no from sheet", 1)
UPDATE_SHEET = ("update sheet set no = 1", 1)


def subject(*programs):
    return Subject(
        "s", "S", "a table", TABLES, lambda _: None, ("sheet", "result"), programs, lambda _: {}
    )


ADDS_UP = Expected("adds_up", "点検率更新", {"result": "R", "sheet": "RU"}, {}, "RRU")


def observed(*statements, runs=1, failure=None):
    seen = Captured()
    for text, rows in statements:
        seen.take(text, "postgres", rows)
    return Observed(seen, runs, failure)


def judged(seen):
    (row,) = compare(subject(ADDS_UP), {} if seen is None else {"adds_up": seen})
    return row


def test_what_does_all_that_is_expected_and_nothing_else_holds():
    row = judged(observed(READ_RESULT, READ_SHEET, UPDATE_SHEET))
    assert row.verdict is Verdict.HOLDS
    assert list(row.differences) == []
    assert row.rows == {"sheet": {"U": 1}}


def test_a_table_too_many_is_violated_with_the_statement_that_touched_it():
    row = judged(observed(READ_RESULT, READ_SHEET, UPDATE_SHEET, ("select no\n from stranger", 0)))
    assert row.verdict is Verdict.VIOLATED
    assert list(row.differences) == [
        "adds_up: reads stranger, and should not: select no from stranger"
    ]
    assert cell_text(row.cells["stranger"]) == "+R"


def test_a_letter_too_many_is_violated():
    row = judged(observed(READ_RESULT, READ_SHEET, UPDATE_SHEET, ("delete from sheet", 0)))
    assert cell_text(row.cells["sheet"]) == "RU +D"
    assert row.verdict is Verdict.VIOLATED


def test_a_missed_update_is_violated():
    row = judged(observed(READ_RESULT, READ_SHEET))
    assert row.verdict is Verdict.VIOLATED
    assert list(row.differences) == ["adds_up: should be seen to do U on sheet, and is not"]
    assert cell_text(row.cells["sheet"]) == "R -U"


def test_a_program_that_was_not_run_is_unknown():
    row = judged(None)
    assert row.verdict is Verdict.UNKNOWN
    assert list(row.differences) == ["adds_up: was not run"]
    assert cell_text(row.cells["sheet"]) == "R? U?"


def test_a_program_with_nothing_to_run_is_unknown():
    assert judged(observed(runs=0)).verdict is Verdict.UNKNOWN


def test_a_program_that_did_not_come_to_its_end_is_unknown_even_if_all_was_seen():
    seen = observed(READ_RESULT, READ_SHEET, UPDATE_SHEET, runs=0, failure="KeyError: 'x'")
    assert judged(seen).verdict is Verdict.UNKNOWN
    assert list(judged(seen).differences) == ["adds_up: did not come to its end: KeyError: 'x'"]


def test_a_program_that_did_not_come_to_its_end_is_violated_by_what_was_seen():
    seen = observed(("delete from sheet", 1), runs=0, failure="KeyError: 'x'")
    assert judged(seen).verdict is Verdict.VIOLATED


def test_a_statement_that_cannot_be_read_is_unknown():
    row = judged(observed(READ_RESULT, READ_SHEET, UPDATE_SHEET, ("call surprise()", 0)))
    assert row.verdict is Verdict.UNKNOWN
    assert list(row.differences) == [
        "adds_up: a statement cannot be read for sure: call surprise()"
    ]


@pytest.mark.parametrize("rows", [0, -1], ids=["none", "not told"])
def test_an_update_of_no_row_is_unknown(rows):
    row = judged(observed(READ_RESULT, READ_SHEET, ("update sheet set no = 1", rows)))
    assert row.verdict is Verdict.UNKNOWN
    assert list(row.differences) == [
        "adds_up: updates sheet, but no row is known to have been touched"
    ]
    assert cell_text(row.cells["sheet"]) == "R U?"


def test_rows_add_up_over_statements():
    row = judged(observed(READ_RESULT, READ_SHEET, UPDATE_SHEET, ("update sheet set no = 2", 3)))
    assert row.rows == {"sheet": {"U": 4}}


def test_a_program_that_nobody_expects_is_violated_by_what_it_touches():
    rows = compare(subject(), {"new": observed(READ_SHEET)})
    assert [(row.program.name, row.verdict) for row in rows] == [("new", Verdict.VIOLATED)]


def test_no_program_at_all_is_unknown():
    assert Verdict.worst(row.verdict for row in compare(subject(), {})) is Verdict.UNKNOWN


def conformance(engine, seen):
    return Conformance(ENGINES[engine], "1.2", compare(subject(ADDS_UP), {"adds_up": seen}))


def test_the_table_names_tables_as_their_users_do_and_marks_differences():
    found = conformance(
        "postgresql", observed(READ_RESULT, READ_SHEET, ("delete from stranger", 1))
    )
    assert letter_table(subject(ADDS_UP), found.rows).plain.splitlines() == [
        "program               letters  点検表  実施結果  stranger  verdict",
        "adds_up (点検率更新)  RRU      R -U    R         +D        violated",
    ]


def test_a_narrow_terminal_is_told_the_same_in_two_lines():
    seen = observed(READ_RESULT, READ_SHEET, ("delete from stranger", 1))
    found = conformance("postgresql", seen)
    assert letter_table(subject(ADDS_UP), found.rows, 60).plain.splitlines() == [
        "adds_up (点検率更新) RRU: violated",
        "    実施結果 R, 点検表 R -U, stranger +D",
    ]


def test_engines_that_agree_share_a_table():
    good = observed(READ_RESULT, READ_SHEET, UPDATE_SHEET)
    found = [
        conformance("mysql", good),
        conformance("mariadb", observed(READ_RESULT)),
        conformance("postgresql", good),
    ]
    groups = [[one.engine.name for one in group] for group in same_rows(found)]
    assert groups == [["mysql", "postgresql"], ["mariadb"]]


def test_the_document_holds_every_cell():
    found = conformance("postgresql", observed(READ_RESULT, READ_SHEET, UPDATE_SHEET))
    (engine,) = crud_document(subject(ADDS_UP), [found])["engines"]
    assert (engine["engine"], engine["version"], engine["verdict"]) == (
        "postgresql",
        "1.2",
        "holds",
    )
    (program,) = engine["programs"]
    assert program["prescribed"] == "RRU"
    assert program["cells"]["sheet"] == {
        "expected": "RU",
        "reconstructed": "",
        "observed": "RU",
        "rows": {"U": 1},
        "verdict": "holds",
    }


def test_a_cell_that_was_never_seen_holds_only_if_nothing_is_expected():
    assert Cell("", "").verdict is Verdict.HOLDS
    assert Cell("", "", ran=False).verdict is Verdict.UNKNOWN
