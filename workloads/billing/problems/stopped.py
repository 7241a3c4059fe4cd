"""A program that is stopped in the middle, as when its process is killed.

Nothing of the program is changed: an event of SQLAlchemy's ends it after one of its statements, and
what it had not committed is rolled back, as the server does when its client is gone.
"""

from collections.abc import Callable

from sqlalchemy import Connection, event


class StoppedError(Exception):
    """Stands for the end of the process."""

    def __init__(self, statements: int) -> None:
        super().__init__(f"stopped after {statements} statements")


def stopped_after(
    statements: int, run: Callable[[Connection], object]
) -> Callable[[Connection], object]:
    """The program, stopped when it has done so many statements; commits are not counted.

    The returned function raises StoppedError, with the transaction open, unless the program comes
    to its end before.
    """

    def stopped(connection: Connection) -> object:
        done = 0

        def stop(*_: object) -> None:
            nonlocal done
            done += 1
            if done == statements:
                raise StoppedError(statements)

        event.listen(connection, "after_cursor_execute", stop)
        try:
            return run(connection)
        finally:
            event.remove(connection, "after_cursor_execute", stop)

    return stopped
