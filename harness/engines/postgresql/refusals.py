"""Which errors are PostgreSQL's refusals, by SQLSTATE (manual, appendix A)."""

from __future__ import annotations

import psycopg

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


def detail_of(error: BaseException) -> str:
    """The DETAIL of an error: for a deadlock, the cycle."""
    if isinstance(error, psycopg.Error):
        return error.diag.message_detail or ""
    return ""
