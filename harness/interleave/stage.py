"""The stage of one cell: its tables, and the connection that looks at them and puts them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, MetaData, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from harness.checks.invariant import Invariant
from harness.checks.state import State
from harness.engines.engine import Isolation
from harness.errors import ProgramMisbehaved, ServerError
from harness.interleave.cell import Target
from harness.interleave.fixture import Fixture
from harness.interleave.written import Writing
from harness.scenario import Scenario
from harness.sessions.own_code import at_line
from harness.sessions.session import first_line
from harness.sessions.trouble import told


class Stage:
    """A scenario's tables in an empty database, while it is `ready`."""

    connection: Connection

    def __init__(self, target: Target, scenario: Scenario) -> None:
        self._target = target
        self._scenario = scenario
        self.fixture = Fixture(target.engine, MetaData(), scenario.load)
        self._views: frozenset[str] = frozenset()

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Make the tables and load them; they are gone afterwards.

        Raises:
            ProgramMisbehaved: the scenario's setup raised, or made no table.
            sqlalchemy.exc.DBAPIError, engine.driver_error: the server refused, or is gone.
        """
        engine = self._target.engine
        # The observer reads what is committed, whatever level the programs run at.
        observer = create_engine(
            self._target.url,
            isolation_level=Isolation.READ_COMMITTED.value,
            connect_args={**engine.connect_arguments, **engine.storage.connect_arguments},
            skip_autocommit_rollback=True,
        )
        try:
            with observer.connect() as self.connection:
                self._views = self._views_now()
                try:
                    self.fixture = self._fixture()
                    self.fixture.create(self.connection)
                    yield
                    self._drop()
                except BaseException:
                    self._drop_after_failure()
                    raise
        finally:
            observer.dispose()

    def put_back(self, writings: set[Writing]) -> State:
        """Read how an execution left the tables it may have written, and restore them."""
        return self.fixture.put_back(self.connection, writings)

    def observe(self) -> tuple[object, ...]:
        """What the invariants see in what is committed now.

        Raises:
            ProgramMisbehaved: an invariant raised.
            ServerError: the server does not answer; the message says what was seen.
        """
        seen = tuple(self._seen_by(rule) for rule in self._scenario.invariants)
        try:
            self.connection.rollback()
        except DBAPIError as error:
            raise ServerError(told(self._target.engine, error)) from error
        return seen

    def _seen_by(self, rule: Invariant) -> object:
        try:
            return rule.observe(self.connection)
        except ProgramMisbehaved:
            raise
        except Exception as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                self.connection.rollback()  # or nothing more can be asked on it
                raise ServerError(told(self._target.engine, error)) from error
            raise ProgramMisbehaved(
                f"invariant '{rule.name}' raised {_said(error)}",
                "does it run by itself on the tables that the setup makes?",
            ) from error

    def _drop(self) -> None:
        """Drop what the setup made: the tables, and views also where they outlive their tables."""
        self.fixture.drop(self.connection)
        quoted = self.connection.dialect.identifier_preparer.quote
        for name in sorted(self._views_now() - self._views):
            self.connection.execute(text(f"DROP VIEW IF EXISTS {quoted(name)} CASCADE"))
        self.connection.commit()

    def _views_now(self) -> frozenset[str]:
        found = frozenset(inspect(self.connection).get_view_names())
        self.connection.rollback()
        return found

    def _drop_after_failure(self) -> None:
        """Drop the tables; what went wrong is not hidden by what then goes wrong as well."""
        try:
            self.connection.invalidate()  # an interrupt may have left it amid a statement
            self.connection.rollback()
            self._drop()
        except SQLAlchemyError:
            pass  # the server is gone, and if not, the database is dropped or emptied anyway

    def _fixture(self) -> Fixture:
        """The scenario's tables; where it makes them itself, as they are then found."""
        scenario, engine = self._scenario, self._target.engine
        if scenario.metadata is not None:
            return Fixture(engine, scenario.metadata, scenario.load)
        # A given database may hold what is not the scenario's: the harness's own marker.
        before = inspect(self.connection).get_table_names()
        try:
            scenario.load(self.connection)
        except Exception as error:
            raise ProgramMisbehaved(
                f"the setup raised {_said(error)}",
                "does it run by itself on an empty database?",
            ) from error
        self.connection.commit()
        found = MetaData()
        found.reflect(self.connection, only=lambda name, _metadata: name not in before)
        self.connection.rollback()
        if not found.tables:
            raise ProgramMisbehaved("the setup made no table", "create the tables and rows in it")
        return Fixture(engine, found, lambda _connection: None)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}{at_line(error)}"
