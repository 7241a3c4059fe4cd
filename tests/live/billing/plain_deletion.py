"""What a plain deletion leaves, by tables of its own that nothing else was done to."""

from harness.engines import ENGINES
from harness.loading.loader import load, read_digests
from schema.billing import metadata
from workloads.billing.batch.bulk_deletion import bulk_deletion
from workloads.billing.measurements.month import MONTH_END

_LEFT = {}


def left_by_plain_deletion(database, data):
    """The digests of all tables: once for each engine and data, in a database that is empty."""
    key = (database.kind, id(data))
    if key not in _LEFT:
        kind = ENGINES[database.kind]
        load(kind, database.url, data, lambda _blocks, _rows: None)
        with database.engine.connect() as connection:
            bulk_deletion(connection, MONTH_END)
        _LEFT[key] = read_digests(kind, database.url, metadata)[1]
        metadata.drop_all(database.engine)
    return _LEFT[key]
