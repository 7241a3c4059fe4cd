"""A course with two seats, one of them taken, and two students who want the other."""

from functools import partial

from live.corpus.planted import ALL, MYSQL, POSTGRESQL, Base, Planted, ask, do, making
from sqlalchemy import text

SETUP = making(
    "CREATE TABLE course (id INTEGER PRIMARY KEY, seats INTEGER NOT NULL, taken INTEGER NOT NULL)",
    "CREATE TABLE enrolment (id INTEGER PRIMARY KEY, course INTEGER NOT NULL)",
    "INSERT INTO course VALUES (1, 2, 1)",
    "INSERT INTO enrolment VALUES (6, 1)",
)
TAKE = "UPDATE course SET taken = taken + 1 WHERE id = 1 AND taken < seats"
LOCK = "SELECT seats FROM course WHERE id = 1 FOR UPDATE"
THOSE_IN_IT = "SELECT id FROM enrolment WHERE course = 1"
ENROL = "INSERT INTO enrolment VALUES (:me, 1)"


def end(connection, enrolled):
    if not enrolled:
        connection.rollback()
        return "full"
    connection.commit()
    return "enrolled"


def enrol(connection, me):
    return end(connection, do(connection, TAKE) and do(connection, ENROL, me=me))


def enrol_then_take(connection, me):
    do(connection, ENROL, me=me)
    return end(connection, do(connection, TAKE))


def enrol_by_value(connection, me):
    taken = ask(connection, "SELECT taken FROM course WHERE id = 1")
    if taken >= 2:
        return end(connection, enrolled=False)
    do(connection, "UPDATE course SET taken = :taken WHERE id = 1", taken=taken + 1)
    return end(connection, do(connection, ENROL, me=me))


def enrol_counting(connection, me, *, first=None, count=THOSE_IN_IT):
    if first is not None:
        ask(connection, first)
    free = len(connection.execute(text(count)).all()) < 2
    return end(connection, free and do(connection, ENROL, me=me))


def both(program, ids=(7, 8), **asked):
    return [partial(program, me=me, **asked) for me in ids]


BASE = Base(
    "course",
    SETUP,
    both(enrol),
    [
        Planted(
            "count-without-lock",
            both(enrol_counting),
            "Both count one, and insert rows that do not meet.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "course-locked-then-counted",
            both(enrol_counting, first=LOCK),
            "As with the room: a locked row that nobody changes, and a snapshot that is older.",
            rr=POSTGRESQL,
        ),
        Planted(
            "those-in-it-locked-new-ones-behind",
            both(enrol_counting, count=f"{THOSE_IN_IT} FOR UPDATE"),
            "The second waits for the row that is there. InnoDB then reads on and meets the new "
            "row behind it; PostgreSQL's statement keeps the snapshot it began with.",
            rc=POSTGRESQL,
            rr=POSTGRESQL,
        ),
        Planted(
            "those-in-it-locked-new-ones-before",
            both(enrol_counting, ids=(4, 5), count=f"{THOSE_IN_IT} FOR UPDATE"),
            "The same, but the new row comes before the one that the second waits for: its scan "
            "has passed. At repeatable read InnoDB does not let a row into a gap somebody waits "
            "for.",
            rc=ALL,
            rr=POSTGRESQL,
        ),
        Planted(
            "counter-written-by-value",
            both(enrol_by_value),
            "A lost update of the counter lets both in.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "enrolled-before-the-seat-is-taken",
            both(enrol_then_take),
            "The order within the transaction is another, but the guarded update still decides.",
        ),
    ],
)
