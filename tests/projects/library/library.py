"""An application: its tables, and functions that take a session and what they work on."""

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Copy(Base):
    __tablename__ = "copy"
    id: Mapped[int] = mapped_column(primary_key=True)


class Loan(Base):
    __tablename__ = "loan"
    id: Mapped[int] = mapped_column(primary_key=True)
    copy_id: Mapped[int] = mapped_column(ForeignKey("copy.id"))
    reader: Mapped[str] = mapped_column(String(20))


def lend(session: Session, copy: int, reader: str) -> str:
    """Look whether the copy is there, and lend it."""
    if session.scalar(select(Loan.id).where(Loan.copy_id == copy)) is not None:
        return "not there"
    session.add(Loan(copy_id=copy, reader=reader))
    session.commit()
    return "lent"


def lend_locking(session: Session, copy: int, reader: str) -> str:
    """The same, with the copy locked first: who comes second looks when the first is done."""
    session.get_one(Copy, copy, with_for_update=True)
    return lend(session, copy, reader)
