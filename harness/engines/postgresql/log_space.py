"""Log space on PostgreSQL: `max_wal_size`, which starts checkpoints and bounds nothing.

"This is a soft limit; WAL size can exceed max_wal_size under special circumstances, such as heavy
load" (manual, "WAL Configuration"). Segments behind the last checkpoint are used again, those of
open transactions too: a transaction that did not commit needs no log to be undone. Only a full disk
is a hard limit, and it ends the server.
"""

from __future__ import annotations

from harness.engines.log_space import LogSpace

_MIB = 1 << 20

POSTGRESQL_LOG_SPACE = LogSpace(
    sentence=(
        "max_wal_size is a soft limit: it starts checkpoints, behind which files are used again, "
        "and the log may grow beyond it meanwhile; nothing is refused"
    ),
    setting="max_wal_size",
    # Two segments of 16 MiB are the least.
    too_small={"max_wal_size": "32MB", "min_wal_size": "32MB"},
    space_bytes=32 * _MIB,
    log="write-ahead log",
    unit_bytes=96 * _MIB,
    on_disk="SELECT sum(size) FROM pg_ls_waldir()",
    checkpointed="SELECT (redo_lsn - '0/0'::pg_lsn)::bigint FROM pg_control_checkpoint()",
)
