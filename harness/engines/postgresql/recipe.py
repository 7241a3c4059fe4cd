"""How a PostgreSQL server is made and started.

Every setting is an option on the command line, which beats `postgresql.conf` and `ALTER SYSTEM`
(manual, section 19.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL

from harness.engines.engine import Profile
from harness.engines.postgresql.versions import parse_program
from harness.engines.recipe import (
    Command,
    ContainerRecipe,
    Installation,
    Layout,
    LocalRecipe,
    Recipe,
    Settings,
    Statements,
    ToolRecipe,
    Version,
    read_query,
)

ADMINISTRATOR = "postgres"

# The socket is in a folder that only the server's own account can enter, so whoever reaches it
# could read the data files as well. TCP always asks for the password.
_HOST_BASED_AUTHENTICATION = """\
local  all          all                trust
local  replication  all                trust
host   all          all  127.0.0.1/32  scram-sha-256
host   replication  all  127.0.0.1/32  scram-sha-256
"""

_ALWAYS = {
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}

_EXPLORING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "min_wal_size": "4MB",
    "max_wal_size": "64MB",
    # An exhaustive search meets many deadlocks, and each costs this long (section 19.12).
    "deadlock_timeout": "1ms",
    # Its locks and its snapshots would make one execution differ from the next.
    "autovacuum": "off",
    "jit": "off",
}


def settings(profile: Profile, version: Version | None) -> Settings:
    """The server's settings; those that only some versions know need the version.

    >>> settings(Profile.EXPLORING, (18, 1))["io_method"]
    'sync'
    """
    if profile is Profile.DURABLE:
        return _ALWAYS
    newest = {"io_method": "sync"} if version is not None and version >= (18,) else {}
    return {**_ALWAYS, **_EXPLORING, **newest}


def options(given: Settings) -> tuple[str, ...]:
    """Settings as arguments.

    >>> options({"fsync": "off"})
    ('-c', 'fsync=off')
    """
    return tuple(word for name, value in given.items() for word in ("-c", f"{name}={value}"))


def initialisation(profile: Profile) -> tuple[str, ...]:
    """What `initdb` is told: UTF-8, sorted by code point, as on every machine alike.

    Without the encoding an empty LANG gives SQL_ASCII, and then drivers return bytes.
    """
    small = ("--wal-segsize=1",) if profile is Profile.EXPLORING else ()
    return ("--encoding=UTF8", "--locale=C", *small)


def _initialise(_installation: Installation, data: Path, profile: Profile) -> Command:
    return Command(
        "initdb",
        (
            f"--pgdata={data}",
            f"--username={ADMINISTRATOR}",
            "--auth=trust",
            "--no-sync",
            "--no-instructions",
            *initialisation(profile),
        ),
    )


def _serve(
    _installation: Installation,
    layout: Layout,
    given: Settings,
    claiming: bool,  # noqa: ARG001 -- the twin engine reads its claim at start
) -> tuple[str, ...]:
    here = {
        "listen_addresses": "127.0.0.1",
        "port": str(layout.port),
        "unix_socket_directories": str(layout.sockets),
    }
    return ("-D", str(layout.data), *options({**given, **here}))


def _socket_url(layout: Layout) -> URL:
    return URL.create(
        "postgresql+psycopg",
        username=ADMINISTRATOR,
        database="postgres",
        query={"host": str(layout.sockets), "port": str(layout.port)},
    )


def _container_environment(password_file: str, profile: Profile) -> Mapping[str, str]:
    return {
        "POSTGRES_PASSWORD_FILE": password_file,
        "POSTGRES_INITDB_ARGS": " ".join(("--no-sync", *initialisation(profile))),
        "POSTGRES_HOST_AUTH_METHOD": "scram-sha-256",
    }


def _claim(administrator: str, password: str) -> tuple[str, ...]:
    return (
        # Where commits are not flushed, a kill within a second would take the password back.
        "SET synchronous_commit = on",
        f"ALTER ROLE \"{administrator}\" PASSWORD '{password}'",
    )


def _tool_configuration(host: str, port: int | None, password: str) -> str:
    return f"{host}:{port or '*'}:*:{ADMINISTRATOR}:{password}\n"


def _tool_environment(file: str, host: str, port: int | None) -> Mapping[str, str]:
    place = {"PGHOST": host, "PGUSER": ADMINISTRATOR, "PGPASSFILE": file}
    return {**place, "PGPORT": str(port)} if port else place


POSTGRESQL_RECIPE = Recipe(
    settings=settings,
    stop_signal="SIGINT",
    patience={"connect_timeout": 5},
    schemes=frozenset({"postgresql", "postgres"}),
    local=LocalRecipe(
        programs=("postgres",),
        folders=("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/local/pgsql/bin"),
        account="postgres",
        package="the package 'postgresql'",
        parse_program=parse_program,
        initialise=_initialise,
        files={"pg_hba.conf": _HOST_BASED_AUTHENTICATION},
        individual=(),
        serve=_serve,
        socket_url=_socket_url,
    ),
    container=ContainerRecipe(
        image="postgres:18",
        version_variable="PG_VERSION",
        environment=_container_environment,
        command=lambda given: ("postgres", *options(given)),
        place="127.0.0.1",
    ),
    tools=ToolRecipe(
        configuration=_tool_configuration,
        arguments=lambda _file: (),
        environment=_tool_environment,
    ),
    statements=Statements(
        claim=_claim,
        create_database=lambda name: f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'",
        drop_database=lambda name: f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
        anywhere="postgres",
        system_databases=frozenset({"postgres", "template0", "template1"}),
        read_only=(
            "SELECT CASE WHEN pg_is_in_recovery() THEN 'it is a standby'"
            " ELSE 'default_transaction_read_only is on' END"
            " WHERE pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean"
        ),
        objects=read_query(__file__, "user_objects"),
        hold="SELECT pg_try_advisory_lock(hashtext('harness:' || current_database()))",
        before_drop=("SET lock_timeout = '20s'",),
    ),
)
