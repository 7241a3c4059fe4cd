"""What is open in a `with` block and closed after it, however the block ends."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Closing:
    """Opened by `with`, and closed behind it; a class says what that means.

    What an `open` that failed in the middle had opened already is closed as well.

    >>> class Door(Closing):
    ...     def close(self) -> None:
    ...         print("closed")
    >>> with Door():
    ...     print("inside")
    inside
    closed
    """

    def open(self) -> None:
        """Open what `__init__` has not opened; nothing, unless a class says otherwise."""

    def close(self) -> None:
        """Close all that is open."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
