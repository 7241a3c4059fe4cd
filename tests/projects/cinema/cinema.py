"""Seats of a cinema, booked by functions that take an Engine and open their own transactions."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, select
from sqlalchemy.exc import IntegrityError

METADATA = MetaData()
SEAT = Table("seat", METADATA, Column("id", Integer, primary_key=True, autoincrement=False))
BOOKING = Table(
    "booking",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("seat", Integer, nullable=False),
)


def setup(connection: Connection) -> None:
    METADATA.create_all(connection)
    connection.execute(SEAT.insert(), [{"id": 7}])


def setup_with_a_key(connection: Connection) -> None:
    setup(connection)
    connection.exec_driver_sql("CREATE UNIQUE INDEX one_booking_a_seat ON booking (seat)")


def book(engine: Engine) -> str:
    """Look in one transaction and book in another: nothing holds between the two."""
    with engine.connect() as connection:
        taken = connection.scalar(select(BOOKING.c.id).where(BOOKING.c.seat == 7))
    if taken is not None:
        return "taken"
    try:
        with engine.begin() as connection:
            connection.execute(BOOKING.insert().values(seat=7))
    except IntegrityError:
        return "taken"
    return "booked"


def book_in_one(engine: Engine) -> str:
    """Look and book in one transaction, with the seat locked first."""
    with engine.begin() as connection:
        connection.execute(select(SEAT.c.id).where(SEAT.c.id == 7).with_for_update())
        if connection.scalar(select(BOOKING.c.id).where(BOOKING.c.seat == 7)) is not None:
            return "taken"
        connection.execute(BOOKING.insert().values(seat=7))
    return "booked"
