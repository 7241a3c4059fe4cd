"""What PostgreSQL tells while a run is measured.

Row locks are kept in the rows themselves (manual, "Explicit Locking": no limit on the number of
rows locked at one time), so there is no memory of theirs to be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.engines.measuring import Measuring

_PLACE = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"


def log_bytes(connection: Any) -> Mapping[str, int]:
    """Bytes of the write-ahead log."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE)
        return {"write-ahead log": int(cursor.fetchall()[0][0])}


def _settle(names: Sequence[str]) -> Sequence[str]:
    # A checkpoint, as the first change of a page after one is logged as a whole page: every run
    # then pays for that alike.
    return [*(f'VACUUM (ANALYZE) "{name}"' for name in names), "CHECKPOINT"]


POSTGRESQL_MEASURING = Measuring(log_bytes, None, _settle, "SELECT pg_terminate_backend({})")
