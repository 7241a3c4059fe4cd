"""What MySQL and MariaDB tell while a run is measured.

Redo log: `Innodb_os_log_written` counts what was written to the files, in whole blocks (manual,
"Server Status Variables"). Binary log: the sizes of its files. Locks: `INNODB_TRX`, which is a copy
that is fresh only if nobody has read it for 100 ms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.engines.measuring import LockUse, Measuring

_REDO = "SHOW GLOBAL STATUS LIKE 'Innodb_os_log_written'"
_LOCKS = """
SELECT coalesce(sum(trx_lock_memory_bytes), 0), coalesce(sum(trx_rows_locked), 0)
FROM information_schema.innodb_trx
"""


def log_bytes(connection: Any) -> Mapping[str, int]:
    """Bytes of the redo log, and of the binary log if it is on."""
    with connection.cursor() as cursor:
        cursor.execute(_REDO)
        found = {"redo log": int(cursor.fetchall()[0][1])}
        cursor.execute("SELECT @@log_bin")
        if int(cursor.fetchall()[0][0]):
            cursor.execute("SHOW BINARY LOGS")
            found["binary log"] = sum(int(row[1]) for row in cursor.fetchall())
        return found


def lock_use(connection: Any) -> LockUse:
    """What all transactions hold."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCKS)
        memory_bytes, rows = cursor.fetchall()[0]
        return LockUse(int(memory_bytes), int(rows))


def _settle(names: Sequence[str]) -> Sequence[str]:
    return [f"ANALYZE TABLE `{name}`" for name in names]


MYSQL_MEASURING = Measuring(log_bytes, lock_use, _settle, "KILL {}")
