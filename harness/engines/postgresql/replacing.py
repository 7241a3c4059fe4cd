"""Tables replaced on PostgreSQL: COPY FREEZE into new tables, and a change of schema, in one go.

Definitions change in transactions here, so all steps are one transaction, and whatever ends it
leaves the old tables as they were. Nothing is loaded without log where the log is kept for standbys
or archives (wal_level replica or logical); at wal_level minimal a table that the transaction itself
has made or emptied is flushed instead of logged (manual, "Populating a Database").
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.engines.postgresql.loading import load
from harness.engines.replacing import Columns, Replacing, Space, Unlogged


def extract(connection: Any, table: str, columns: Columns, rest: str, path: Path) -> int:
    """Let the server write the lines (COPY TO STDOUT)."""
    names = ", ".join(f'"{name}"' for name, _text in columns)
    query = f'COPY (SELECT {names} FROM "{table}" {rest}) TO STDOUT'
    with connection.cursor() as cursor, path.open("wb") as file:
        with cursor.copy(query) as copy:
            for piece in copy:
                file.write(piece)
        return int(cursor.rowcount)


def load_frozen(connection: Any, table: str, columns: Sequence[str], path: Path) -> None:
    """Load rows as old as any, which nothing will have to freeze later (COPY FREEZE)."""
    load(connection, table, columns, path, "WITH (FREEZE)")


# Comes with the server's additional modules, which a small installation may lack; making it needs
# the right to make extensions.
_PGSTATTUPLE = """DO $$ BEGIN
  CREATE EXTENSION IF NOT EXISTS pgstattuple;
EXCEPTION WHEN feature_not_supported OR undefined_file OR insufficient_privilege THEN NULL;
END $$"""

# A table with partitions has no pages of its own.
_PARTS = """WITH part AS (
  SELECT c.oid FROM pg_class AS c
  WHERE c.relkind = 'r' AND (c.oid = '"{table}"'::regclass
    OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = '"{table}"'::regclass)))
"""

_FILES = f"""{_PARTS}
SELECT sum(pg_total_relation_size(oid)), sum(pg_indexes_size(oid)) FROM part"""

_EXACT = f"""{_PARTS}
SELECT sum(s.free_space), sum(s.dead_tuple_len), sum(s.tuple_len)
  FROM (SELECT oid FROM part
        UNION ALL SELECT indexrelid FROM pg_index JOIN part ON indrelid = part.oid) AS r,
       LATERAL pgstattuple(r.oid) AS s"""

_ESTIMATED = f"""{_PARTS}
SELECT NULL, sum(CASE WHEN n_live_tup + n_dead_tup > 0
    THEN pg_relation_size(relid) * n_dead_tup / (n_live_tup + n_dead_tup) END), NULL
  FROM pg_stat_user_tables JOIN part ON relid = part.oid"""


def space(connection: Any, table: str) -> Space:
    """By every page of table and indexes where pgstattuple is there (manual, "pgstattuple").

    Else dead rows are estimated from their number, and nothing is known of the rest.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'pgstattuple'")
        exact = bool(cursor.fetchone()[0])
        cursor.execute(_FILES.format(table=table))
        files, indexes = cursor.fetchone()
        cursor.execute((_EXACT if exact else _ESTIMATED).format(table=table))
        free, dead, live = (None if told is None else int(told) for told in cursor.fetchone())
    return Space(int(files), int(indexes), free, dead, live, None)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _swap(names: Sequence[str], home: str, new: str, old: str) -> Sequence[str]:
    return [
        *(f'ALTER TABLE "{home}"."{name}" SET SCHEMA "{old}"' for name in reversed(names)),
        *(f'ALTER TABLE "{new}"."{name}" SET SCHEMA "{home}"' for name in names),
    ]


POSTGRESQL_REPLACING = Replacing(
    sentence=(
        "at wal_level minimal, tables that the same transaction has emptied are flushed and not "
        "logged; at the default level, replica, all of it is logged"
    ),
    extract=extract,
    hold=lambda names: [f"LOCK TABLE {_quoted(names)} IN SHARE MODE"],
    hold_all=lambda names: [f"LOCK TABLE {_quoted(names)} IN ACCESS EXCLUSIVE MODE"],
    let_go=("COMMIT",),
    load=load_frozen,
    # The rows come from tables whose keys were checked.
    quiet=("SET session_replication_role = replica", "SET lock_timeout = '60s'"),
    use='SET search_path TO "{}"',
    fill=lambda names: [f"TRUNCATE TABLE {_quoted(names)}"],
    swap=_swap,
    one_transaction=True,
    fresh=(),
    waits="SELECT 1 FROM pg_locks WHERE pid = {} AND NOT granted",
    # pg_sequences shows nothing of a sequence that was set and not used since, as after the last
    # replacement; so the number is taken, and given out again by the new sequence.
    counter=(
        "SELECT nextval(pg_get_serial_sequence('\"{schema}\".\"{table}\"', '{column}')), '{table}'"
    ),
    count_from="SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'), {number}, false)",
    unlogged=Unlogged(
        # A table without log may refer to one with it, and not the other way round.
        begin=lambda names: [f'ALTER TABLE "{name}" SET UNLOGGED' for name in reversed(names)],
        end=lambda names: [f'ALTER TABLE "{name}" SET LOGGED' for name in names],
        sentence=(
            "SET LOGGED writes the whole table anew with its indexes, and to the log as well "
            "unless wal_level is minimal"
        ),
    ),
    schemas="SELECT nspname FROM pg_namespace",
    within=(
        "SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend"
        " WHERE refclassid = 'pg_namespace'::regclass AND refobjid = to_regnamespace('\"{}\"')"
    ),
    space=space,
    statistics=lambda names: [_PGSTATTUPLE, f"ANALYZE {_quoted(names)}"],
    rebuild=lambda names: [f'VACUUM FULL "{name}"' for name in names],
)
