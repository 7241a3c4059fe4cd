"""Lock memory on MySQL and MariaDB: a part of InnoDB's buffer pool.

InnoDB keeps one structure for each page of which a transaction has locked rows, with a bit for each
row of it, in memory of the buffer pool. A locking read, update or deletion is refused with errno
1206 once less than a quarter of the pool is left for pages (storage/innobase, `sel_set_rec_lock`,
`buf_LRU_buf_pool_running_out`), and only in a transaction with more than 10,000 structures. The
manual's cure is a larger `innodb_buffer_pool_size` (error reference, ER_LOCK_TABLE_FULL). The whole
transaction is rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pymysql

from harness.engines.lock_memory import LockMemory, LockNeed

_LOCK_TABLE_FULL = 1206
_MIB = 1 << 20
# Two rows of this length fill a page of 16 KiB, and a third does not fit.
_ROW_BYTES = 7500
_PER_PAGE = 2
_ROWS_A_STATEMENT = 1000


def _create(table: str, places: int) -> Sequence[str]:
    """Rows two a page, a thousand a statement: one for all would itself lock what it reads."""
    rows, digit = _PER_PAGE * places, "SELECT {} AS n"
    digits = " UNION ALL ".join(digit.format(number) for number in range(10))
    numbers = (
        f"SELECT a.n + 10 * b.n + 100 * c.n AS n FROM ({digits}) a, ({digits}) b, ({digits}) c"
    )
    return [
        (
            f"CREATE TABLE {table} (id INT PRIMARY KEY, filler VARCHAR(8000)"
            " CHARACTER SET latin1 NOT NULL) ENGINE = InnoDB"
        ),
        *(
            f"INSERT INTO {table} SELECT {first} + n, REPEAT('x', {_ROW_BYTES})"
            f" FROM ({numbers}) numbers WHERE {first} + n < {rows} ORDER BY n"
            for first in range(0, rows, _ROWS_A_STATEMENT)
        ),
    ]


def _share(table: str, first: int, last: int) -> str:
    return (
        f"SELECT COUNT(*) FROM (SELECT id FROM {table} WHERE id >= {_PER_PAGE * first}"
        f" AND id < {_PER_PAGE * last} LOCK IN SHARE MODE) shared"
    )


def _enough(need: LockNeed) -> Mapping[str, str]:
    """Twice their bytes, so that half of the pool is left for pages."""
    return {"innodb_buffer_pool_size": f"{-(-2 * need.memory_bytes // _MIB)}M"}


def _full(error: BaseException) -> str:
    if isinstance(error, pymysql.err.MySQLError) and error.args[:1] == (_LOCK_TABLE_FULL,):
        return str(_LOCK_TABLE_FULL)
    return ""


MYSQL_LOCK_MEMORY = LockMemory(
    sentence=(
        "row locks lie in the buffer pool, one structure for each page and transaction with a bit "
        "for each row; when three quarters of the pool are no pages any more, the statement is "
        "refused and the whole transaction rolled back"
    ),
    lock="page of two rows",
    setting="innodb_buffer_pool_size",
    too_small={"innodb_buffer_pool_size": "5M"},
    # More than 10,000, or the server does not look.
    locks=11_500,
    create=_create,
    share=_share,
    # 106 bytes were seen for a page with two rows; the bits of more come to this.
    row_bytes=128,
    held=(
        "SELECT COALESCE(SUM(trx_lock_structs), 0), COALESCE(SUM(trx_lock_memory_bytes), 0)"
        " FROM information_schema.innodb_trx"
    ),
    enough=_enough,
    full=_full,
)

# It refuses to start with less.
MARIADB_LOCK_MEMORY = replace(MYSQL_LOCK_MEMORY, too_small={"innodb_buffer_pool_size": "6M"})
