"""User names, registered by functions that take a sessionmaker; one of them works in autocommit."""

from __future__ import annotations

from sqlalchemy import Connection, String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "app_user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


def setup(connection: Connection) -> None:
    Base.metadata.create_all(connection)


def setup_with_a_key(connection: Connection) -> None:
    setup(connection)
    connection.exec_driver_sql("CREATE UNIQUE INDEX one_user_a_name ON app_user (name)")


def sign_up(new_session: sessionmaker[Session]) -> str:
    """Ask in one session whether the name is free, and register it in the next."""
    with new_session() as session:
        if session.scalar(select(User).where(User.name == "ada")) is not None:
            return "taken"
    try:
        with new_session.begin() as session:
            session.add(User(name="ada"))
    except IntegrityError:
        return "taken"
    return "welcome"


def sign_up_at_once(connection: Connection) -> str:
    """The same in autocommit: two statements, each a transaction of its own."""
    if connection.scalar(select(User.id).where(User.name == "ada")) is not None:
        return "taken"
    try:
        connection.execute(User.__table__.insert().values(name="ada"))
    except IntegrityError:
        return "taken"
    return "welcome"
