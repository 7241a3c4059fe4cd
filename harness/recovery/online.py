"""Online transactions beside something else, with a ledger: the plain load on a few connections."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sqlalchemy import URL, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from harness.checks.durability import Durability, judge
from harness.clock import Deadline, poll
from harness.engines.engine import Engine
from harness.faults.moment import Kind, Moment
from harness.faults.trigger import Trigger
from harness.recovery.entries import ENTRIES
from harness.recovery.ledger import Ledger
from harness.recovery.writers import Fleet

_WRITERS = 2
# Clerks type; without a rest the writers take the machine from what they run beside.
_REST_S = 0.02
_FIRST_S = 30.0


class OnlineLoad:
    """Writes into tables of its own until the server is killed or the `with` block is left."""

    def __init__(self, kind: Engine, url: URL, writers: int = _WRITERS) -> None:
        arguments = {**kind.connect_arguments, **kind.recipe.patience}
        self._database = create_engine(url, poolclass=NullPool, connect_args=arguments)
        self._ledger = Ledger()
        self._writers = writers
        self._fleet = Fleet(kind, url, ENTRIES, self._ledger, Trigger(Moment(Kind.RANDOM)))

    def __enter__(self) -> Self:
        with self._database.connect() as connection:
            ENTRIES.metadata.create_all(connection)
            connection.commit()
            ENTRIES.fill(connection)
        for number in range(1, self._writers + 1):
            self._fleet.start(f"w{number}", 0, rest_s=_REST_S)
        # Without an acknowledged commit nothing would be known of the kill that follows.
        for _ in poll(Deadline.after(_FIRST_S), "the first online commit"):
            if self._ledger.last_acknowledged_s is not None or self._fleet.problem():
                break
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._fleet.__exit__(kind, error, traceback)
        self._database.dispose()

    def compare(self) -> Durability:
        """End the writers, and hold the ledger beside the tables.

        Raises:
            HarnessError: a writer ended although nobody killed its server.
        """
        self._fleet.stop()
        if problem := self._fleet.problem():
            raise problem
        try:
            with self._database.connect() as connection:
                held = ENTRIES.held(connection)
                broken = ENTRIES.broken(connection)
        except DBAPIError:
            return judge(self._ledger.promises(), None)
        return judge(self._ledger.promises(), held, broken)
