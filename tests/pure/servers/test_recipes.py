"""What servers are told: pure functions from layouts and settings to arguments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.engines import ENGINES, Profile
from harness.engines.recipe import Installation, Layout

LAYOUT = Layout(Path("/run/x"), Path("/run/x/sockets"), 24107)
INSTALLATIONS = {
    "mysql": Installation(Path("/usr/sbin/mysqld"), (9, 7, 2)),
    "mariadb": Installation(Path("/usr/sbin/mariadbd"), (11, 8, 3)),
    "postgresql": Installation(Path("/usr/lib/postgresql/18/bin/postgres"), (18, 1)),
}
each_engine = pytest.mark.parametrize("name", list(ENGINES))
each_profile = pytest.mark.parametrize("profile", list(Profile), ids=lambda one: one.value)


def arguments(name, profile, *, claiming=False, more=()):
    recipe = ENGINES[name].recipe
    settings = {**recipe.settings(profile, INSTALLATIONS[name].version), **dict(more)}
    return recipe.local.serve(INSTALLATIONS[name], LAYOUT, settings, claiming)


def words(name, profile, **how):
    """Arguments without dashes, underscores made dashes, as both families spell settings."""
    return {word.removeprefix("--").replace("_", "-") for word in arguments(name, profile, **how)}


@each_engine
@each_profile
def test_server_listens_on_the_loopback_address_and_its_port_only(name, profile):
    told = words(name, profile)
    assert {"bind-address=127.0.0.1", "listen-addresses=127.0.0.1"} & told
    assert "port=24107" in told


@each_engine
@each_profile
def test_server_keeps_everything_in_its_own_folders(name, profile):
    told = " ".join(arguments(name, profile))
    assert "/run/x/data" in told
    assert "/run/x/sockets" in told


@each_engine
@each_profile
def test_place_of_a_server_cannot_be_changed_by_settings(name, profile):
    more = {"port": "1", "listen_addresses": "*", "bind_address": "0.0.0.0"}
    told = words(name, profile, more=more)
    assert "port=24107" in told
    assert "port=1" not in told
    assert {"bind-address=127.0.0.1", "listen-addresses=127.0.0.1"} & told


@each_engine
@each_profile
def test_settings_of_the_caller_are_stronger_than_the_profile(name, profile):
    told = words(name, profile, more={"max_connections": "7"})
    assert "max-connections=7" in told
    assert "max-connections=200" not in told


@each_engine
@each_profile
def test_hundred_sessions_fit_and_times_are_utc(name, profile):
    told = words(name, profile)
    assert "max-connections=200" in told
    assert {"default-time-zone=+00:00", "timezone=UTC"} & told


def test_durable_profile_of_mysql_flushes_at_every_commit_and_keeps_a_binary_log():
    for name in ("mysql", "mariadb"):
        told = words(name, Profile.DURABLE)
        assert {"innodb-flush-log-at-trx-commit=1", "sync-binlog=1", "log-bin=binlog"} <= told


def test_durable_profile_of_postgresql_changes_no_setting_of_durability():
    told = " ".join(words("postgresql", Profile.DURABLE))
    assert "fsync" not in told
    assert "synchronous-commit" not in told


def test_exploring_profile_is_quick():
    assert "fsync=off" in words("postgresql", Profile.EXPLORING)
    assert any(
        re.fullmatch(r"deadlock-timeout=\dms", word)
        for word in words("postgresql", Profile.EXPLORING)
    )
    for name in ("mysql", "mariadb"):
        assert "innodb-flush-log-at-trx-commit=0" in words(name, Profile.EXPLORING)
        assert "skip-log-bin" in words(name, Profile.EXPLORING)


def test_settings_that_only_some_versions_know_wait_for_the_version():
    settings = ENGINES["postgresql"].recipe.settings
    assert "io_method" in settings(Profile.EXPLORING, (18, 1))
    assert "io_method" not in settings(Profile.EXPLORING, (17, 6))
    assert "io_method" not in settings(Profile.EXPLORING, None)


@each_engine
def test_only_a_first_start_reads_the_password_from_a_file(name):
    first, later = (arguments(name, Profile.EXPLORING, claiming=claim) for claim in (True, False))
    by_file = ENGINES[name].recipe.local.socket_url is None
    assert (first != later) == by_file
    assert ("--init-file=/run/x/claim.sql" in first) == by_file


@each_engine
@each_profile
def test_new_data_directory_is_made_by_one_command_that_names_it(name, profile):
    local = ENGINES[name].recipe.local
    command = local.initialise(INSTALLATIONS[name], Path("/run/x/data"), profile)
    assert any(argument.endswith("=/run/x/data") for argument in command.arguments)
    assert "password" not in " ".join(command.arguments)


def test_new_postgresql_directory_is_utf_8_whatever_the_locale():
    local = ENGINES["postgresql"].recipe.local
    command = local.initialise(INSTALLATIONS["postgresql"], Path("/run/x/data"), Profile.DURABLE)
    assert command.program == "initdb"
    assert {"--encoding=UTF8", "--locale=C", "--username=postgres"} <= set(command.arguments)
    assert "--wal-segsize=1" not in command.arguments


@each_engine
def test_claim_gives_the_administrator_the_password(name):
    engine = ENGINES[name]
    statements = engine.recipe.statements.claim(engine.administrator, "s3cret")
    assert any(engine.administrator in one and "'s3cret'" in one for one in statements)
    assert not any(";" in one for one in statements)


@each_engine
@each_profile
def test_container_gets_its_password_by_a_file(name, profile):
    recipe = ENGINES[name].recipe
    variables = recipe.container.environment("/run/harness/password", profile)
    by_file = {key for key, value in variables.items() if value == "/run/harness/password"}
    assert len(by_file) == 1
    assert by_file.pop().endswith("_PASSWORD_FILE")


@each_engine
def test_tools_find_password_and_server_in_a_file(name):
    tools = ENGINES[name].recipe.tools
    for place in ("/run/x/sockets", "127.0.0.1"):
        text = tools.configuration(place, 24107, "s3cret")
        assert "s3cret" in text
        assert place in text
    told = " ".join(tools.arguments("/run/x/client.conf"))
    told += " ".join(tools.environment("/run/x/client.conf", "/run/x/sockets", 24107).values())
    assert "/run/x/client.conf" in told


@each_engine
def test_database_is_made_and_dropped_by_name(name):
    statements = ENGINES[name].recipe.statements
    assert "harness_7" in statements.create_database("harness_7")
    assert "harness_7" in statements.drop_database("harness_7")
    assert ENGINES[name].maintenance_database in statements.system_databases


@each_engine
def test_container_runs_the_server_with_the_same_settings(name):
    recipe = ENGINES[name].recipe
    program, *told = recipe.container.command(recipe.settings(Profile.EXPLORING, None))
    assert program in recipe.local.programs
    assert any("max" in word and word.endswith("200") for word in told)
