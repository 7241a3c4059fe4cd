"""Which errors are MySQL's and MariaDB's refusals, by error number (MySQL error reference)."""

from __future__ import annotations

import pymysql

from harness.outcome import Refusal, RefusalKind

_RETRYABLE: dict[int, tuple[RefusalKind, bool]] = {
    1213: ("deadlock", True),
    # The statement alone is undone: innodb_rollback_on_timeout is off by default.
    1205: ("lock-timeout", False),
    3572: ("lock-timeout", False),
    # MariaDB with innodb_snapshot_isolation: the row has changed since the snapshot was taken.
    1020: ("serialization", True),
}

# ER_DUP_ENTRY, ER_DUP_UNIQUE, ER_DUP_ENTRY_WITH_KEY_NAME.
_DUPLICATE = frozenset({1062, 1169, 1586})
_CONSTRAINT = frozenset({1048, 1062, 1169, 1216, 1217, 1451, 1452, 1557, 1586, 3819, 4025})


def classify(error: BaseException) -> Refusal | None:
    """The refusal that a driver's error means; None for any other error."""
    if not isinstance(error, pymysql.err.MySQLError) or not error.args:
        return None
    number = error.args[0]
    if number in _RETRYABLE:
        kind, ends = _RETRYABLE[number]
        return Refusal(kind, str(number), retryable=True, ends_transaction=ends)
    if number in _CONSTRAINT:
        return Refusal(
            "constraint",
            str(number),
            retryable=False,
            ends_transaction=False,
            duplicate=number in _DUPLICATE,
        )
    return None


def detail_of(_error: BaseException) -> str:
    """Nothing: these servers say it all in the message."""
    return ""
