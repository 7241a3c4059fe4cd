"""The one connection of a session, lent to a program that opens connections by itself."""

from __future__ import annotations

import weakref

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import PoolProxiedConnection

from harness.programs import Program, Takes


class Loan:
    """Knows whether the connection is out: a second one beside it could not be held."""

    def __init__(self, known: DBAPIConnection | None) -> None:
        self._known = known
        self._proxy: weakref.ref[PoolProxiedConnection] | None = None

    def take(self, dbapi: DBAPIConnection, proxy: PoolProxiedConnection) -> bool:
        """Note that a connection goes out; False if it is not the one that is lent, or it is out.

        To say twice that the same one goes out is no harm.
        """
        if self._proxy is not None:
            return self._proxy() is proxy
        if dbapi is not self._known:
            return False
        self._proxy = weakref.ref(proxy)
        return True

    def give_back(self) -> None:
        """Note that it is back in its pool."""
        self._proxy = None

    @property
    def is_out(self) -> bool:
        """Whether the program has not given it back."""
        return self._proxy is not None

    def call_in(self) -> None:
        """End the connection that was not given back, so that nobody gets it again."""
        proxy = self._proxy() if self._proxy is not None else None
        if proxy is not None and proxy.is_valid:
            proxy.invalidate()
        self._proxy = None

    @staticmethod
    def run(program: Program, database: Engine) -> object:
        """Run a program with what it takes of its engine; what it returned."""
        if program.isolation is not None:
            database = database.execution_options(isolation_level=program.isolation)
        if program.takes is Takes.ENGINE:
            return program.run(database)
        if program.takes is Takes.SESSIONMAKER:
            return program.run(sessionmaker(database))
        with Session(database) as session:
            return program.run(session)
