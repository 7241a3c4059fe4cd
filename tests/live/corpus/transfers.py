"""Money moves between accounts while others move it too, or while an audit adds it up."""

from functools import partial

from live.corpus.planted import ALL, MYSQL, Base, Planted, ask, do, making

SETUP = making(
    "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)",
    "INSERT INTO account VALUES (1, 100), (2, 100), (3, 100)",
)
READ = "SELECT balance FROM account WHERE id = :id"
LOCK = f"{READ} FOR UPDATE"
SET = "UPDATE account SET balance = :balance WHERE id = :id"
ADD = "UPDATE account SET balance = balance + :amount WHERE id = :id"


def transfer(connection, source, target, *, in_order=True, lock_target=LOCK):
    """Lock both, then write what each holds now."""
    reads = {source: LOCK, target: lock_target}
    names = sorted(reads) if in_order else [source, target]
    balances = {name: ask(connection, reads[name], id=name) for name in names}
    do(connection, SET, id=source, balance=balances[source] - 30)
    do(connection, SET, id=target, balance=balances[target] + 30)
    connection.commit()


def there_and_back(**asked):
    return [
        partial(transfer, source=1, target=2, **asked),
        partial(transfer, source=2, target=1, **asked),
    ]


def into_one(**asked):
    return [
        partial(transfer, source=1, target=2, **asked),
        partial(transfer, source=3, target=2, **asked),
    ]


TRANSFER = Base(
    "transfer",
    SETUP,
    there_and_back(),
    [
        Planted(
            "locks-in-the-order-of-the-request",
            there_and_back(in_order=False),
            "Each holds what the other wants: a deadlock, whose victim has done nothing.",
        ),
        Planted(
            "target-not-locked-there-and-back",
            there_and_back(in_order=False, lock_target=READ),
            "Looks like a lost update, but each target is the other's locked source: whoever "
            "could write over it is in a deadlock first.",
        ),
        Planted(
            "target-not-locked-into-one",
            into_one(in_order=False, lock_target=READ),
            "Two sources, one target: both read 100 there and both write 130. At repeatable "
            "read only MySQL lets the second write over the first.",
            rc=ALL,
            rr=MYSQL,
        ),
    ],
)


def move(connection, *, commit_between=False, first=1, then=2):
    """Debit 1 and credit 2, by differences, in either order."""
    amounts = {1: -30, 2: 30}
    do(connection, ADD, id=first, amount=amounts[first])
    if commit_between:
        connection.commit()
    do(connection, ADD, id=then, amount=amounts[then])
    connection.commit()


def audit(connection):
    total = int(ask(connection, "SELECT SUM(balance) FROM account"))
    connection.commit()
    return total


def audit_one_by_one(connection, *, read=READ, commit_between=False):
    total = 0
    for name in (1, 2):
        total += ask(connection, read, id=name)
        if commit_between:
            connection.commit()
    connection.commit()
    return total


AUDIT = Base(
    "audit",
    SETUP,
    [move, audit],
    [
        Planted(
            "read-in-two-statements",
            [move, audit_one_by_one],
            "At read committed each statement sees another moment, and 30 are missing or "
            "counted twice; at repeatable read both see one.",
            rc=ALL,
        ),
        Planted(
            "read-in-two-statements-with-locks",
            [move, partial(audit_one_by_one, read=LOCK)],
            "The locks are kept until the end: two-phase locking.",
        ),
        Planted(
            "read-in-two-transactions",
            [move, partial(audit_one_by_one, commit_between=True)],
            "Between the two transactions the whole transfer may happen, whatever the level.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "transfer-split-by-a-commit",
            [partial(move, commit_between=True), audit],
            "Between the two commits the money is nowhere, and the audit sees that.",
            rc=ALL,
            rr=ALL,
        ),
        Planted(
            "credit-before-debit",
            [partial(move, first=2, then=1), audit],
            "Within one transaction nobody sees the order of its statements.",
        ),
    ],
)
