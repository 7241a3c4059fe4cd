"""Two orders of the same two articles, of which there is one each: all or nothing."""

from functools import partial

from live.corpus.planted import ALL, MYSQL, POSTGRESQL, Base, Planted, ask, do, making, twice

SETUP = making(
    "CREATE TABLE article (id INTEGER PRIMARY KEY, pieces INTEGER NOT NULL)",
    "INSERT INTO article VALUES (1, 1), (2, 1)",
)
TAKE = "UPDATE article SET pieces = pieces - 1 WHERE id = :id"
GUARD = " AND pieces >= 1"
PUT = "UPDATE article SET pieces = pieces + 1 WHERE id = :id"


def put_back(connection, articles):
    for name in articles:
        do(connection, PUT, id=name)
    connection.commit()


def order(connection, articles=(1, 2), *, take=TAKE + GUARD, look=False, between=None):
    """Take each article; `between` is what is done after one of them."""
    done = []
    for name in articles:
        if look and ask(connection, "SELECT pieces FROM article WHERE id = :id", id=name) < 1:
            connection.rollback()
            return "sold out"
        if not do(connection, take, id=name):
            if between == "commits and puts back":
                put_back(connection, done)
            connection.rollback()
            return "sold out"
        done.append(name)
        if between is not None:
            connection.commit()
    connection.commit()
    return "ordered"


def crosswise(**asked):
    return [partial(order, articles=(1, 2), **asked), partial(order, articles=(2, 1), **asked)]


BASE = Base(
    "stock",
    SETUP,
    twice(order),
    [
        Planted(
            "in-the-order-of-the-request",
            crosswise(),
            "A deadlock, whose victim has taken nothing.",
        ),
        Planted(
            "commits-after-each-article",
            crosswise(between="commits"),
            "Each takes one article, fails at the other, and its rollback comes too late.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "commits-after-each-article-in-one-order",
            twice(order, between="commits"),
            "Who does not get the first does not try the second: nothing is held that must go "
            "back.",
        ),
        Planted(
            "commits-and-puts-back",
            crosswise(between="commits and puts back"),
            "What was taken is put back, but both were told 'sold out', which no order "
            "explains. At repeatable read InnoDB keeps the lock of a row that an update found "
            "and did not want: the two that put back deadlock, and whose refusal it is has a "
            "reason to have got nothing.",
            rc=ALL,
            rr=POSTGRESQL,
        ),
        Planted(
            "guard-replaced-by-a-look",
            twice(order, take=TAKE, look=True),
            "Both may take the first article: -1. But at read committed the second then finds "
            "the other one gone, and undoes all; only a snapshot that still shows it lets both "
            "go through.",
            rr=MYSQL,
        ),
        Planted(
            "look-beside-the-guard",
            twice(order, look=True),
            "The look is superfluous, the guard decides.",
        ),
    ],
)
