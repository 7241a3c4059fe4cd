"""Hits of a page, counted by update or insert: the row is made by whoever comes first."""

from live.corpus.planted import ALL, MYSQL, POSTGRESQL, Base, Planted, ask, do, making, twice
from sqlalchemy.exc import IntegrityError

SETUP = making("CREATE TABLE hit (page INTEGER PRIMARY KEY, hits INTEGER NOT NULL)")
WITHOUT_KEY = making("CREATE TABLE hit (page INTEGER NOT NULL, hits INTEGER NOT NULL)")
WITH_ROW = making(
    "CREATE TABLE hit (page INTEGER PRIMARY KEY, hits INTEGER NOT NULL)",
    "INSERT INTO hit VALUES (1, 5)",
)
COUNT = "UPDATE hit SET hits = hits + 1 WHERE page = 1"
ADD = "INSERT INTO hit VALUES (1, 1)"


def count(connection, *, catches=True, counts_again=True):
    if not do(connection, COUNT):
        try:
            do(connection, ADD)
        except IntegrityError:
            if not catches:
                raise
            connection.rollback()
            if counts_again:
                do(connection, COUNT)
    connection.commit()


def count_by_value(connection, *, read="SELECT hits FROM hit WHERE page = 1"):
    hits = ask(connection, read)
    do(connection, "UPDATE hit SET hits = :hits WHERE page = 1", hits=hits + 1)
    connection.commit()


BASE = Base(
    "hits",
    SETUP,
    twice(count),
    [
        Planted(
            "collision-not-caught",
            twice(count, catches=False),
            "Both updates find no row, and the second insert fails. At repeatable read on "
            "InnoDB the updates lock the gap, and the inserts deadlock instead.",
            rc=ALL,
            rr=POSTGRESQL,
        ),
        Planted(
            "collision-caught-and-forgotten",
            twice(count, counts_again=False),
            "As before, but in silence: one hit is not counted.",
            rc=ALL,
            rr=POSTGRESQL,
        ),
        Planted(
            "key-dropped",
            twice(count),
            "Both updates find no row, and both insert one. Gaps as before.",
            rc=ALL,
            rr=POSTGRESQL,
            setup=WITHOUT_KEY,
        ),
        Planted(
            "collision-not-caught-but-the-row-is-there",
            twice(count, catches=False),
            "The update always finds its row: the part that is wrong is never reached.",
            setup=WITH_ROW,
        ),
        Planted(
            "counted-in-the-program",
            twice(count_by_value),
            "Read, add one, write: the lost update.",
            rc=ALL,
            rr=MYSQL,
            setup=WITH_ROW,
        ),
        Planted(
            "counted-in-the-program-under-a-lock",
            twice(count_by_value, read="SELECT hits FROM hit WHERE page = 1 FOR UPDATE"),
            "The same under a lock from the read on.",
            setup=WITH_ROW,
        ),
    ],
)
