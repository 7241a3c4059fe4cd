"""What the tables hold after a night, to be compared with another night's."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import URL, Column, MetaData, Table

from harness.engines.engine import Engine
from harness.loading.digest import Digest, server_digest
from harness.loading.loader import driver_connection, opened


def night_digests(
    engine: Engine, url: URL, metadata: MetaData, without: Collection[str] = ()
) -> Mapping[str, Digest]:
    """The digest of each table, without the columns that the server's clock fills in.

    `without` names tables to leave out: after a crash a work table that nobody needs any more may
    rightly be lost.

    Raises:
        engine.driver_error: the server refused.
    """
    with opened(engine, url) as database, driver_connection(database) as connection:
        return {
            table.name: server_digest(engine, connection, _without_clock(table))
            for table in metadata.sorted_tables
            if table.name not in without
        }


def _without_clock(table: Table) -> Table:
    kept = [column for column in table.columns if column.info.get("filled_by") != "clock"]
    return Table(table.name, MetaData(), *(Column(column.name, column.type) for column in kept))
