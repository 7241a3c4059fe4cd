"""The bulk deletion replaced by an exchange of partitions, and what to do after a crash.

Last month's bills are a partition of their own (`schema.billing.partitioned`), and few of them
stay: those that nobody has paid, or whose goods came back. They are copied into tables beside the
partition, which then take its place, and the partition goes with all of its rows.

It is the last thing of a month: the next bill has next month's first number, so that no bill may be
registered from the exchange until the next month begins.

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
from functools import partial
from typing import Any, Final

from sqlalchemy import URL, Executable, Table, and_, event, func, insert, not_, or_, select
from sqlalchemy import Engine as Database

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
from workloads.billing.replacement import own_schemas
from workloads.billing.replacement.new_tables import NAMES, home_of, next_to
from workloads.billing.replacement.patience import Done, patiently
from workloads.billing.replacement.tables_beside import beside, drop

_PARENTS: Final = (member.name, product_billing.name)


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


BESIDE_OTHERS: Final = frozenset({ExchangeStep.PREPARE, ExchangeStep.CLEAN})
"""The steps during which everybody else goes on. Not so the first: a partition is added by who has
the table alone, for a moment of the step."""


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

        No bill may be registered afterwards on the day on which it is done.

        Raises:
            UsageError: the tables have no partition for last month, rows that are due lie in
                another one, another exchange is at work, or the schema beside is somebody's;
                nothing was exchanged.
            NotWholeError: what was copied is not what stays; nothing was exchanged.
            DeadlineExceeded: others never left the tables alone; `recover` is needed.
            engine.driver_error: the server refused; `recover` is needed.
        """
        with self._opened() as (database, connection):
            home = home_of(database)
            own_schemas.is_there(self._engine, database, next_to(home))
            gone = self._partition(connection)
            self._watch(ExchangeStep.OPEN)
            following = self._open_next_month(connection)
            self._watch(ExchangeStep.PREPARE)
            self._drop(database, connection, home)
            with database.begin() as made:
                own_schemas.make(made, next_to(home))
            tell(connection, self._how.beside(NAMES, gone.name, home, next_to(home)))
            connection.commit()
            self._watch(ExchangeStep.HOLD)
            self._hold(connection, home, gone)
            stays = self._copy(connection, home, gone)
            self._exchange(connection, home, gone)
            self._watch(ExchangeStep.LET_IN)
            self._let_in(connection, home, following)
            self._watch(ExchangeStep.CLEAN)
            self._drop(database, connection, home)
            return stays

    def recover(self) -> bool:
        """Put things right after a crash in any step; whether the deletion is done now.

        False means that `run` must do it again, and can.

        Raises:
            UsageError: the tables have no partition for last month, or the schema beside is
                somebody's; nothing was done.
            DeadlineExceeded: others never left the tables alone, such as the session of the
                program that died; it may be called again.
        """
        with self._opened() as (database, connection):
            home = home_of(database)
            self._drop(database, connection, home)
            gone = self._partition(connection)
            following = self._following(connection)
            if following is None or self._patiently(
                connection, lambda: self._is_left(connection, gone)
            ):
                return False
            count = self._counting_on(connection, home, following)
            self._patiently(connection, lambda: tell(connection, count))
            connection.commit()
            return True

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[Database, Any]]:
        with opened(self._engine, self._url) as database:
            # All connections, also those that make the tables beside, and drop them.
            event.listen(database, "connect", self._quiet)
            with driver_connection(database) as connection:
                yield database, connection

    def _quiet(self, connection: Any, _record: object) -> None:
        tell(connection, [*self._replacing.fresh, *self._how.quiet])
        connection.commit()

    def _drop(self, database: Database, connection: Any, home: str) -> None:
        self._patiently(connection, lambda: drop(self._engine, database, next_to(home)))

    def _partitions(self, connection: Any, table: str = bill.name) -> Sequence[Partition]:
        # A bound may be read under the lock of its partition.
        found = self._patiently(connection, lambda: self._how.partitions(connection, table))
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
                add = self._how.add(table, new)
                self._patiently(connection, partial(tell, connection, add))
                connection.commit()
        following = self._following(connection)
        assert following is not None, "both have one now"
        return following

    def _following(self, connection: Any) -> Partition | None:
        """Next month's partition, if each table has one."""
        found = [
            one
            for table in NAMES
            for one in self._partitions(connection, table)
            if one.name == self._next_month
        ]
        return found[0] if len(found) == len(NAMES) else None

    def _hold(self, connection: Any, home: str, gone: Partition) -> None:
        made = [self._how.beside_name(name, gone.name) for name in NAMES]
        hold = self._how.hold(NAMES, home, made, next_to(home), _PARENTS)
        self._patiently(connection, lambda: tell(connection, hold))

    def _patiently(self, connection: Any, work: Callable[[], Done]) -> Done:
        return patiently(self._engine, connection, work)

    def _copy(self, connection: Any, home: str, gone: Partition) -> Exchanged:
        """Copy what stays beside the partition, and see that each bill has its lines."""
        bills, lines = (beside(self._how, table, gone.name, home) for table in (bill, bill_line))
        self._watch(ExchangeStep.COPY_BILLS)
        self._see_empty(connection, (bills, lines))
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

    def _see_empty(self, connection: Any, made: Sequence[Table]) -> None:
        """Another exchange may have put its rows there, or what has gone, before it ended."""
        for table in made:
            if self._rows(connection, select(table.c.bill_no).limit(1)):
                raise UsageError(
                    f"{table.fullname} has rows already: another exchange is at work",
                    "nothing was exchanged; when the other one has ended, recover and begin again",
                )

    def _exchange(self, connection: Any, home: str, gone: Partition) -> None:
        halves = self._how.exchange(NAMES, gone, home, next_to(home))
        for step, half in zip((ExchangeStep.EXCHANGE, ExchangeStep.HALF), halves, strict=True):
            self._watch(step)
            tell(connection, half)

    def _let_in(self, connection: Any, home: str, following: Partition) -> None:
        count = self._counting_on(connection, home, following)
        # A counter is no part of a transaction: set before, it would stay so without the exchange.
        last = self._replacing.one_transaction
        let_go = self._replacing.let_go
        tell(connection, [*let_go, *count] if last else [*count, *let_go])
        connection.commit()

    def _counting_on(self, connection: Any, home: str, following: Partition) -> Sequence[str]:
        """What lets the next bill have a number of the next month's; nothing if it has one.

        Others may register meanwhile: a counter that is set to what was read would give numbers out
        for a second time. One that is set to the month's first gives out what nobody has.
        """
        name = {"table": bill.name, "column": bill.c.bill_no.name}
        counted = int(ask(connection, self._replacing.counter.format(schema=home, **name))[0][0])
        if counted >= following.first:
            return []
        return [self._replacing.count_from.format(number=following.first, **name)]

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
