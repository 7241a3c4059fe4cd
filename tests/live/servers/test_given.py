"""A given server: used if it is empty or ours, refused with a reason if not, left empty."""

from __future__ import annotations

import dataclasses
import socket

import pytest
from sqlalchemy import URL

from harness.engines import ENGINES, Profile
from harness.errors import HarnessError, Refused, ServerError, UsageError
from harness.servers import asking, ladder
from harness.servers.databases import fresh_database
from harness.servers.offer import Missing, Offer
from harness.servers.options import ServerOptions
from harness.servers.server import Killable

pytestmark = pytest.mark.integration

SCHEMES = {"mysql": "mysql", "mariadb": "mariadb", "postgresql": "postgresql"}


@pytest.fixture
def url(lender) -> URL:
    """An empty database on a server that is not the harness's to kill."""
    with fresh_database(lender.server) as fresh:
        yield fresh


def given(engine, url: URL | str, variable: str = "HARNESS_SERVER"):
    """What the given source says of a URL."""
    text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    options = ServerOptions.from_environment({variable: text}, source="given")
    return ladder.LADDER["given"](engine, options)


def refusal(engine, url: URL | str) -> HarnessError:
    """The error of a URL that is refused, without the password in it."""
    with pytest.raises(HarnessError) as caught:  # noqa: PT012 - refused at either of two moments
        answer = given(engine, url)
        if isinstance(answer, Missing):
            assert answer.error is not None, answer.reason
            raise answer.error
        with ladder.start(answer, Profile.EXPLORING):
            pytest.fail("not refused")
    if isinstance(url, URL) and url.password:
        assert url.password not in caught.value.explain()
    return caught.value


def names(lender, url) -> set[str]:
    with asking.connected(lender.engine, url) as connection:
        found = asking.rows_of(connection, lender.engine.recipe.statements.objects)
        return {name for name, _ in found}


def test_empty_database_is_marked_while_used_and_empty_afterwards(lender, url):
    offer = given(lender.engine, url)
    assert isinstance(offer, Offer)
    assert offer.version == lender.server.version
    with ladder.start(offer, Profile.EXPLORING) as server:
        assert names(lender, url) == {"harness_marker"}
        assert server.source == f"given 127.0.0.1:{url.port}/{url.database}"
        assert not isinstance(server, Killable)
    assert names(lender, url) == set()


def test_fresh_database_is_the_given_one_emptied_each_time(lender, url):
    with ladder.start(given(lender.engine, url), Profile.EXPLORING) as server:
        for _ in range(2):
            with fresh_database(server) as lent:
                assert (lent.host, lent.port, lent.database) == (url.host, url.port, url.database)
                asking.tell(
                    lender.engine,
                    lent,
                    [
                        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
                        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER)",
                        "ALTER TABLE child ADD FOREIGN KEY (parent) REFERENCES parent (id)",
                        "CREATE VIEW all_children AS SELECT * FROM child",
                    ],
                )
            assert names(lender, url) == {"harness_marker"}
    assert names(lender, url) == set()


def test_what_an_interrupted_run_left_is_dropped(lender, url):
    asking.tell(
        lender.engine,
        url,
        ["CREATE TABLE harness_marker (id INTEGER)", "CREATE TABLE left_over (id INTEGER)"],
    )
    with ladder.start(given(lender.engine, url), Profile.EXPLORING):
        assert names(lender, url) == {"harness_marker"}
    assert names(lender, url) == set()


def test_database_with_tables_of_others_is_refused_and_left_as_it_was(lender, url):
    asking.tell(lender.engine, url, ["CREATE TABLE orders (id INTEGER)"])
    error = refusal(lender.engine, url)
    assert isinstance(error, Refused)
    assert error.message == (
        f"given server 127.0.0.1:{url.port}/{url.database}:"
        " the database is not empty (1 object: orders)"
    )
    assert names(lender, url) == {"orders"}


def test_two_runs_do_not_share_a_database(lender, url):
    with ladder.start(given(lender.engine, url), Profile.EXPLORING):
        error = refusal(lender.engine, url)
        assert isinstance(error, Refused)
        assert error.message.endswith("another run of the harness uses this database")
        assert names(lender, url) == {"harness_marker"}


def test_wrong_password_is_refused(lender, url):
    error = refusal(lender.engine, url.set(password="not-the-password"))
    assert isinstance(error, Refused)
    assert error.message.endswith(f"user '{url.username}' cannot log in")


def test_unknown_database_is_refused(lender, url):
    error = refusal(lender.engine, url.set(database="nowhere"))
    assert isinstance(error, Refused)
    assert error.message.endswith("database 'nowhere' is unknown, or not for this user")


def test_database_of_the_server_itself_is_refused(lender, url):
    error = refusal(lender.engine, url.set(database=lender.engine.maintenance_database))
    assert isinstance(error, Refused)
    assert error.message.endswith("is one of the server's own databases")


def test_refused_connection_is_told_from_a_refused_login(lender, url):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = refusal(lender.engine, url.set(port=unused.getsockname()[1]))
    assert isinstance(error, Refused)
    assert error.message.endswith("connection refused")


def test_unknown_host_is_refused(lender, url):
    error = refusal(lender.engine, url.set(host="nowhere.invalid"))
    assert isinstance(error, Refused)
    assert error.message.startswith("given server nowhere.invalid:")


def test_server_that_speaks_something_else_is_refused(lender, url):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.listen()
        port = mute.getsockname()[1]
        recipe = dataclasses.replace(
            lender.engine.recipe, patience={**lender.engine.recipe.patience, "connect_timeout": 2}
        )
        if "read_timeout" in recipe.patience:
            recipe = dataclasses.replace(recipe, patience={**recipe.patience, "read_timeout": 1})
        error = refusal(dataclasses.replace(lender.engine, recipe=recipe), url.set(port=port))
    assert isinstance(error, Refused)


def test_old_server_is_refused_with_the_oldest_supported(lender, url):
    error = refusal(dataclasses.replace(lender.engine, oldest_supported=(99, 1)), url)
    assert isinstance(error, Refused)
    assert error.message.endswith(
        f"{lender.engine.title} {lender.server.version} is too old; the oldest supported is 99.1"
    )


def test_user_who_may_not_create_tables_is_refused(lender, url):
    engine = lender.engine
    if engine.name == "postgresql":
        make = ["CREATE ROLE reader LOGIN PASSWORD 'r-e-a-d'"]
        drop = ["DROP ROLE reader"]
    else:
        make = [
            "CREATE USER reader IDENTIFIED BY 'r-e-a-d'",
            f"GRANT SELECT ON {url.database}.* TO reader",
        ]
        drop = ["DROP USER reader"]
    asking.tell(engine, lender.server.url(), make)
    try:
        error = refusal(engine, url.set(username="reader", password="r-e-a-d"))
    finally:
        asking.tell(engine, lender.server.url(), drop)
    assert isinstance(error, Refused)
    assert "the user may not create tables there" in error.message
    assert names(lender, url) == set()


def test_read_only_server_is_refused(lender, url):
    engine = lender.engine
    if engine.name == "postgresql":
        database = f"ALTER DATABASE {url.database}"
        on = f"{database} SET default_transaction_read_only = on"
        off = f"{database} RESET default_transaction_read_only"
    else:
        variable = "super_read_only" if engine.name == "mysql" else "read_only"
        on, off = f"SET GLOBAL {variable} = ON", "SET GLOBAL read_only = OFF"
    asking.tell(engine, lender.server.url(), [on])
    try:
        error = refusal(engine, url)
    finally:
        asking.tell(engine, lender.server.url(), [off])
    assert isinstance(error, Refused)
    assert "it takes no writes" in error.message


def test_settings_of_a_given_server_are_not_changed(lender, url):
    offer = given(lender.engine, url)
    with (
        pytest.raises(ServerError, match="its settings are not ours to change"),
        ladder.start(offer, Profile.EXPLORING, settings={"a": "b"}),
    ):
        pytest.fail("started")


@pytest.mark.parametrize("name", list(ENGINES))
def test_version_decides_the_kind_and_not_the_scheme(lender, url, name):
    if lender.engine.name == "postgresql":
        pytest.skip("its protocol is another one")
    answer = given(ENGINES[name], url.set(drivername="mysql"))
    assert isinstance(answer, Offer) == (name == lender.engine.name)
    if name not in (lender.engine.name, "postgresql"):
        assert f"is not {ENGINES[name].title}: it says" in answer.reason


def test_url_given_for_another_kind_is_an_error(lender, url):
    other = {"mysql": "mariadb", "mariadb": "mysql"}.get(lender.engine.name)
    if other is None:
        pytest.skip("no other kind speaks its protocol")
    answer = given(ENGINES[other], url, f"HARNESS_{other.upper()}_URL")
    assert isinstance(answer, Missing)
    assert isinstance(answer.error, Refused)


@pytest.mark.parametrize("driver", ["", "+some_driver"])
def test_driver_in_the_url_makes_no_difference(lender, url, driver):
    scheme = SCHEMES[lender.engine.name]
    assert isinstance(given(lender.engine, url.set(drivername=f"{scheme}{driver}")), Offer)


def test_option_that_the_driver_does_not_know_is_refused(lender, url):
    error = refusal(lender.engine, url.update_query_dict({"no_such_option": "1"}))
    assert isinstance(error, Refused)
    assert "no_such_option" in error.explain()


def test_malformed_url_is_wrong_usage(lender):
    error = refusal(lender.engine, "mysql//me:secret@there")
    assert isinstance(error, UsageError)
    assert "secret" not in error.explain()
