"""Two invoices are numbered without gaps and without doubles."""

from functools import partial

from live.corpus.planted import ALL, MYSQL, POSTGRESQL, Base, Planted, ask, do, making
from sqlalchemy.exc import IntegrityError

INVOICE = "CREATE TABLE invoice (id INTEGER PRIMARY KEY, number INTEGER NOT NULL{})"
COUNTER = (
    "CREATE TABLE counter (id INTEGER PRIMARY KEY, last INTEGER NOT NULL)",
    "INSERT INTO counter VALUES (1, 0)",
)
SETUP = making(INVOICE.format(""), *COUNTER)
WITH_KEY = making(INVOICE.format(", UNIQUE (number)"), *COUNTER)
RAISE = "UPDATE counter SET last = last + 1 WHERE id = 1"
LAST = "SELECT last FROM counter WHERE id = 1"
GREATEST = "SELECT COALESCE(MAX(number), 0) FROM invoice"
ADD = "INSERT INTO invoice VALUES (:me, :number)"
ADD_NEXT = "INSERT INTO invoice SELECT :me, COALESCE(MAX(number), 0) + 1 FROM invoice"


def issue(connection, me):
    do(connection, RAISE)
    number = ask(connection, LAST)
    do(connection, ADD, me=me, number=number)
    connection.commit()
    return number


def issue_reading_first(connection, me, *, read=LAST, write=RAISE):
    number = ask(connection, read) + 1
    do(connection, write, **({"number": number} if ":number" in write else {}))
    do(connection, ADD, me=me, number=number)
    connection.commit()
    return number


def issue_next(connection, me, *, retries):
    while True:
        try:
            number = ask(connection, GREATEST) + 1
            do(connection, ADD, me=me, number=number)
        except IntegrityError:
            connection.rollback()
            if not retries:
                raise
        else:
            connection.commit()
            return number


def issue_at_once(connection, me):
    do(connection, ADD_NEXT, me=me)
    number = ask(connection, "SELECT number FROM invoice WHERE id = :me", me=me)
    connection.commit()
    return number


def both(program, **asked):
    return [partial(program, me=1, **asked), partial(program, me=2, **asked)]


BY_VALUE = "UPDATE counter SET last = :number WHERE id = 1"

BASE = Base(
    "invoice",
    SETUP,
    both(issue),
    [
        Planted(
            "read-before-it-is-raised",
            both(issue_reading_first),
            "The counter is right in the end, but both read the same number before.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "written-by-value",
            both(issue_reading_first, write=BY_VALUE),
            "The lost update: one number for two.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "written-by-value-under-a-lock",
            both(issue_reading_first, read=f"{LAST} FOR UPDATE", write=BY_VALUE),
            "The lock is there from the read on.",
        ),
        Planted(
            "greatest-plus-one",
            both(issue_next, retries=False),
            "Neither sees what the other has not committed: the same number twice.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "greatest-plus-one-with-a-key",
            both(issue_next, retries=False),
            "The key turns the double into an error, which no serial order gives. Snapshots do "
            "not matter to a key.",
            rc=ALL,
            rr=ALL,
            setup=WITH_KEY,
        ),
        Planted(
            "greatest-plus-one-with-a-key-and-again",
            both(issue_next, retries=True),
            "Who collides begins anew, and sees more.",
            setup=WITH_KEY,
        ),
        Planted(
            "greatest-plus-one-in-one-statement",
            both(issue_at_once),
            "One statement, but it reads without a lock; except on InnoDB at repeatable read.",
            rc=ALL,
            rr=POSTGRESQL,
        ),
    ],
)
