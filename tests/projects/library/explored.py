"""What is explored of the library: the functions with their arguments, and where they start."""

from functools import partial

from library import Base, Copy, Loan, lend, lend_locking
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session


def setup(connection: Connection) -> None:
    Base.metadata.create_all(connection)
    with Session(connection) as session:
        session.add(Copy(id=1))
        session.commit()


def no_copy_is_lent_twice(connection: Connection) -> str | None:
    loans = connection.scalar(select(func.count()).select_from(Loan))
    return None if loans <= 1 else f"the copy is lent {loans} times"


ada, bob = partial(lend, copy=1, reader="Ada"), partial(lend, copy=1, reader="Bob")
ada_locking = partial(lend_locking, copy=1, reader="Ada")
bob_locking = partial(lend_locking, copy=1, reader="Bob")
