"""Blocks are cut at the semicolons between statements, and at no other."""

import pytest

from harness.errors import UsageError
from harness.specs.statements import statements_of


@pytest.mark.parametrize(
    ("block", "statements"),
    [
        ("", ()),
        (" ; ;\n", ()),
        ("-- nothing but this", ()),
        ("SELECT 1", ("SELECT 1",)),
        ("\n  SELECT 1;\n", ("SELECT 1",)),
        ("BEGIN; SELECT 1 ;COMMIT;", ("BEGIN", "SELECT 1", "COMMIT")),
        ("SELECT ';', \"a;b\"; SELECT 2", ("SELECT ';', \"a;b\"", "SELECT 2")),
        ("SELECT 'it''s; so'; SELECT 2", ("SELECT 'it''s; so'", "SELECT 2")),
        ("SELECT `a;b` FROM t; SELECT 2", ("SELECT `a;b` FROM t", "SELECT 2")),
        ("SELECT 1 /* ; */; SELECT 2 -- ;\n", ("SELECT 1 /* ; */", "SELECT 2 -- ;")),
        (
            "CREATE PROCEDURE p() BEGIN DELETE FROM t; DELETE FROM u; END",
            ("CREATE PROCEDURE p() BEGIN DELETE FROM t; DELETE FROM u; END",),
        ),
        (
            "DROP TRIGGER x; "
            "create definer = current_user trigger x BEFORE INSERT ON t FOR EACH ROW "
            "BEGIN SET NEW.a = 1; END",
            (
                "DROP TRIGGER x",
                "create definer = current_user trigger x BEFORE INSERT ON t FOR EACH ROW "
                "BEGIN SET NEW.a = 1; END",
            ),
        ),
        (
            "CREATE TABLE event (a int); INSERT INTO event VALUES (1)",
            ("CREATE TABLE event (a int)", "INSERT INTO event VALUES (1)"),
        ),
    ],
)
def test_block_is_cut_between_statements(block, statements):
    assert statements_of(block, "mysql") == statements


def test_dollar_quotes_hold_semicolons():
    block = "DO $$ BEGIN PERFORM 1; END $$; SELECT 1"
    assert statements_of(block, "postgres") == ("DO $$ BEGIN PERFORM 1; END $$", "SELECT 1")


def test_quote_that_is_not_closed_is_wrong_usage():
    with pytest.raises(UsageError, match="SQL block: cannot be split into statements"):
        statements_of("SELECT 'a; SELECT 2", "mysql")
