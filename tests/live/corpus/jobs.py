"""Two workers claim jobs from a queue of two: each job is done once, and none is left."""

from functools import partial

from live.corpus.planted import ALL, MYSQL, Base, Planted, ask, do, making

SETUP = making(
    "CREATE TABLE job (id INTEGER PRIMARY KEY, worker INTEGER NOT NULL)",
    "INSERT INTO job VALUES (1, 0), (2, 0)",
)
ONE_JOB = making(
    "CREATE TABLE job (id INTEGER PRIMARY KEY, worker INTEGER NOT NULL)",
    "INSERT INTO job VALUES (1, 0)",
)
FIND = "SELECT id FROM job WHERE worker = 0 ORDER BY id LIMIT 1"
LOCK = f"{FIND} FOR UPDATE"
SKIP = f"{LOCK} SKIP LOCKED"
CLAIM = "UPDATE job SET worker = :me WHERE id = :id"
GUARD = " AND worker = 0"


def claim(connection, me, *, find=SKIP, write=CLAIM, commit_between=False, again=False):
    while True:
        found = ask(connection, find)
        if commit_between:
            connection.commit()
        if found is not None and do(connection, write, me=me, id=found):
            connection.commit()
            return found
        connection.rollback()
        if found is None or not again:
            return None


def both(**asked):
    return [partial(claim, me=1, **asked), partial(claim, me=2, **asked)]


BASE = Base(
    "job",
    SETUP,
    both(),
    [
        Planted(
            "lock-dropped",
            both(find=FIND),
            "Both find the first job and both claim it. At repeatable read only MySQL lets the "
            "second write over the first.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "lock-given-up-by-a-commit",
            both(commit_between=True),
            "The lock ends with the commit, before the claim.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "waits-instead-of-skipping",
            both(find=LOCK),
            "Who waited looks at the row again, finds it claimed, and reads on to the next.",
        ),
        Planted(
            "guard-instead-of-a-lock",
            both(find=FIND, write=CLAIM + GUARD),
            "No job is claimed twice, but who loses the race goes home while a job is left.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "guard-instead-of-a-lock-and-one-job",
            both(find=FIND, write=CLAIM + GUARD),
            "With one job there is nothing left to be missed.",
            setup=ONE_JOB,
        ),
        Planted(
            "guard-and-again",
            both(find=FIND, write=CLAIM + GUARD, again=True),
            "Who loses the race begins a new transaction and looks again.",
        ),
        Planted(
            "guard-behind-a-commit",
            both(commit_between=True, write=CLAIM + GUARD, again=True),
            "The lock is given up early, but the guard decides and the loser looks again.",
        ),
    ],
)
