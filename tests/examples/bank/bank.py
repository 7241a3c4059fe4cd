"""One account, and two withdrawals at once: copy this file and put your own functions in.

Each program takes a SQLAlchemy Connection and decides by itself where its transactions end.
"""

from sqlalchemy import Connection, text


def setup(connection: Connection) -> None:
    connection.execute(text("create table account (id int primary key, balance int not null)"))
    connection.execute(text("insert into account values (1, 100)"))


def withdraw(connection: Connection) -> str:
    """Read, check, write: between the read and the write the other may take the money."""
    return _withdraw(connection, "select balance from account where id = 1")


def withdraw_locking(connection: Connection) -> str:
    """The same, but who reads first keeps the other waiting until the end."""
    return _withdraw(connection, "select balance from account where id = 1 for update")


def _withdraw(connection: Connection, read: str) -> str:
    if connection.scalar(text(read)) < 70:
        return "refused"
    connection.execute(text("update account set balance = balance - 70 where id = 1"))
    connection.commit()
    return "paid"


def nobody_is_overdrawn(connection: Connection) -> str | None:
    """None, or what is wrong: asked before the first step, after every commit and at the end."""
    overdrawn = connection.scalar(text("select min(balance) from account where balance < 0"))
    return None if overdrawn is None else f"an account is overdrawn: its balance is {overdrawn}"
