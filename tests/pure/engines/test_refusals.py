"""An error is a refusal by its code, whatever its text says."""

import psycopg
import pymysql
import pytest
from psycopg import errors

from harness.engines import ENGINES
from harness.engines.mysql import refusals as mysql
from harness.engines.postgresql import refusals as postgresql
from harness.outcome import Refusal

# error number, kind, may be tried again, ends the transaction
ERROR_NUMBERS = [
    (1213, "deadlock", True, True),
    (1205, "lock-timeout", True, False),
    (3572, "lock-timeout", True, False),
    (1020, "serialization", True, True),
    (1062, "constraint", False, False),
    (1451, "constraint", False, False),
    (1452, "constraint", False, False),
    (1048, "constraint", False, False),
    (3819, "constraint", False, False),
    (4025, "constraint", False, False),
]

SQLSTATES = [
    ("40P01", "deadlock", True, True),
    ("40001", "serialization", True, True),
    ("55P03", "lock-timeout", True, True),
    ("23505", "constraint", False, True),
    ("23503", "constraint", False, True),
    ("23502", "constraint", False, True),
    ("23514", "constraint", False, True),
    ("23P01", "constraint", False, True),
]


def sqlstate_error(code: str) -> psycopg.Error:
    return errors.lookup(code)("the text means nothing: deadlock, 40001, 1213")


@pytest.mark.parametrize(("number", "kind", "retryable", "ends"), ERROR_NUMBERS)
@pytest.mark.parametrize("raised", [pymysql.err.OperationalError, pymysql.err.InternalError])
def test_an_error_number_is_a_refusal(raised, number, kind, retryable, ends):
    error = raised(number, "the text means nothing: 40001")
    assert mysql.classify(error) == Refusal(kind, str(number), retryable, ends)


@pytest.mark.parametrize(("code", "kind", "retryable", "ends"), SQLSTATES)
def test_an_sqlstate_is_a_refusal(code, kind, retryable, ends):
    assert postgresql.classify(sqlstate_error(code)) == Refusal(kind, code, retryable, ends)


@pytest.mark.parametrize(
    "error",
    [
        pymysql.err.ProgrammingError(1064, "Deadlock found: You have an error in your SQL syntax"),
        pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query"),
        pymysql.err.OperationalError(1317, "Query execution was interrupted"),
        pymysql.err.OperationalError("(1213, 'Deadlock found')"),
        pymysql.err.Error(),
        ValueError(1213, "Deadlock found"),
        sqlstate_error("40P01"),
    ],
    ids=[
        "syntax",
        "lost",
        "interrupted",
        "a text",
        "nothing",
        "not of the driver",
        "another driver",
    ],
)
def test_another_error_is_none(error):
    assert mysql.classify(error) is None


@pytest.mark.parametrize(
    "error",
    [
        sqlstate_error("42601"),
        sqlstate_error("57014"),
        sqlstate_error("57P01"),
        sqlstate_error("25P02"),
        psycopg.OperationalError("deadlock detected"),
        psycopg.InterfaceError("40P01"),
        ValueError("40P01"),
        pymysql.err.OperationalError(1213, "Deadlock found"),
    ],
    ids=[
        "syntax",
        "cancelled",
        "terminated",
        "aborted before",
        "a text",
        "a text of the driver",
        "not of the driver",
        "another driver",
    ],
)
def test_another_error_is_none_by_sqlstate(error):
    assert postgresql.classify(error) is None


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_every_engine_has_its_familys_classifier(engine):
    family = postgresql if engine.name == "postgresql" else mysql
    assert (engine.classify, engine.detail_of) == (family.classify, family.detail_of)


@pytest.mark.parametrize("detail_of", [mysql.detail_of, postgresql.detail_of])
def test_an_error_from_elsewhere_has_no_detail(detail_of):
    assert detail_of(ValueError("Process 1 waits for 2")) == ""
