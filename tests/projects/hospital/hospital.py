"""Doctors on call: each may go home as long as one stays. The levels decide, program by program."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection, func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Doctor(Base):
    __tablename__ = "doctor"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    on_call: Mapped[bool]


def setup(connection: Connection) -> None:
    Base.metadata.create_all(connection)
    with Session(connection) as session:
        session.add_all([Doctor(id=1, on_call=True), Doctor(id=2, on_call=True)])
        session.commit()


def go_home(connection: Connection, doctor: int) -> str:
    """Count who is on call, and leave if it is not me alone."""
    on_call = connection.scalar(select(func.count()).where(Doctor.on_call))
    if on_call < 2:
        connection.rollback()
        return "stays"
    connection.execute(update(Doctor).where(Doctor.id == doctor).values(on_call=False))
    connection.commit()
    return "goes home"


go_home_1 = partial(go_home, doctor=1)
go_home_2 = partial(go_home, doctor=2)


def somebody_is_on_call(connection: Connection) -> str | None:
    """None, or what is wrong."""
    on_call = connection.scalar(select(func.count()).where(Doctor.on_call))
    return None if on_call else "nobody is on call"
