"""Which errors are MySQL's and MariaDB's refusals, and what the others say of the server.

By error number: MySQL error reference, "Server Error Message Reference" and "Client Error Message
Reference"; MariaDB numbers its own from 1900.
"""

from __future__ import annotations

import pymysql

from harness.engines.trouble import Trouble
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


# Of the client: a socket or a host that cannot be had. Of the server: too many connections, access
# denied, a host that is blocked or not allowed, too many of one user, a user without its password.
_NO_CONNECTION = frozenset({2001, 2002, 2003, 2004, 2005, 2012, 1040, 1045, 1129, 1130, 1203, 1698})
# Of the client: the server has gone away, the connection was lost; 0 is the driver's own for one
# that it has closed. Of the server: it shuts down, the connection was killed or did nothing for
# too long.
_LOST = frozenset({0, 2006, 2013, 2055, 1053, 1927, 4031})


# Errors of the driver's own that tell of how it is used, and nothing of the server.
_WRONG_USE = (pymysql.err.ProgrammingError, pymysql.err.NotSupportedError)


def trouble_of(error: BaseException) -> Trouble:
    """What a driver's error says of the server.

    What the server says has a number. The driver gives none of its own where what it reads is no
    answer, or the connection is closed.
    """
    number = error.args[0] if error.args else None
    unnumbered = isinstance(error, pymysql.err.MySQLError) and not isinstance(number, int)
    if unnumbered and not isinstance(error, _WRONG_USE):
        return Trouble.LOST
    if number not in _NO_CONNECTION | _LOST:
        return Trouble.REFUSED
    if isinstance(error.__context__, TimeoutError):  # what the driver heard from the socket
        return Trouble.LATE
    return Trouble.UNREACHED if number in _NO_CONNECTION else Trouble.LOST


def detail_of(_error: BaseException) -> str:
    """Nothing: these servers say it all in the message."""
    return ""
