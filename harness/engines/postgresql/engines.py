"""PostgreSQL, composed."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from harness.engines.engine import Capability, Engine
from harness.engines.postgresql.client import POSTGRESQL_CLIENT
from harness.engines.postgresql.crash import POSTGRESQL_CRASH
from harness.engines.postgresql.figures import POSTGRESQL_MONITORING
from harness.engines.postgresql.loading import POSTGRESQL_LOADING
from harness.engines.postgresql.lock_memory import POSTGRESQL_LOCK_MEMORY
from harness.engines.postgresql.locks import PostgresqlLockProbe
from harness.engines.postgresql.log_space import POSTGRESQL_LOG_SPACE
from harness.engines.postgresql.measuring import POSTGRESQL_MEASURING
from harness.engines.postgresql.partitioning import POSTGRESQL_PARTITIONING
from harness.engines.postgresql.recipe import POSTGRESQL_RECIPE
from harness.engines.postgresql.refusals import classify, detail_of, trouble_of
from harness.engines.postgresql.replacing import POSTGRESQL_REPLACING
from harness.engines.postgresql.unit_log import POSTGRESQL_UNIT_LOG
from harness.engines.postgresql.versions import parse_postgresql
from harness.engines.storage import Storage

_COUNTERS = """
SELECT format('SELECT setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename),
              coalesce(last_value, start_value), last_value IS NOT NULL)
FROM pg_sequences WHERE schemaname = ANY (current_schemas(false))
"""


def truncate(names: Sequence[str]) -> Sequence[str]:
    """One TRUNCATE for all: tables that reference each other must be emptied together."""
    quoted = ", ".join(f'"{name}"' for name in names)
    return [f"TRUNCATE TABLE {quoted}"] if names else []


POSTGRESQL = Engine(
    name="postgresql",
    title="PostgreSQL",
    driver="postgresql+psycopg",
    sql_dialect="postgres",
    driver_error=psycopg.Error,
    port=5432,
    administrator="postgres",
    maintenance_database="postgres",
    oldest_supported=(15,),
    session_query="SELECT pg_backend_pid()",
    version_query="SHOW server_version",
    parse_version=parse_postgresql,
    recipe=POSTGRESQL_RECIPE,
    client=POSTGRESQL_CLIENT,
    probe=PostgresqlLockProbe,
    classify=classify,
    trouble_of=trouble_of,
    detail_of=detail_of,
    # A statement that psycopg prepares after some uses could get another plan, and other locks, in
    # later executions than in the first.
    connect_arguments={
        "connect_timeout": 10,
        "prepare_threshold": None,
        "options": "-c timezone=UTC",
    },
    working_arguments={"prepare_threshold": 5},  # the driver's own default
    truncate=truncate,
    truncate_reaches_references=True,
    views_keep_tables=True,
    without_foreign_keys=(
        ("SET session_replication_role = replica",),
        ("SET session_replication_role = origin",),
    ),
    loading=POSTGRESQL_LOADING,
    crash=POSTGRESQL_CRASH,
    monitoring=POSTGRESQL_MONITORING,
    measuring=POSTGRESQL_MEASURING,
    replacing=POSTGRESQL_REPLACING,
    partitioning=POSTGRESQL_PARTITIONING,
    lock_memory=POSTGRESQL_LOCK_MEMORY,
    log_space=POSTGRESQL_LOG_SPACE,
    unit_log=POSTGRESQL_UNIT_LOG,
    storage=Storage(
        place="tableoid, ctid",
        size="SELECT pg_relation_size('\"{}\"')",
        page_bytes=8192,
        counters=_COUNTERS,
    ),
    capabilities={
        "locks its parents on insert": Capability(
            False,
            "an insert takes a key-share lock on each row that its foreign keys name, which does "
            "not hinder updates of other columns",
        ),
        "finds deadlocks at once": Capability(
            False, "a deadlock is looked for when a wait has lasted deadlock_timeout (40P01)"
        ),
        "refuses stale writes": Capability(
            True, "at repeatable read a row changed since the snapshot is refused (40001)"
        ),
        "watches reads at serializable": Capability(
            True,
            "at serializable it watches who read what others wrote, and refuses whom it finds in a "
            "dangerous pattern of that at whatever that session does next (40001)",
        ),
        "shows lock memory": Capability(
            False, "row locks are kept in the rows themselves, and take no memory that is shown"
        ),
        "reads uncommitted rows": Capability(
            False, "read uncommitted is read committed under another name"
        ),
        "undoes after opening": Capability(
            False,
            "rows of a transaction that never committed are simply not visible, and VACUUM takes "
            "them away later",
        ),
    },
)
