"""Two withdrawals of 70 from an account of 100: only one may be paid."""

from live.corpus.planted import ALL, MYSQL, Base, Planted, ask, do, making, twice
from sqlalchemy import column, select, table

SETUP = making(
    "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)",
    "INSERT INTO account VALUES (1, 100)",
)
READ = "SELECT balance FROM account WHERE id = 1"
LOCK = f"{READ} FOR UPDATE"
TAKE = "UPDATE account SET balance = balance - 70 WHERE id = 1"


def pay(connection, balance):
    """Decide by a balance, and write what is left of it."""
    if balance < 70:
        connection.rollback()
        return "refused"
    do(connection, "UPDATE account SET balance = :left WHERE id = 1", left=balance - 70)
    connection.commit()
    return "paid"


def end(connection, taken):
    if not taken:
        connection.rollback()
        return "refused"
    connection.commit()
    return "paid"


def withdraw(connection, *, read=LOCK, commit_between=False):
    balance = ask(connection, read)
    if commit_between:
        connection.commit()
    return pay(connection, balance)


def withdraw_by_difference(connection, *, read=READ, take=TAKE):
    return end(connection, ask(connection, read) >= 70 and do(connection, take))


def withdraw_at_once(connection):
    return end(connection, do(connection, f"{TAKE} AND balance >= 70"))


def withdraw_sharing(connection):
    account = table("account", column("id"), column("balance"))
    read = select(account.c.balance).where(account.c.id == 1).with_for_update(read=True)
    return pay(connection, connection.scalar(read))


def withdraw_looking_first(connection, *, decide_by):
    seen = ask(connection, READ)
    locked = ask(connection, LOCK)
    return pay(connection, {"seen": seen, "locked": locked}[decide_by])


def withdraw_locking_apart(connection, *, look_around):
    if look_around:
        ask(connection, "SELECT COUNT(*) FROM account")
    ask(connection, "SELECT id FROM account WHERE id = 1 FOR UPDATE")
    return pay(connection, ask(connection, READ))


BASE = Base(
    "withdrawal",
    SETUP,
    twice(withdraw),
    [
        Planted(
            "lock-dropped",
            twice(withdraw, read=READ),
            "Both read 100 and both write 30: the lost update. At repeatable read MySQL still "
            "writes over what its snapshot has not seen; MariaDB (1020) and PostgreSQL (40001) "
            "refuse it.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "difference-written-without-lock",
            twice(withdraw_by_difference),
            "Both see enough, and the differences add up to -40. Repeatable read: as before.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "guard-weakened",
            twice(withdraw_by_difference, take=f"{TAKE} AND balance > 0"),
            "The guard in the update is there, but 30 passes it: -40. Repeatable read: as before.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "guard-beside-the-read",
            twice(withdraw_by_difference, take=f"{TAKE} AND balance >= 70"),
            "No lock, but the update decides anew on the newest row, under its own lock.",
        ),
        Planted(
            "one-guarded-update",
            twice(withdraw_at_once),
            "Nothing is read beforehand: the row lock of the update is all that is needed.",
        ),
        Planted(
            "shared-lock",
            twice(withdraw_sharing),
            "Two that share the row and then want it alone wait for each other: a deadlock, and "
            "its victim has done nothing. Not nice, but never wrong.",
        ),
        Planted(
            "lock-given-up-by-a-commit",
            twice(withdraw, commit_between=True),
            "The commit after the locking read gives up the lock and the snapshot: both have "
            "read 100 in transactions of their own, and no engine knows of it.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "decides-by-what-it-saw-before-the-lock",
            twice(withdraw_looking_first, decide_by="seen"),
            "The lock comes after the read that decides. At repeatable read the lock itself is "
            "refused where the row is newer than the snapshot, except on MySQL.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "looks-first-but-decides-by-the-locked-row",
            twice(withdraw_looking_first, decide_by="locked"),
            "A locking read gives the newest row on MySQL even at repeatable read; the others "
            "refuse.",
        ),
        Planted(
            "lock-first-read-apart",
            twice(withdraw_locking_apart, look_around=False),
            "The plain read comes after the lock. At repeatable read InnoDB takes its snapshot "
            "at the first plain read, so after the lock; PostgreSQL takes it before, and "
            "refuses the lock.",
        ),
        Planted(
            "snapshot-before-the-lock",
            twice(withdraw_locking_apart, look_around=True),
            "At repeatable read the first look fixes the snapshot: on MySQL the plain read "
            "after the lock then gives a balance that is gone. At read committed each read sees "
            "the newest.",
            rr=MYSQL,
        ),
    ],
)
