"""A project is deleted if it has no task, while a task is added to it: a task needs its project."""

from functools import partial

from live.corpus.planted import ALL, POSTGRESQL, Base, Planted, ask, do, making
from sqlalchemy.exc import IntegrityError

PROJECT = "CREATE TABLE project (id INTEGER PRIMARY KEY, tasks INTEGER NOT NULL)"
TASK = "CREATE TABLE task (id INTEGER PRIMARY KEY, project INTEGER NOT NULL{})"
ROW = "INSERT INTO project VALUES (1, 0)"
SETUP = making(PROJECT, TASK.format(", FOREIGN KEY (project) REFERENCES project (id)"), ROW)
WITHOUT_KEY = making(PROJECT, TASK.format(""), ROW)
FIND = "SELECT id FROM project WHERE id = 1"
LOCK = f"{FIND} FOR UPDATE"
TASKS = "SELECT COUNT(*) FROM task WHERE project = 1"
RAISE = "UPDATE project SET tasks = tasks + 1 WHERE id = 1"
ADD = "INSERT INTO task VALUES (1, 1)"
DROP = "DELETE FROM project WHERE id = 1"


def end(connection, done):
    if not done:
        connection.rollback()
        return "refused"
    connection.commit()
    return "done"


def add(connection, *, find=FIND):
    if find == RAISE:
        found = do(connection, find)
    else:
        found = find is None or ask(connection, find) is not None
    try:
        return end(connection, found and do(connection, ADD))
    except IntegrityError:
        return end(connection, done=False)


def drop(connection, *, find=FIND, looks=True, guard=""):
    if find is not None:
        ask(connection, find)
    try:
        return end(
            connection, not (looks and ask(connection, TASKS)) and do(connection, DROP + guard)
        )
    except IntegrityError:
        return end(connection, done=False)


def both(**asked):
    return [partial(add, **asked), partial(drop, **asked)]


BASE = Base(
    "project",
    SETUP,
    both(),
    [
        Planted(
            "key-dropped",
            both(),
            "Write skew over two tables: the one sees the project, the other sees no task.",
            rc=ALL,
            rr=ALL,
            setup=WITHOUT_KEY,
        ),
        Planted(
            "looks-dropped",
            [partial(add, find=None), partial(drop, find=None, looks=False)],
            "The key alone decides, on both sides.",
        ),
        Planted(
            "key-dropped-and-the-project-locked",
            both(find=LOCK),
            "Both lock the project before they look. On PostgreSQL at repeatable read the look "
            "of who waited is older than the lock, and the project was not changed by the added "
            "task.",
            rr=POSTGRESQL,
            setup=WITHOUT_KEY,
        ),
        Planted(
            "key-dropped-and-the-project-changed",
            [partial(add, find=RAISE), partial(drop, find=LOCK)],
            "The added task changes the project, so that PostgreSQL refuses the other.",
            setup=WITHOUT_KEY,
        ),
        Planted(
            "key-dropped-and-only-one-locks",
            [partial(add, find=FIND), partial(drop, find=LOCK)],
            "A lock that only one side takes keeps nobody away.",
            rc=ALL,
            rr=ALL,
            setup=WITHOUT_KEY,
        ),
        Planted(
            "key-dropped-and-a-counter-guards",
            [
                partial(add, find=RAISE),
                partial(drop, find=None, looks=False, guard=" AND tasks = 0"),
            ],
            "The number of tasks stands in the project: both want the same row, and the guard "
            "looks at its newest state.",
            setup=WITHOUT_KEY,
        ),
    ],
)
