"""The processes of one server: found, signalled, waited for.

A server's processes are known by their working directory: every engine's server enters its data
directory, its children inherit that, and we start everything inside the server's folder. Process
groups do not serve: PostgreSQL's backends make sessions of their own. What has a terminal is a
person's shell who looks around in there, and no server's process.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import psutil

from harness.clock import Deadline, poll


def inside(folder: Path) -> list[psutil.Process]:
    """Every living process that works in this folder, the oldest first."""
    real = os.path.realpath(folder)
    found = []
    for process in psutil.process_iter():
        try:
            cwd = process.cwd()
            if (cwd == real or cwd.startswith(real + os.sep)) and _counts(process):
                found.append((process.create_time(), process.pid, process))
        except psutil.Error:  # ended meanwhile, or somebody else's
            continue
    return [process for _, _, process in sorted(found, key=lambda item: item[:2])]


def _counts(process: psutil.Process) -> bool:
    ended = process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    return not ended and process.terminal() is None


def send(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to each that still is the process it was."""
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def freeze(folder: Path) -> list[psutil.Process]:
    """SIGSTOP every process of a folder, until there is none that was not stopped.

    The oldest comes first: it is the one that would start others.
    """
    stopped: dict[int, psutil.Process] = {}
    while fresh := [process for process in inside(folder) if process.pid not in stopped]:
        send(fresh, signal.SIGSTOP)
        stopped.update({process.pid: process for process in fresh})
    return list(stopped.values())


def thaw(folder: Path) -> None:
    """SIGCONT every process of a folder, the youngest first."""
    send(list(reversed(inside(folder))), signal.SIGCONT)


def kill(folder: Path, limit_s: float = 10.0) -> None:
    """SIGKILL every process of a folder at one moment; return when all are gone.

    They are frozen first, so that none sees another one die and reacts to it. Our own children
    stay as zombies until they are waited for: that is the caller's.

    Raises:
        DeadlineExceeded: one did not go in time (it is inside an uninterruptible system call).
    """
    send(freeze(folder), signal.SIGKILL)
    for _ in poll(Deadline.after(limit_s), f"end of the processes in {folder}", every_s=0.005):
        left = inside(folder)
        if not left:
            return
        send(left, signal.SIGKILL)
