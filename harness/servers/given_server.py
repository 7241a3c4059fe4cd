"""A given server while it is ours: one database, lent, emptied and left empty."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL

from harness.engines.engine import Engine, Profile
from harness.errors import Refused, ServerError
from harness.servers import asking
from harness.servers.given_url import place, said_of
from harness.servers.offer import Wanted

MARKER = "harness_marker"
_PASSES = 5


def objects(engine: Engine, connection: Any) -> list[tuple[str, str]]:
    """What users made in the connection's database, without our marker: name, how to drop it."""
    found = asking.rows_of(connection, engine.recipe.statements.objects)
    return [(str(name), str(statement)) for name, statement in found if name != MARKER]


def marked(engine: Engine, connection: Any) -> bool:
    """Whether an earlier run of ours left its marker."""
    found = asking.rows_of(connection, engine.recipe.statements.objects)
    return any(name == MARKER for name, _ in found)


class GivenServer:
    """A server that is somebody's, of which one database is ours for a while."""

    def __init__(self, engine: Engine, url: URL, version: str, profile: Profile) -> None:
        self.engine = engine
        self.source = f"given {place(url)}"
        self.version = version
        self.profile = profile
        self._url = url
        self._holder: Any = None

    def open(self) -> None:
        """Make the database ours: take its lock, put the marker, drop what an ended run left.

        Raises:
            Refused: another run uses it, or the user may not create tables.
        """
        try:
            self._hold()
            self._put_marker()
            self._drop_everything()
        except BaseException as error:
            self._let_go()
            if isinstance(error, self.engine.driver_error):
                raise Refused(
                    f"given server {place(self._url)}: {said_of(self._url, error)}"
                ) from error
            raise

    def adopt(self) -> None:
        """Make the database ours again as an earlier run of ours left it: nothing is dropped.

        Raises:
            Refused: another run uses it, or no run of ours left anything there.
        """
        self._hold()
        if not marked(self.engine, self._holder):
            self._let_go()
            raise Refused(
                f"given server {place(self._url)}: the database holds nothing of the harness's",
                f"is it the right one? the table {MARKER} says that one is ours",
            )

    def url(self, database: str | None = None) -> URL:
        """Where to connect. Never print it: it holds the password."""
        return self._url if database is None else self._url.set(database=database)

    def stop(self) -> None:
        """Drop all that was made in the database, the marker last, and let it go."""
        if self._holder is None:
            return
        try:
            self._drop_everything()
            asking.execute(self._fresh_holder(), [f"DROP TABLE {MARKER}"])
        except self.engine.driver_error as error:
            raise ServerError(
                f"given server {place(self._url)}: cannot be emptied ({said_of(self._url, error)})",
                f"the table {MARKER} says that all in this database is the harness's:"
                " the next run empties it",
            ) from error
        finally:
            self._let_go()

    def empty_database(self) -> URL:
        """Drop everything we made in the lent database; where it is."""
        self._drop_everything()
        return self._url

    def keep(self) -> None:
        """Let the database go with all that is in it; the marker lets a later run empty it."""
        self._let_go()

    def _hold(self) -> None:
        """Take the lock on the database; the server frees it when our connection ends."""
        self._holder = asking.connect(self.engine, self._url)
        if not asking.rows_of(self._holder, self.engine.recipe.statements.hold)[0][0]:
            raise Refused(
                f"given server {place(self._url)}: another run of the harness uses this database",
                "wait for its end, or give each run a database of its own",
            )

    def _put_marker(self) -> None:
        if marked(self.engine, self._holder):
            return
        # Looked at again, under the lock: the probe was a while ago.
        if found := objects(self.engine, self._holder):
            raise not_empty(self._url, [name for name, _ in found])
        try:
            asking.execute(self._holder, [f"CREATE TABLE {MARKER} (id INTEGER PRIMARY KEY)"])
        except self.engine.driver_error as error:
            raise Refused(
                f"given server {place(self._url)}: the user may not create tables there"
                f" ({said_of(self._url, error)})",
                "grant the user everything on this one database",
            ) from error

    def _drop_everything(self) -> None:
        """Drop all but the marker. What depends on others is met again in the next pass."""
        connection = self._fresh_holder()
        asking.execute(connection, self.engine.recipe.statements.before_drop)
        for _ in range(_PASSES):
            found = objects(self.engine, connection)
            asking.execute(connection, [statement for _, statement in found])
            if not found:
                return
        left = ", ".join(name for name, _ in objects(self.engine, connection))
        raise ServerError(f"given server {place(self._url)}: cannot be emptied; left are {left}")

    def _fresh_holder(self) -> Any:
        """The connection that holds the lock; a new one if the server was restarted meanwhile."""
        try:
            asking.rows_of(self._holder, "SELECT 1")
        except self.engine.driver_error:
            self._let_go()
            self._hold()
        return self._holder

    def _let_go(self) -> None:
        if self._holder is None:
            return
        try:
            self._holder.close()
        except self.engine.driver_error:
            pass  # the server had closed it
        self._holder = None


def not_empty(url: URL, names: list[str]) -> Refused:
    """The refusal of a database that is in use."""
    more = ["…"] if len(names) > 3 else []
    shown = ", ".join(sorted(names)[:3] + more)
    number = f"{len(names)} object{'' if len(names) == 1 else 's'}"
    return Refused(
        f"given server {place(url)}: the database is not empty ({number}: {shown})",
        "give an empty database: the harness drops all that is in the one it uses",
    )


def open_given(engine: Engine, url: URL, version: str, wanted: Wanted) -> GivenServer:
    """Make a given server ours for a while.

    Raises:
        ServerError: it is not for us to use; it was left as it was.
    """
    if wanted.settings:
        raise ServerError(
            f"given server {place(url)}: its settings are not ours to change"
            f" ({', '.join(wanted.settings)})",
            "let the harness start a server of its own: --source docker, local or wheel",
        )
    server = GivenServer(engine, url, version, wanted.profile)
    server.open()
    return server
