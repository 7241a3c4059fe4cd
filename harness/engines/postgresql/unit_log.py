"""The log of one unit of work on PostgreSQL: it has no limit but the disk.

The write-ahead log of a transaction is written as it comes and can be recycled while the
transaction goes on (manual, "WAL Configuration"), so nothing is refused. What a unit writes is
measured and compared with a budget.
"""

from __future__ import annotations

from harness.engines.unit_log import UnitLog

POSTGRESQL_UNIT_LOG = UnitLog(
    log="write-ahead log",
    sentence="a unit's log has no limit; what it writes is compared with a budget",
    limit="",
    unlimited="",
    step_bytes=1,
    is_full=lambda _error: False,
)
