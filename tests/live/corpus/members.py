"""Two people register the same name, which a unique key keeps for one of them."""

from functools import partial

from live.corpus.planted import ALL, POSTGRESQL, Base, Planted, ask, do, making
from sqlalchemy.exc import IntegrityError

TABLE = "CREATE TABLE member (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL{})"
SETUP = making(TABLE.format(", UNIQUE (name)"))
WITHOUT_KEY = making(TABLE.format(""))
WITH_WIDE_KEY = making(TABLE.format(", UNIQUE (name, id)"))
FIND = "SELECT id FROM member WHERE name = 'anna'"
ADD = "INSERT INTO member VALUES (:me, 'anna')"
TAKE_OVER = "UPDATE member SET id = :me WHERE name = 'anna'"


def register(connection, me, *, find=FIND, when_taken="taken"):
    if find is not None and ask(connection, find) is not None:
        connection.rollback()
        return "taken"
    try:
        do(connection, ADD, me=me)
    except IntegrityError:
        connection.rollback()
        if when_taken == "takes over":
            do(connection, TAKE_OVER, me=me)
            connection.commit()
        return "taken" if when_taken == "taken" else "registered"
    connection.commit()
    return "registered"


def both(**asked):
    return [partial(register, me=1, **asked), partial(register, me=2, **asked)]


BASE = Base(
    "member",
    SETUP,
    both(),
    [
        Planted(
            "key-dropped",
            both(),
            "Without the key both find the name free and both insert it.",
            rc=ALL,
            rr=ALL,
            setup=WITHOUT_KEY,
        ),
        Planted(
            "key-too-wide",
            both(),
            "A key over name and number keeps no name for one.",
            rc=ALL,
            rr=ALL,
            setup=WITH_WIDE_KEY,
        ),
        Planted(
            "key-dropped-and-the-look-locks",
            both(find=f"{FIND} FOR UPDATE"),
            "There is no row to lock; only InnoDB at repeatable read locks the gap instead.",
            rc=ALL,
            rr=POSTGRESQL,
            setup=WITHOUT_KEY,
        ),
        Planted(
            "look-dropped",
            both(find=None),
            "The look was a courtesy: the key alone decides.",
        ),
        Planted(
            "look-locks",
            both(find=f"{FIND} FOR UPDATE"),
            "A lock too many: more waits and deadlocks, nothing wrong.",
        ),
        Planted(
            "takes-over-what-is-taken",
            both(when_taken="takes over"),
            "Serially the look says 'taken'; only in the race does the insert fail, and then "
            "the name goes to the second. A key is checked against what is there, not against a "
            "snapshot, so that the insert fails as a duplicate (and is not refused) at "
            "repeatable read as well.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "says-registered-when-taken",
            both(when_taken="registered"),
            "The failed insert is passed over in silence; otherwise as above.",
            rc=ALL,
            rr=ALL,
        ),
    ],
)
