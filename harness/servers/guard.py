"""Guard what is about to be started: in the register, and with the reaper.

A guard is taken before the start and released after the end. In between, nothing that the record
names can outlive the harness.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.servers import reaper, register, remains
from harness.servers.owner import Owner
from harness.servers.register import Record


class Guard:
    """Holds a record in the register and with the reaper until it is released."""

    def __init__(
        self,
        what: str,
        *,
        folders: tuple[Path, ...] = (),
        container: bool = False,
        name: str | None = None,
    ) -> None:
        self.record = Record(
            name=name or register.new_name(),
            owner=Owner.current(),
            what=what,
            folders=tuple(str(folder) for folder in folders),
            container=container,
        )
        self._unanswered = False
        # The reaper first: what interrupts us before the second line leaves no record behind.
        self._reaper = reaper.current()
        self._reaper.tell(f"+ {self.record.as_json()}")
        register.write(self.record)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Hold this while somebody is asked to make a thing that we cannot end before they answer.

        Whatever interrupts us in here, the thing may still appear afterwards.
        """
        self._unanswered = True
        self._reaper.tell(f"? {self.record.name}")
        try:
            yield
        except Exception:
            self._answered()  # a refusal is an answer
            raise
        self._answered()

    def _answered(self) -> None:
        self._unanswered = False
        self._reaper.tell(f"= {self.record.name}")

    def ours(self) -> bool:
        """Whether this process took the guard; a forked child must end nothing of its parent's."""
        return self.record.owner.pid == os.getpid()

    def release(self) -> None:
        """End what the record names and forget it. May be called again.

        Raises:
            HarnessError: something could not be ended; it stays in the register.
        """
        if not self.ours():
            return
        remains.remove(self.record, unanswered=self._unanswered)
        self._unanswered = False
        self._reaper.tell(f"- {self.record.name}")
        register.remove(self.record.name)


@contextmanager
def made_whole(place: Path, what: str) -> Iterator[Path]:
    """Make something in the cache under another name; afterwards it is at its place, whole.

    Whatever interrupts the making leaves nothing. If somebody else was quicker, theirs stays.
    """
    name = register.new_name()
    unfinished = place.with_name(f".{name}")
    guard = Guard(what, folders=(unfinished,), name=name)
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield unfinished
        try:
            unfinished.rename(place)
        except OSError:
            if not place.exists():
                raise
    finally:
        guard.release()
