"""How a MySQL or a MariaDB server is made and started.

Every setting is an option on the command line, and no option file is read, so that a machine's own
`/etc/mysql` changes nothing. The prefix `loose-` lets a server ignore an option it does not know
(manual, "Program Option Modifiers"): it serves versions and makers which differ.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.engines.engine import Profile
from harness.engines.mysql.versions import parse_mariadb, parse_mysql
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

ADMINISTRATOR = "root"

_ALWAYS = {
    "max_connections": "200",
    "default_time_zone": "+00:00",
    "character_set_server": "utf8mb4",
    "skip_name_resolve": "ON",
    "loose_mysqlx": "OFF",
}

_DURABLE = {
    "innodb_flush_log_at_trx_commit": "1",
    "sync_binlog": "1",
    "log_bin": "binlog",
    "server_id": "1",
}

_EXPLORING = {
    "innodb_flush_log_at_trx_commit": "0",
    "innodb_doublewrite": "OFF",
    "innodb_buffer_pool_size": "64M",
    "innodb_flush_method": "nosync",
    # A table in a file of its own takes three times as long to TRUNCATE.
    "innodb_file_per_table": "OFF",
    "skip_log_bin": "",
    # Where the lock probe looks: metadata_locks for DDL, and data_lock_waits where there is one.
    "performance_schema": "ON",
    "performance_schema_instrument": "wait/lock/metadata/sql/mdl=ON",
    # Nobody reads what statements did, and to write it down takes a tenth of the time.
    "loose_performance_schema_consumer_events_statements_current": "OFF",
    "loose_performance_schema_consumer_events_statements_history": "OFF",
    "loose_performance_schema_consumer_events_transactions_current": "OFF",
    "loose_performance_schema_consumer_events_transactions_history": "OFF",
    "loose_performance_schema_consumer_statements_digest": "OFF",
    "loose_performance_schema_consumer_thread_instrumentation": "OFF",
}

_MYSQL_EXPLORING = {
    "innodb_redo_log_capacity": "16M",
    "innodb_status_output_locks": "OFF",
    "performance_schema_max_digest_length": "0",
}

_MARIADB_EXPLORING = {
    "innodb_log_file_size": "16M",
    # Who blocks whom follows from the locks that the status text lists.
    "innodb_status_output_locks": "ON",
}


def options(given: Settings) -> tuple[str, ...]:
    """Settings as arguments; a setting without a value is an option without one.

    >>> options({"sync_binlog": "1", "skip_log_bin": ""})
    ('--sync-binlog=1', '--skip-log-bin')
    """
    return tuple(
        f"--{name.replace('_', '-')}" + (f"={value}" if value else "")
        for name, value in given.items()
    )


def mysql_settings(profile: Profile, _version: Version | None) -> Settings:
    """MySQL's settings in a profile."""
    if profile is Profile.DURABLE:
        return {**_ALWAYS, **_DURABLE}
    return {**_ALWAYS, **_EXPLORING, **_MYSQL_EXPLORING}


def mariadb_settings(profile: Profile, _version: Version | None) -> Settings:
    """MariaDB's settings in a profile."""
    if profile is Profile.DURABLE:
        return {**_ALWAYS, **_DURABLE}
    return {**_ALWAYS, **_EXPLORING, **_MARIADB_EXPLORING}


def _initialise_mysql(installation: Installation, data: Path, _profile: Profile) -> Command:
    return Command(
        installation.server.name,
        (
            "--no-defaults",
            "--initialize-insecure",
            f"--basedir={installation.base}",
            f"--datadir={data}",
            "--secure-file-priv=NULL",
            "--loose-innodb-redo-log-capacity=16M",
            "--innodb-flush-method=nosync",
        ),
    )


def _initialise_mariadb(installation: Installation, data: Path, _profile: Profile) -> Command:
    """What `mariadb-install-db` does, without its shell script, help tables and test database.

    The script needs its companions at fixed places, which an unpacked package has not.
    """
    share = ("share/mariadb", "share/mysql", "share")
    parts = ("system_tables", "performance_tables", "system_tables_data")
    tables = [
        tuple(f"{folder}/{maker}_{part}.sql" for folder in share for maker in ("mariadb", "mysql"))
        for part in parts
    ]
    return Command(
        installation.server.name,
        (
            "--no-defaults",
            "--bootstrap",
            f"--basedir={installation.base}",
            f"--datadir={data}",
            "--log-warnings=0",
            "--enforce-storage-engine=",
            "--max-allowed-packet=8M",
            "--net-buffer-length=16K",
            "--innodb-log-file-size=16M",
            "--innodb-flush-method=nosync",
        ),
        preamble="CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\n"
        "SET @auth_root_socket = NULL;\nSET @skip_auth_anonymous = 1;\n",
        inputs=(
            *tables,
            tuple(f"{folder}/maria_add_gis_sp_bootstrap.sql" for folder in share),
            tuple(
                f"{folder}/{maker}_sys_schema.sql"
                for folder in share
                for maker in ("mariadb", "mysql")
            ),
        ),
        # There are more administrators without password than the one that is claimed.
        postscript="\nDELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';\n",
    )


def _serve(
    installation: Installation,
    layout: Layout,
    given: Settings,
    claiming: bool,
) -> tuple[str, ...]:
    here = {
        "basedir": str(installation.base),
        "datadir": str(layout.data),
        "socket": str(layout.sockets / "mysql.sock"),
        "secure_file_priv": str(layout.exchange),
        "pid_file": str(layout.folder / "server.pid"),
        "bind_address": "127.0.0.1",
        "port": str(layout.port),
    }
    claim = {"init_file": str(layout.claim)} if claiming else {}
    return ("--no-defaults", *options({**given, **here, **claim}))


def _claim(administrator: str, password: str) -> tuple[str, ...]:
    """The password for the administrator on the socket and from any address that can reach us."""
    return (
        "SET SESSION sql_log_bin = 0",
        f"ALTER USER '{administrator}'@'localhost' IDENTIFIED BY '{password}'",
        f"CREATE USER IF NOT EXISTS '{administrator}'@'%' IDENTIFIED BY '{password}'",
        f"ALTER USER '{administrator}'@'%' IDENTIFIED BY '{password}'",
        f"GRANT ALL ON *.* TO '{administrator}'@'%' WITH GRANT OPTION",
        # Where commits are not flushed, a kill within a second would take the password back.
        "FLUSH ENGINE LOGS",
    )


def _tool_configuration(host: str, port: int | None, password: str) -> str:
    place = f"socket={host}/mysql.sock" if host.startswith("/") else f"host={host}\nport={port}"
    return f'[client]\nuser={ADMINISTRATOR}\npassword="{password}"\n{place}\n'


_TOOLS = ToolRecipe(
    configuration=_tool_configuration,
    arguments=lambda file: (f"--defaults-file={file}",),
    environment=lambda _file, _host, _port: {},
)

_STATEMENTS = Statements(
    claim=_claim,
    create_database=lambda name: f"CREATE DATABASE {name} CHARACTER SET utf8mb4",
    drop_database=lambda name: f"DROP DATABASE IF EXISTS {name}",
    anywhere="",
    system_databases=frozenset({"mysql", "sys", "information_schema", "performance_schema"}),
    # MariaDB 12 has more values than on and off here, MySQL answers with a number.
    read_only="SELECT 'read_only is on' FROM DUAL WHERE @@GLOBAL.read_only NOT IN ('0', 'OFF')",
    objects=read_query(__file__, "user_objects"),
    hold="SELECT GET_LOCK(CONCAT('harness:', LEFT(SHA2(DATABASE(), 256), 48)), 0)",
    before_drop=("SET SESSION foreign_key_checks = 0", "SET SESSION lock_wait_timeout = 20"),
)

# Known to the tools, as the images differ in where they put it, and writable for every user.
_SOCKETS = "/tmp"  # noqa: S108 - inside the container, which holds nothing but the server
_SOCKET = f"{_SOCKETS}/mysql.sock"

_FOLDERS = ("usr/sbin", "usr/libexec", "usr/local/mysql/bin", "usr/bin", "opt/mysql/*/bin")


MYSQL_RECIPE = Recipe(
    settings=mysql_settings,
    stop_signal="SIGTERM",
    patience={"connect_timeout": 5, "read_timeout": 15, "write_timeout": 15},
    schemes=frozenset({"mysql", "mariadb"}),
    local=LocalRecipe(
        programs=("mysqld",),
        folders=_FOLDERS,
        account="mysql",
        package="the package 'mysql-server-core' or 'mysql-community-server'",
        parse_program=parse_mysql,
        initialise=_initialise_mysql,
        files={},
        individual=("auto.cnf",),
        serve=_serve,
        socket_url=None,
    ),
    container=ContainerRecipe(
        image="mysql:9.7",
        version_variable="MYSQL_VERSION",
        environment=lambda file, _profile: {"MYSQL_ROOT_PASSWORD_FILE": file},
        command=lambda given: ("mysqld", *options({**given, "socket": _SOCKET})),
        place=_SOCKETS,
    ),
    tools=_TOOLS,
    statements=_STATEMENTS,
)

# What is not named here is as MySQL has it.
MARIADB_RECIPE = replace(
    MYSQL_RECIPE,
    settings=mariadb_settings,
    local=replace(
        MYSQL_RECIPE.local,
        programs=("mariadbd", "mysqld"),
        package="the package 'mariadb-server'",
        parse_program=parse_mariadb,
        initialise=_initialise_mariadb,
    ),
    container=replace(
        MYSQL_RECIPE.container,
        image="mariadb:11.8",
        version_variable="MARIADB_VERSION",
        environment=lambda file, _profile: {"MARIADB_ROOT_PASSWORD_FILE": file},
        command=lambda given: ("mariadbd", *options({**given, "socket": _SOCKET})),
    ),
)
