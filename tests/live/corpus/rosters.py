"""Two doctors are on call and both want to leave: one must stay. Each writes her own row only."""

from functools import partial

from live.corpus.planted import ALL, POSTGRESQL, Base, Planted, ask, do, making

SETUP = making(
    "CREATE TABLE doctor (id INTEGER PRIMARY KEY, on_call INTEGER NOT NULL)",
    "CREATE TABLE roster (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)",
    "INSERT INTO doctor VALUES (1, 1), (2, 1)",
    "INSERT INTO roster VALUES (1, 1)",
)
OTHERS = "SELECT COUNT(*) FROM doctor WHERE on_call = 1 AND id <> :me"
ONE_BY_ONE = "SELECT id FROM doctor WHERE on_call = 1 ORDER BY id FOR UPDATE"
MINE = "SELECT on_call FROM doctor WHERE id = :me FOR UPDATE"
ROSTER = "SELECT version FROM roster WHERE id = 1 FOR UPDATE"
RAISE = "UPDATE roster SET version = version + 1 WHERE id = 1"
LEAVE = "UPDATE doctor SET on_call = 0 WHERE id = :me"


def end(connection, leaves):
    if not leaves:
        connection.rollback()
        return "stays"
    connection.commit()
    return "leaves"


def leave_with_all_locked(connection, me):
    with_me = connection.exec_driver_sql(ONE_BY_ONE).all()
    return end(connection, len(with_me) > 1 and do(connection, LEAVE, me=me))


def leave(connection, me, *, first=None):
    """Count the others after a first statement that should keep them away."""
    if first is not None and "UPDATE roster" in first:
        do(connection, first)
    elif first is not None:
        ask(connection, first, **({"me": me} if ":me" in first else {}))
    return end(connection, ask(connection, OTHERS, me=me) and do(connection, LEAVE, me=me))


def leave_and_look(connection, me):
    do(connection, LEAVE, me=me)
    return end(connection, ask(connection, OTHERS, me=me))


def leave_unlocking(connection, me):
    others = ask(connection, f"{OTHERS.replace('COUNT(*)', 'id')} FOR UPDATE", me=me)
    connection.commit()
    return end(connection, others and do(connection, LEAVE, me=me))


def both(program, **asked):
    return [partial(program, me=1, **asked), partial(program, me=2, **asked)]


BASE = Base(
    "on-call",
    SETUP,
    both(leave_with_all_locked),
    [
        Planted(
            "lock-dropped",
            both(leave),
            "Write skew: both count one other, and they write different rows, so that nobody "
            "meets. Snapshots do not prevent it.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "only-own-row-locked",
            both(leave, first=MINE),
            "What must not change is the other's row, and that is not locked.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "roster-locked",
            both(leave, first=ROSTER),
            "A lock on a row that both take. At repeatable read InnoDB has its snapshot after "
            "it, but PostgreSQL's is as old as the locking statement, and nobody changes the "
            "locked row, so that nothing is refused: the second counts what was.",
            rr=POSTGRESQL,
        ),
        Planted(
            "roster-changed",
            both(leave, first=RAISE),
            "The row both take is changed as well, so that PostgreSQL refuses the second (40001).",
        ),
        Planted(
            "leaves-before-it-looks",
            both(leave_and_look),
            "Each update is not yet committed when the other looks, and each still counts the "
            "other.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "lock-given-up-by-a-commit",
            both(leave_unlocking),
            "The others were locked, but the commit gives them free before the change.",
            rc=ALL,
            rr=ALL,
        ),
    ],
)
