"""End what a record names: its processes, containers, volumes and folders.

Used by the reaper, which must not depend on the rest of the package, and by `clean`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.clock import Deadline, poll
from harness.errors import DeadlineExceeded, HarnessError
from harness.servers import processes
from harness.servers.register import LABEL_ID, Record

_STUBBORN_S = 5.0
# How long Docker may take to make a container that was asked for before an interruption.
_LATE_S = 10.0


def remove(record: Record, *, unanswered: bool = False) -> None:
    """End everything that belongs to a record; nothing happens if all is gone already.

    `unanswered` says that a container may still appear: it was asked for, and no answer came.

    Raises:
        HarnessError: something could not be ended; the record is still needed.
    """
    for folder in record.folders:
        remove_folder(Path(folder))
    if record.container and not remove_containers(record.name) and unanswered:
        _remove_late_container(record.name)


def remove_folder(folder: Path) -> None:
    """Kill what works in a folder and remove it.

    Raises:
        HarnessError: it could not be removed.
    """
    last: OSError | None = None
    try:
        for _ in poll(Deadline.after(_STUBBORN_S), f"removal of {folder}", every_s=0.1):
            processes.kill(folder)  # even if it is gone: a process may still work where it was
            try:
                shutil.rmtree(folder)
            except FileNotFoundError:
                last = None  # somebody else removes it at the same time
            except OSError as error:
                last = error
            if not folder.exists():
                return
    except DeadlineExceeded as error:
        why = last.strerror if last is not None else "it is made again and again"
        raise HarnessError(f"{folder}: cannot be removed ({why})") from error


def remove_containers(name: str) -> bool:
    """Remove the containers and volumes that carry this label; whether there were any.

    Raises:
        HarnessError: Docker cannot be asked, or refused.
    """
    from harness.servers import docker_engine  # noqa: PLC0415 -- slow, and the reaper seldom needs it

    with docker_engine.connected() as client:
        return docker_engine.remove_labelled(client, f"{LABEL_ID}={name}")


def _remove_late_container(name: str) -> None:
    try:
        for _ in poll(Deadline.after(_LATE_S), f"container of {name}", every_s=0.2):
            if remove_containers(name):
                return
    except DeadlineExceeded:
        return
