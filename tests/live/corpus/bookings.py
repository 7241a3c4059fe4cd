"""One room, two bookings of the same hour, and no key that could forbid it."""

from functools import partial

from live.corpus.planted import ALL, POSTGRESQL, Base, Planted, ask, do, making

SETUP = making(
    "CREATE TABLE room (id INTEGER PRIMARY KEY, bookings INTEGER NOT NULL)",
    "CREATE TABLE booking (id INTEGER PRIMARY KEY, room INTEGER NOT NULL, hour INTEGER NOT NULL)",
    "INSERT INTO room VALUES (7, 0)",
)
RAISE = "UPDATE room SET bookings = bookings + 1 WHERE id = 7"
LOCK = "SELECT id FROM room WHERE id = 7 FOR UPDATE"
TAKEN = "SELECT id FROM booking WHERE room = 7 AND hour = 9"
TAKEN_LOCKING = f"{TAKEN} FOR UPDATE"
BOOK = "INSERT INTO booking VALUES (:me, 7, 9)"
BOOK_IF_FREE = (
    "INSERT INTO booking SELECT :me, 7, 9 FROM room WHERE id = 7 AND NOT EXISTS "
    "(SELECT 1 FROM booking WHERE room = 7 AND hour = 9)"
)


def end(connection, booked):
    if not booked:
        connection.rollback()
        return "taken"
    connection.commit()
    return "booked"


def book(connection, me, *, first=None, taken=TAKEN):
    if first == RAISE:
        do(connection, first)
    elif first is not None:
        ask(connection, first)
    return end(connection, ask(connection, taken) is None and do(connection, BOOK, me=me))


def book_and_look(connection, me):
    do(connection, BOOK, me=me)
    return end(connection, ask(connection, f"{TAKEN} AND id <> :me", me=me) is None)


def book_late(connection, me):
    """Look first, and only then take the room."""
    free = ask(connection, TAKEN) is None
    do(connection, RAISE)
    return end(connection, free and do(connection, BOOK, me=me))


def book_if_free(connection, me, *, first=None):
    if first is not None:
        do(connection, first)
    return end(connection, do(connection, BOOK_IF_FREE, me=me))


def both(program, **asked):
    return [partial(program, me=1, **asked), partial(program, me=2, **asked)]


BASE = Base(
    "room",
    SETUP,
    both(book, first=RAISE),
    [
        Planted(
            "room-not-taken",
            both(book),
            "Both find the hour free, and insert rows that do not meet.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "room-locked-instead-of-changed",
            both(book, first=LOCK),
            "At repeatable read PostgreSQL's snapshot is older than the lock it waited for, and "
            "as nobody changed the room it is not refused: the second does not see the first's "
            "booking.",
            rr=POSTGRESQL,
        ),
        Planted(
            "the-bookings-that-are-not-there-locked",
            both(book, taken=TAKEN_LOCKING),
            "Nothing is there to be locked. At repeatable read InnoDB locks the gap, and the "
            "two inserts deadlock; at read committed, and on PostgreSQL, nothing is locked at "
            "all.",
            rc=ALL,
            rr=POSTGRESQL,
        ),
        Planted(
            "looked-before-the-room-is-taken",
            both(book_late),
            "The look comes before the lock. At repeatable read PostgreSQL and MariaDB refuse "
            "the update of a room that is newer than the snapshot; MySQL does not.",
            rc=ALL,
            rr=frozenset({"mysql"}),
        ),
        Planted(
            "booked-before-it-looks",
            both(book_and_look),
            "Two inserts that are not committed yet do not see each other. (Whoever is last may "
            "see the first one's, if that has committed: not every order breaks.)",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "look-and-insert-in-one-statement",
            both(book_if_free),
            "One statement, but its look is a snapshot where it takes no locks: everywhere "
            "except on InnoDB at repeatable read, whose INSERT … SELECT shares what it reads, "
            "gaps too.",
            rc=ALL,
            rr=POSTGRESQL,
        ),
        Planted(
            "one-statement-with-the-room-taken",
            both(book_if_free, first=RAISE),
            "The look after the lock, in one statement: as good as two.",
        ),
    ],
)
