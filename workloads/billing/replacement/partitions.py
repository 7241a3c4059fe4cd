"""The bulk deletion replaced by an exchange of partitions, and what to do after a crash.

Last month's bills are a partition of their own (`schema.billing.partitioned`), and few of them
stay: those that nobody has paid, or whose goods came back. They are copied into tables beside the
partition, which then take its place, and the partition goes with all of its rows.

`watch` is told of each step before it begins. Whatever ends the process in between, `recover` puts
things right: it needs the server alone. Nothing but the tables is asked what was done: if a bill is
still there that is due, or a line without its bill, all of it is done again, and nothing of it
twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Final

from sqlalchemy import URL, Executable, and_, func, insert, not_, or_, select
from sqlalchemy import Engine as Database
from sqlalchemy.schema import CreateSchema

from harness.clock import Deadline, poll
from harness.engines.engine import Engine
from harness.engines.partitioning import Partition
from harness.errors import HarnessError, UsageError
from harness.loading.loader import driver_connection, opened
from harness.servers.asking import execute as tell
from harness.servers.asking import rows_of as ask
from schema.billing import bill, bill_line
from schema.billing.members import member, product_billing
from schema.billing.partitioned import NUMBERS_OF_A_MONTH, partition_name
from workloads.billing.batch.bulk_deletion import BulkDeletionRequest, due_bills, last_month
from workloads.billing.replacement.new_tables import NAMES, home_of, next_to
from workloads.billing.replacement.tables_beside import beside, drop

_PARENTS: Final = (member.name, product_billing.name)
_HELD_WITHIN_S: Final = 60.0
_AGAIN_S: Final = 0.1


class ExchangeStep(Enum):
    """The steps, in their order."""

    OPEN = "open next month's partitions"
    PREPARE = "make the tables beside"
    HOLD = "shut everybody out"
    COPY_BILLS = "copy what stays of 請求"
    COPY_LINES = "copy what stays of 請求明細"
    EXCHANGE = "exchange the partitions"
    HALF = "exchange them, second half"
    LET_IN = "let everybody in"
    CLEAN = "drop the tables beside"


BESIDE_OTHERS: Final = frozenset({ExchangeStep.OPEN, ExchangeStep.PREPARE, ExchangeStep.CLEAN})
"""The steps during which everybody else goes on."""


class NotWholeError(HarnessError):
    """What was copied is not what stays; nothing was exchanged."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """How many rows of last month's stay."""

    bills: int
    lines: int


class PartitionExchange:
    """Replaces last month's partitions in a database."""

    def __init__(
        self,
        engine: Engine,
        url: URL,
        request: BulkDeletionRequest,
        watch: Callable[[ExchangeStep], None] = lambda _step: None,
    ) -> None:
        """Raises MonthNotOverError if it is not the last day of a month."""
        self._engine = engine
        self._how = engine.partitioning
        self._replacing = engine.replacing
        self._url = url
        self._due = due_bills(request)
        self._month = partition_name(last_month(request)[0])
        self._next_month = partition_name(request.processing_date + timedelta(days=1))
        self._watch = watch

    def run(self) -> Exchanged:
        """Do it, from the beginning or from wherever a crash has left it.

        Raises:
            UsageError: the tables have no partition for last month, or rows that are due lie in
                another one; nothing was changed.
            NotWholeError: what was copied is not what stays; nothing was exchanged.
            DeadlineExceeded: others never left the tables alone; nothing was exchanged.
            engine.driver_error: the server refused; `recover` is needed.
        """
        with self._opened() as (database, connection):
            home = home_of(database)
            gone = self._partition(connection)
            self._watch(ExchangeStep.OPEN)
            following = self._open_next_month(connection)
            self._watch(ExchangeStep.PREPARE)
            drop(database, next_to(home))
            with database.begin() as made:
                made.execute(CreateSchema(next_to(home)))
            tell(connection, self._how.beside(NAMES, gone.name, home, next_to(home)))
            connection.commit()
            self._watch(ExchangeStep.HOLD)
            self._hold(connection, home, gone)
            stays = self._copy(connection, home, gone)
            self._exchange(connection, home, gone)
            tell(connection, self._counting_on(connection, home, following))
            self._watch(ExchangeStep.LET_IN)
            tell(connection, self._replacing.let_go)
            self._watch(ExchangeStep.CLEAN)
            drop(database, next_to(home))
            return stays

    def recover(self) -> bool:
        """Put things right after a crash in any step; whether the deletion is done now.

        False means that `run` must do it again, and can.

        Raises:
            UsageError: the tables have no partition for last month.
        """
        with self._opened() as (database, connection):
            home = home_of(database)
            drop(database, next_to(home))
            gone = self._partition(connection)
            found = [one for one in self._partitions(connection) if one.name == self._next_month]
            if not found or self._is_left(connection, gone):
                return False
            self._patiently(connection, self._counting_on(connection, home, found[0]))
            connection.commit()
            return True

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[Database, Any]]:
        with opened(self._engine, self._url) as database, driver_connection(database) as connection:
            tell(connection, [*self._replacing.fresh, *self._how.quiet])
            connection.commit()
            yield database, connection

    def _partitions(self, connection: Any, table: str = bill.name) -> Sequence[Partition]:
        found = self._how.partitions(connection, table)
        connection.commit()
        return found

    def _partition(self, connection: Any) -> Partition:
        for one in self._partitions(connection):
            if one.name == self._month:
                return one
        raise UsageError(
            f"{self._engine.name}: {bill.name} has no partition {self._month}",
            "cut the tables into partitions first, or replace by a swap",
        )

    def _open_next_month(self, connection: Any) -> Partition:
        """See that both tables have a partition for the bills of the month that begins."""
        for table in NAMES:
            there = self._partitions(connection, table)
            if self._next_month not in {one.name for one in there}:
                first = there[-1].end
                new = Partition(self._next_month, first, first + NUMBERS_OF_A_MONTH)
                self._patiently(connection, self._how.add(table, new))
                connection.commit()
        (found,) = (one for one in self._partitions(connection) if one.name == self._next_month)
        return found

    def _hold(self, connection: Any, home: str, gone: Partition) -> None:
        made = [self._how.beside_name(name, gone.name) for name in NAMES]
        hold = self._how.hold(NAMES, home, made, next_to(home), _PARENTS)
        self._patiently(connection, hold)

    def _patiently(self, connection: Any, statements: Sequence[str]) -> None:
        """Execute what needs tables alone, again and again: it never waits long at a time."""
        for _ in poll(Deadline.after(_HELD_WITHIN_S), "having the tables alone", _AGAIN_S):
            try:
                tell(connection, statements)
            except self._engine.driver_error as error:
                refusal = self._engine.classify(error)
                if refusal is None or not refusal.retryable:
                    raise
                connection.rollback()
            else:
                return

    def _copy(self, connection: Any, home: str, gone: Partition) -> Exchanged:
        """Copy what stays beside the partition, and see that each bill has its lines."""
        bills, lines = (beside(self._how, table, gone.name, home) for table in (bill, bill_line))
        self._watch(ExchangeStep.COPY_BILLS)
        outside = or_(bill.c.bill_no < gone.first, bill.c.bill_no >= gone.end)
        if found := self._rows(connection, select(bill.c.bill_no).where(self._due, outside)):
            raise UsageError(
                f"bill {found[0][0]} is due, and not in the partition {gone.name}",
                "delete such bills in units (`commit-per-bills`), and begin again",
            )
        within = and_(bill.c.bill_no >= gone.first, bill.c.bill_no < gone.end)
        stay = select(*bill.c).where(within, not_(self._due))
        self._tell(connection, insert(bills).from_select(list(bills.c), stay))
        self._watch(ExchangeStep.COPY_LINES)
        of_those = (
            select(*bill_line.c)
            .select_from(bills.join(bill_line, bills.c.bill_no == bill_line.c.bill_no))
            .where(bill_line.c.bill_no >= gone.first, bill_line.c.bill_no < gone.end)
        )
        self._tell(connection, insert(lines).from_select(list(lines.c), of_those))
        counted = select(func.count(), func.coalesce(func.sum(bills.c.line_count), 0))
        ((stays, wanted),) = self._rows(connection, counted.select_from(bills))
        ((copied,),) = self._rows(connection, select(func.count()).select_from(lines))
        if int(wanted) != copied:
            raise NotWholeError(
                f"{bill_line.name}: {copied:,} lines were copied; {stays:,} bills that stay have "
                f"{int(wanted):,}",
                "nothing was exchanged; find the bill that has not all of its lines",
            )
        return Exchanged(stays, copied)

    def _exchange(self, connection: Any, home: str, gone: Partition) -> None:
        halves = self._how.exchange(NAMES, gone, home, next_to(home))
        for step, half in zip((ExchangeStep.EXCHANGE, ExchangeStep.HALF), halves, strict=True):
            self._watch(step)
            tell(connection, half)

    def _counting_on(self, connection: Any, home: str, following: Partition) -> Sequence[str]:
        """Let the next bill have a number of the next month's, or a later one."""
        name = {"table": bill.name, "column": bill.c.bill_no.name}
        counted = int(ask(connection, self._replacing.counter.format(schema=home, **name))[0][0])
        number = max(counted, following.first)
        return [self._replacing.count_from.format(number=number, **name)]

    def _is_left(self, connection: Any, gone: Partition) -> bool:
        """Whether a bill is there that is due, or a line of last month's without its bill."""
        due = select(bill.c.bill_no).where(self._due).limit(1)
        orphan = (
            select(bill_line.c.bill_no)
            .select_from(bill_line.outerjoin(bill, bill.c.bill_no == bill_line.c.bill_no))
            .where(
                bill_line.c.bill_no >= gone.first,
                bill_line.c.bill_no < gone.end,
                bill.c.bill_no.is_(None),
            )
            .limit(1)
        )
        found = self._rows(connection, due) or self._rows(connection, orphan)
        connection.rollback()
        return bool(found)

    def _rows(self, connection: Any, query: Executable) -> list[tuple[Any, ...]]:
        return ask(connection, self._said(query))

    def _tell(self, connection: Any, statement: Executable) -> None:
        tell(connection, [self._said(statement)])

    def _said(self, statement: Any) -> str:
        """A statement with its values in it, as the driver's own connection takes it."""
        with opened(self._engine, self._url) as database:
            compiled = statement.compile(database, compile_kwargs={"literal_binds": True})
        return " ".join(str(compiled).split())
