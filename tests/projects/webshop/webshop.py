"""A web shop with SQLAlchemy's ORM: an order reserves stock, all of it or nothing.

Each program takes an ORM Session, as a request handler of a web framework does.
"""

from __future__ import annotations

from sqlalchemy import Connection, ForeignKey, String, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Article(Base):
    __tablename__ = "article"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(20))
    in_stock: Mapped[int]


class Order(Base):
    __tablename__ = "customer_order"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str] = mapped_column(String(20))
    lines: Mapped[list[Line]] = relationship(back_populates="order")


class Line(Base):
    __tablename__ = "order_line"
    order_id: Mapped[int] = mapped_column(ForeignKey(Order.id), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id), primary_key=True)
    pieces: Mapped[int]
    order: Mapped[Order] = relationship(back_populates="lines")


class OutOfStock(Exception):
    """A customer wants more than there is: part of the contract, not a failure."""


def setup(connection: Connection) -> None:
    Base.metadata.create_all(connection)
    with Session(connection) as session:
        session.add_all(
            [Article(id=1, name="lamp", in_stock=3), Article(id=2, name="bulb", in_stock=9)]
        )
        session.commit()


def order_lamps(session: Session) -> None:
    """Look at the stock, and write what is left: the flush writes a number, not a difference."""
    lamp = session.get_one(Article, 1)
    if lamp.in_stock < 2:
        raise OutOfStock(lamp.name)
    lamp.in_stock -= 2
    session.add(Order(customer="Ada", lines=[Line(article_id=1, pieces=2)]))
    session.commit()


def order_lamps_locking(session: Session) -> None:
    """The same, but the article is locked from the look on."""
    lamp = session.get_one(Article, 1, with_for_update=True)
    if lamp.in_stock < 2:
        raise OutOfStock(lamp.name)
    lamp.in_stock -= 2
    session.add(Order(customer="Ada", lines=[Line(article_id=1, pieces=2)]))
    session.commit()


def order_lamps_guarded(session: Session) -> None:
    """The same, with the look inside the update."""
    taken = session.execute(
        update(Article)
        .where(Article.id == 1, Article.in_stock >= 2)
        .values(in_stock=Article.in_stock - 2)
    )
    if not taken.rowcount:
        raise OutOfStock("lamp")
    session.add(Order(customer="Ada", lines=[Line(article_id=1, pieces=2)]))
    session.commit()


def no_more_sold_than_there_was(connection: Connection) -> str | None:
    """None, or what is wrong: three lamps came in, and each is sold or in stock."""
    with Session(connection) as session:
        left = session.get_one(Article, 1).in_stock
        sold = sum(session.scalars(select(Line.pieces).where(Line.article_id == 1)))
    return None if left + sold == 3 else f"{sold} lamps are sold and {left} in stock, of 3"
