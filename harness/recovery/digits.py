"""Many rows from few: a table of the ten digits, joined with itself once for each place."""

from __future__ import annotations

from functools import reduce

from sqlalchemy import Column, Connection, FromClause, Integer, MetaData, Table, insert, literal
from sqlalchemy.sql.elements import ColumnElement


def digit_table(name: str, metadata: MetaData) -> Table:
    """A table for the digits, empty until they are filled in."""
    return Table(name, metadata, Column("d", Integer, primary_key=True, autoincrement=False))


def fill_digits(connection: Connection, digit: Table) -> None:
    """The digits, without a commit."""
    connection.execute(insert(digit), [{"d": number} for number in range(10)])


def numbers(digit: Table, digits: int) -> tuple[ColumnElement[int], FromClause]:
    """The numbers of so many digits as a column, and the tables from which they come."""
    places = [digit.alias(f"d{power}") for power in range(digits)]
    number = sum((p.c.d * 10**power for power, p in enumerate(places)), literal(0))

    def joined(left: FromClause, right: FromClause) -> FromClause:
        # True of all rows; it compares two tables, so that the product is seen to be meant.
        return left.join(right, right.c.d >= -places[0].c.d)

    return number, reduce(joined, places[1:], places[0])
