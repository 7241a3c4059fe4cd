"""What an error says of the server follows from its code and its kind, not from its text."""

import socket
from dataclasses import replace

import psycopg
import pymysql
import pytest
from psycopg import errors
from sqlalchemy import URL
from sqlalchemy.exc import OperationalError

from harness.engines import ENGINES
from harness.engines.trouble import Trouble
from harness.servers.asking import connect
from harness.sessions.trouble import told

REFUSED, UNREACHED, LOST, LATE = Trouble.REFUSED, Trouble.UNREACHED, Trouble.LOST, Trouble.LATE
NOTHING = "the text means nothing: timed out, 2013, 57P01, connection refused"

NUMBERS = {1064: REFUSED, 1205: REFUSED, 1317: REFUSED, 2014: REFUSED}
NUMBERS |= {2003: UNREACHED, 1040: UNREACHED, 1045: UNREACHED}
NUMBERS |= {2006: LOST, 2013: LOST, 0: LOST, 1053: LOST, 1927: LOST, 4031: LOST}
SQLSTATES = {"42601": REFUSED, "57014": REFUSED, "53100": REFUSED, "40P01": REFUSED}
SQLSTATES |= {"57P03": UNREACHED}
SQLSTATES |= {"57P01": LOST, "57P02": LOST, "25P03": LOST, "08006": LOST}


@pytest.mark.parametrize(("number", "trouble"), NUMBERS.items())
@pytest.mark.parametrize("name", ["mysql", "mariadb"])
def test_error_number_tells(name, number, trouble):
    assert ENGINES[name].trouble_of(pymysql.err.OperationalError(number, NOTHING)) is trouble


@pytest.mark.parametrize(("code", "trouble"), SQLSTATES.items())
def test_sqlstate_tells(code, trouble):
    assert ENGINES["postgresql"].trouble_of(errors.lookup(code)(NOTHING)) is trouble


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (psycopg.OperationalError(NOTHING), LOST),
        (psycopg.InterfaceError(NOTHING), LOST),
        (psycopg.ProgrammingError(NOTHING), REFUSED),
        (errors.ConnectionTimeout(NOTHING), LATE),
    ],
    ids=["connection closed", "interface", "wrong use", "no connection in time"],
)
def test_error_of_the_client_tells(error, trouble):
    assert ENGINES["postgresql"].trouble_of(error) is trouble


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (pymysql.err.MySQLError(), LOST),
        (pymysql.err.InternalError("Packet sequence number wrong - got 2 expected 1"), LOST),
        (pymysql.err.Error("Already closed"), LOST),
        (pymysql.err.InterfaceError(0, ""), LOST),
        (pymysql.err.OperationalError("unexpected packet during authentication"), LOST),
        (pymysql.err.ProgrammingError("execute() first"), REFUSED),
        (pymysql.err.NotSupportedError("Backwards scrolling not supported"), REFUSED),
    ],
    ids=["nothing", "packets", "closed", "closed-before", "begin", "wrong use", "not supported"],
)
@pytest.mark.parametrize("name", ["mysql", "mariadb"])
def test_an_error_without_a_number_is_no_refusal_by_the_server(name, error, trouble):
    assert ENGINES[name].trouble_of(error) is trouble


@pytest.fixture
def silent_port():
    """Somebody listens there, takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port(silent_port):
    del silent_port  # it is taken, so this is another
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("through_sqlalchemy", [False, True], ids=["driver", "sqlalchemy"])
def test_who_cannot_be_reached_is_told_from_who_says_nothing(
    name, through_sqlalchemy, closed_port, silent_port
):
    recipe = ENGINES[name].recipe
    quick = dict.fromkeys(recipe.patience, 2)  # the least that libpq takes
    engine = replace(ENGINES[name], recipe=replace(recipe, patience=quick))
    for port, seen in ((closed_port, UNREACHED), (silent_port, LATE)):
        url = URL.create(engine.driver, "somebody", "secret", "127.0.0.1", port, "postgres")
        with pytest.raises(engine.driver_error) as caught:
            connect(engine, url)
        error = caught.value
        if through_sqlalchemy:
            error = OperationalError("SELECT 1", {}, error)
        assert told(engine, error).startswith(f"the server {seen.value}: ")
        assert "secret" not in told(engine, error)
