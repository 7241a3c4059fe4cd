"""MySQL and MariaDB, composed. They share a protocol and InnoDB; what differs is a value here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pymysql
from pymysql.constants import CLIENT

from harness.engines.engine import Capability, Engine
from harness.engines.mysql.client import MARIADB_CLIENT, MYSQL_CLIENT
from harness.engines.mysql.crash import MARIADB_CRASH, MYSQL_CRASH
from harness.engines.mysql.figures import MARIADB_MONITORING, MYSQL_MONITORING
from harness.engines.mysql.loading import MYSQL_LOADING
from harness.engines.mysql.lock_memory import MARIADB_LOCK_MEMORY, MYSQL_LOCK_MEMORY
from harness.engines.mysql.locks import MysqlLockProbe
from harness.engines.mysql.log_space import MARIADB_LOG_SPACE, MYSQL_LOG_SPACE
from harness.engines.mysql.mariadb_locks import MariadbLockProbe
from harness.engines.mysql.measuring import MYSQL_MEASURING
from harness.engines.mysql.partitioning import MYSQL_PARTITIONING
from harness.engines.mysql.recipe import MARIADB_RECIPE, MYSQL_RECIPE
from harness.engines.mysql.refusals import classify, detail_of, trouble_of
from harness.engines.mysql.replacing import MYSQL_REPLACING
from harness.engines.mysql.unit_log import MYSQL_UNIT_LOG
from harness.engines.mysql.versions import parse_mariadb, parse_mysql
from harness.engines.storage import Storage

_CONNECT = {"charset": "utf8mb4", "connect_timeout": 10, "init_command": "SET time_zone = '+00:00'"}

# PyMySQL asks for TLS wherever a server offers it, and every connection then reads all certificates
# that this machine trusts: 30 ms of computing. Nobody can listen between here and here.
_LOOPBACK = {"ssl_disabled": "true"}

# MySQL keeps what it has told of a table for a day, but nobody asks before the rows are loaded.
_COUNTERS = """
SELECT CONCAT('ALTER TABLE `', table_name, '` AUTO_INCREMENT = ', auto_increment),
       table_name, auto_increment
FROM information_schema.tables
WHERE table_schema = DATABASE() AND auto_increment IS NOT NULL
"""

_STORAGE = Storage(
    counters=_COUNTERS,
    # SQLAlchemy asks for FOUND_ROWS itself, unless it is given flags.
    connect_arguments={"client_flag": CLIENT.FOUND_ROWS | CLIENT.MULTI_STATEMENTS},
)


def truncate(names: Sequence[str]) -> Sequence[str]:
    """One TRUNCATE for each table: InnoDB makes a new tree, without delete-marked rows."""
    return [f"TRUNCATE TABLE `{name}`" for name in names]


_SHARED_CAPABILITIES = {
    "locks its parents on insert": Capability(
        True,
        "an insert puts a shared lock on each row that its foreign keys name, "
        "so two inserts below one row followed by updates of it deadlock",
    ),
    "finds deadlocks at once": Capability(
        True, "a deadlock is found in the moment it closes (errno 1213)"
    ),
    "watches reads at serializable": Capability(
        False, "at serializable a plain read takes shared locks, and who would break it waits"
    ),
    "shows lock memory": Capability(
        True, "memory and number of row locks are in information_schema.innodb_trx"
    ),
    "reads uncommitted rows": Capability(
        True, "at read uncommitted a plain read shows what others have not committed yet"
    ),
    "undoes after opening": Capability(
        True, "what was open at a kill is rolled back in the background, beside the programs"
    ),
}

MYSQL = Engine(
    name="mysql",
    title="MySQL",
    driver="mysql+pymysql",
    sql_dialect="mysql",
    driver_error=pymysql.err.MySQLError,
    port=3306,
    administrator="root",
    maintenance_database="mysql",
    oldest_supported=(8, 4),
    session_query="SELECT CONNECTION_ID()",
    version_query="SELECT VERSION()",
    parse_version=parse_mysql,
    recipe=MYSQL_RECIPE,
    client=MYSQL_CLIENT,
    probe=MysqlLockProbe,
    classify=classify,
    trouble_of=trouble_of,
    detail_of=detail_of,
    connect_arguments=_CONNECT,
    truncate=truncate,
    truncate_reaches_references=False,
    views_keep_tables=False,
    without_foreign_keys=(
        (
            "SET SESSION foreign_key_checks = 0",
            # Else a row numbered 0 would get another number when it is loaded again.
            "SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_AUTO_VALUE_ON_ZERO')",
        ),
        ("SET SESSION foreign_key_checks = 1",),
    ),
    loading=MYSQL_LOADING,
    crash=MYSQL_CRASH,
    monitoring=MYSQL_MONITORING,
    measuring=MYSQL_MEASURING,
    replacing=MYSQL_REPLACING,
    partitioning=MYSQL_PARTITIONING,
    lock_memory=MYSQL_LOCK_MEMORY,
    log_space=MYSQL_LOG_SPACE,
    unit_log=MYSQL_UNIT_LOG,
    storage=_STORAGE,
    loopback_options=_LOOPBACK,
    capabilities={
        **_SHARED_CAPABILITIES,
        "refuses stale writes": Capability(
            False,
            "at repeatable read an update works on the newest row, whatever the snapshot showed: "
            "lost updates pass",
        ),
    },
)

# What is not named here is as MySQL has it.
MARIADB = replace(
    MYSQL,
    name="mariadb",
    title="MariaDB",
    driver="mariadb+pymysql",
    oldest_supported=(10, 11),
    parse_version=parse_mariadb,
    recipe=MARIADB_RECIPE,
    client=MARIADB_CLIENT,
    probe=MariadbLockProbe,
    crash=MARIADB_CRASH,
    monitoring=MARIADB_MONITORING,
    lock_memory=MARIADB_LOCK_MEMORY,
    log_space=MARIADB_LOG_SPACE,
    capabilities={
        **_SHARED_CAPABILITIES,
        "refuses stale writes": Capability(
            True,
            "at repeatable read, from 11.8, a row changed since the snapshot is refused "
            "(innodb_snapshot_isolation, errno 1020)",
            since=(11, 8),
        ),
    },
)
