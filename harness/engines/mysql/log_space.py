"""Log space on MySQL and MariaDB: the redo log, a circle of fixed size.

Before it is full, InnoDB writes changed pages to their places and moves the checkpoint on, and who
writes waits for that (manual, "Redo Log"). The pages of open transactions are among them: what they
did is undone from the undo log. So no unit is refused for the redo log. The binary log's cache has
a limit that does refuse: see `unit_log`.
"""

from __future__ import annotations

from harness.engines.log_space import LogSpace

_MIB = 1 << 20
_STATUS = "SELECT variable_value FROM {} WHERE variable_name = '{}'"
_SENTENCE = (
    "the redo log is a circle of fixed size: who writes waits for pages to be written and the "
    "checkpoint to move on, and is not refused"
)

MYSQL_LOG_SPACE = LogSpace(
    sentence=_SENTENCE,
    setting="innodb_redo_log_capacity",
    too_small={"innodb_redo_log_capacity": "8M"},
    space_bytes=8 * _MIB,
    log="redo log",
    unit_bytes=24 * _MIB,
    on_disk=_STATUS.format("performance_schema.global_status", "Innodb_redo_log_physical_size"),
    checkpointed=_STATUS.format(
        "performance_schema.global_status", "Innodb_redo_log_checkpoint_lsn"
    ),
)

MARIADB_LOG_SPACE = LogSpace(
    sentence=_SENTENCE,
    setting="innodb_log_file_size",
    too_small={"innodb_log_file_size": "4M"},
    space_bytes=4 * _MIB,
    log="redo log",
    unit_bytes=24 * _MIB,
    on_disk="SELECT @@GLOBAL.innodb_log_file_size",
    checkpointed=_STATUS.format("information_schema.global_status", "Innodb_lsn_last_checkpoint"),
)
