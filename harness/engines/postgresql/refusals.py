"""Which errors are PostgreSQL's refusals, and what the others say of the server.

By SQLSTATE (manual, appendix A). An error without one is the client's own.
"""

from __future__ import annotations

import psycopg

from harness.engines.trouble import Trouble
from harness.outcome import Refusal, RefusalKind

_RETRYABLE: dict[str, RefusalKind] = {
    "40001": "serialization",
    "40P01": "deadlock",
    "55P03": "lock-timeout",
}


_DUPLICATE = "23505"  # unique_violation


def classify(error: BaseException) -> Refusal | None:
    """The refusal that a driver's error means; None for any other error.

    Every error ends the transaction: PostgreSQL releases its locks at once and takes nothing but a
    rollback (manual, "Error handling", libpq transaction status PQTRANS_INERROR).
    """
    if not isinstance(error, psycopg.Error) or error.sqlstate is None:
        return None
    code = error.sqlstate
    if code in _RETRYABLE:
        return Refusal(_RETRYABLE[code], code, retryable=True, ends_transaction=True)
    if code.startswith("23"):
        return Refusal(
            "constraint",
            code,
            retryable=False,
            ends_transaction=True,
            duplicate=code == _DUPLICATE,
        )
    return None


# admin_shutdown, crash_shutdown, database_dropped, idle_session_timeout, and the time-out of a
# transaction in which nothing is done: each ends the connection. So does class 08.
_LOST = frozenset({"57P01", "57P02", "57P04", "57P05", "25P03", "25P04"})


def trouble_of(error: BaseException) -> Trouble:
    """What a driver's error says of the server."""
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return Trouble.LATE
    code = error.sqlstate if isinstance(error, psycopg.Error) else None
    if code is not None and (code in _LOST or code.startswith("08")):
        return Trouble.LOST
    if code == "57P03":  # cannot_connect_now
        return Trouble.UNREACHED
    if code is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        # While it connects, the driver's errors hold what came of that.
        return Trouble.LOST if error.pgconn is None else Trouble.UNREACHED
    return Trouble.REFUSED


def detail_of(error: BaseException) -> str:
    """The DETAIL of an error: for a deadlock, the cycle."""
    if isinstance(error, psycopg.Error):
        return error.diag.message_detail or ""
    return ""
