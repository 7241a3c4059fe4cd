"""A server's life: killed, halted, paused, started again on the same port and data, gone."""

from __future__ import annotations

import dataclasses
import os

import pytest
from live.servers import evidence

from harness.engines import Profile
from harness.servers import asking, ladder
from harness.servers.databases import fresh_database
from harness.servers.server import Inspectable, Killable, Pausable

pytestmark = pytest.mark.integration


@pytest.fixture
def kept(running):
    """A table whose rows say when they were committed; on a server that answers afterwards."""
    engine, server = running.engine, running.server
    with fresh_database(server) as url:
        asking.tell(engine, url, ["CREATE TABLE kept (what VARCHAR(40) PRIMARY KEY)"])
        yield url
        asking.ask(engine, url, "SELECT 1")


def rows(running, url):
    with asking.connected(running.engine, url) as connection:
        return {what for (what,) in asking.rows_of(connection, "SELECT what FROM kept")}


def commit(running, url, what):
    asking.tell(running.engine, url, [f"INSERT INTO kept VALUES ('{what}')"])


def test_our_own_server_can_be_killed_paused_and_looked_into(running):
    assert isinstance(running.server, Killable)
    assert isinstance(running.server, Pausable)
    assert isinstance(running.server, Inspectable)


def test_server_says_its_version_as_numbers(running):
    numbers = tuple(int(number) for number in running.server.version.split("."))
    assert numbers >= running.engine.oldest_supported


def test_killed_server_restarts_on_the_same_port_with_all_committed_rows(running, kept):
    port = kept.port
    commit(running, kept, "committed-before-kill")
    with asking.connected(running.engine, kept) as connection:
        asking.execute(connection, ["BEGIN", "INSERT INTO kept VALUES ('in-progress-before-kill')"])
        running.server.kill()
        with pytest.raises(running.engine.driver_error):
            asking.ask(running.engine, kept, "SELECT 1")
    running.server.restart()
    assert running.server.url().port == port
    assert rows(running, kept) == {"committed-before-kill"}
    commit(running, kept, "committed-after-kill")
    assert rows(running, kept) == {"committed-before-kill", "committed-after-kill"}


def test_kill_leaves_no_process_and_may_be_repeated(running, kept):
    server = running.server
    server.kill()
    server.kill()
    assert evidence.listening_addresses(kept.port) == set()
    for folder in server._guard.record.folders:
        assert evidence.processes.inside(folder) == []
    server.restart()


def test_halted_server_restarts_with_all_committed_rows(running, kept):
    commit(running, kept, "committed-before-halt")
    running.server.halt()
    running.server.halt()  # nothing more to do
    assert evidence.listening_addresses(kept.port) == set()
    running.server.restart()
    assert rows(running, kept) == {"committed-before-halt"}


def test_restart_of_a_running_server_halts_it_first(running, kept):
    commit(running, kept, "committed-before-restart")
    running.server.restart()
    assert rows(running, kept) == {"committed-before-restart"}


def test_paused_server_answers_nobody_until_it_is_resumed(running, kept):
    impatient = {"connect_timeout": 2, "read_timeout": 1}
    patience = {
        name: impatient[name] for name in running.engine.recipe.patience if name in impatient
    }
    recipe = dataclasses.replace(running.engine.recipe, patience=patience)
    hurried = dataclasses.replace(running.engine, recipe=recipe)
    running.server.pause()
    try:
        with pytest.raises(running.engine.driver_error):
            asking.ask(hurried, kept, "SELECT 1")
    finally:
        running.server.resume()
    assert asking.ask(running.engine, kept, "SELECT 1") == "1"


def test_paused_server_can_be_killed(running, kept):
    commit(running, kept, "committed-before-pause")
    running.server.pause()
    running.server.kill()
    running.server.restart()
    assert rows(running, kept) == {"committed-before-pause"}


def test_paused_server_can_be_halted(running, kept):
    commit(running, kept, "committed-before-pause")
    running.server.pause()
    running.server.halt()
    running.server.restart()
    assert rows(running, kept) == {"committed-before-pause"}


def test_forked_child_ends_nothing_of_its_parent(running, kept):
    child = os.fork()
    if child == 0:
        running.server.stop()
        os._exit(0)
    os.waitpid(child, 0)
    assert asking.ask(running.engine, kept, "SELECT 1") == "1"


def test_tools_of_the_server_find_it_without_a_password_in_their_arguments(running, kept):
    commit(running, kept, "committed-before-dump")
    dump = {"postgresql": "pg_dump", "mariadb": "mariadb-dump", "mysql": "mysqldump"}
    tool = dump[running.engine.name]
    try:
        said = running.server.run_tool(tool, kept.database)
    except Exception as error:
        if "not among the programs" in str(error) or "exit status 127" in str(error):
            pytest.skip(str(error))
        raise
    assert "committed-before-dump" in said


def test_log_says_something(running):
    assert running.server.log().strip()
    if running.server.log_path is not None:
        assert running.server.log_path.is_file()


def test_times_are_utc_and_a_hundred_sessions_fit(running):
    engine, url = running.engine, running.server.url()
    zone = {"postgresql": "SHOW timezone"}.get(engine.name, "SELECT @@global.time_zone")
    limit = {"postgresql": "SHOW max_connections"}.get(engine.name, "SELECT @@max_connections")
    assert asking.ask(engine, url, zone) in ("UTC", "+00:00")
    assert int(asking.ask(engine, url, limit)) >= 100


def test_what_never_leaves_this_machine_is_not_encrypted(running):
    """To begin TLS takes a driver longer than all that most connections are for."""
    encrypted = {"postgresql": "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"}.get(
        running.engine.name, "SELECT VARIABLE_VALUE FROM {}.session_status WHERE {}"
    )
    schema = {"mysql": "performance_schema", "mariadb": "information_schema"}
    place = schema.get(running.engine.name, "")
    query = encrypted.format(place, "VARIABLE_NAME = 'Ssl_cipher'")
    assert asking.ask(running.engine, running.server.url(), query) in ("", "False")


def test_fresh_databases_are_empty_and_gone_afterwards(running):
    engine, server = running.engine, running.server
    with fresh_database(server) as first, fresh_database(server) as second:
        assert first.database != second.database
        with asking.connected(engine, first) as connection:
            assert asking.rows_of(connection, engine.recipe.statements.objects) == []
        asking.tell(engine, first, ["CREATE TABLE made (id INTEGER PRIMARY KEY)"])
    for gone in (first, second):
        with pytest.raises(engine.driver_error):
            asking.ask(engine, gone, "SELECT 1")


def test_text_outside_ascii_survives(running, kept):
    commit(running, kept, "車検 – Prüfung 🚗")
    assert rows(running, kept) == {"車検 – Prüfung 🚗"}


def test_server_killed_right_after_its_start_lets_us_in_again(offer):
    """The exploring profile flushes no commit, and the password was set by one."""
    with ladder.start(offer, Profile.EXPLORING) as server:
        for _ in range(2):
            server.kill()
            server.restart()
            assert asking.ask(offer.engine, server.url(), "SELECT 1") == "1"


@pytest.mark.parametrize("profile", list(Profile), ids=lambda profile: profile.value)
def test_stopped_server_leaves_nothing(offer, profile, docker_engine):
    with ladder.start(offer, profile) as server:
        record = server._guard.record
        folders = [evidence.Path(folder) for folder in record.folders]
        assert evidence.remains_of(record.name, folders), "nothing is seen of a running server"
        volumes = _volumes(docker_engine, record.name)
        port = server.url().port
    assert evidence.remains_of(record.name, folders) == []
    assert evidence.listening_addresses(port) == set()
    assert not volumes & {volume.name for volume in docker_engine.volumes.list()}
    server.stop()  # once more does no harm


def _volumes(client, name):
    wanted = {"label": f"{evidence.LABEL_ID}={name}"}
    return {
        mount["Name"]
        for container in client.containers.list(filters=wanted)
        for mount in container.attrs["Mounts"]
        if mount["Type"] == "volume"
    }


def test_settings_beyond_the_profile_are_stronger(offer):
    name, query = {
        "postgresql": ("deadlock_timeout", "SHOW deadlock_timeout"),
    }.get(offer.engine.name, ("innodb_lock_wait_timeout", "SELECT @@innodb_lock_wait_timeout"))
    value = "7ms" if offer.engine.name == "postgresql" else "7"
    with ladder.start(offer, Profile.EXPLORING, settings={name: value}) as server:
        assert asking.ask(offer.engine, server.url(), query) == value
