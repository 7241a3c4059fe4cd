"""Who started something: one process of one boot of one machine.

A process number alone is used again sooner or later, so it comes with the moment its process
started, and with the boot and the process namespace in which the number means anything.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

OwnerState = Literal["alive", "ended", "elsewhere", "another boot"]


@dataclass(frozen=True, slots=True)
class Owner:
    """One process, told apart from all others."""

    pid: int
    started: float
    """Seconds since the boot. Since 1970 would change with every adjustment of the clock."""
    place: str
    """The boot of the machine and the process namespace."""

    @classmethod
    def current(cls) -> Owner:
        """The process that asks."""
        pid = os.getpid()
        return cls(pid, _started(pid), _place())

    def state(self) -> OwnerState:
        """Whether the process still runs, as far as can be seen from here."""
        if self.place != _place():
            same_boot = self.place.partition(":")[0] == _place().partition(":")[0]
            return "elsewhere" if same_boot else "another boot"
        try:
            same = abs(_started(self.pid) - self.started) < 1.0
        except psutil.NoSuchProcess:
            return "ended"
        return "alive" if same else "ended"

    def __str__(self) -> str:
        return f"{self.pid}-{self.started:.2f}-{self.place}"

    @classmethod
    def parse(cls, text: str) -> Owner:
        """The owner that `str` printed.

        >>> Owner.parse("4121-1700000000.25-boot:4026531836").pid
        4121

        Raises:
            ValueError: it is no owner.
        """
        pid, started, place = text.split("-", 2)
        return cls(int(pid), float(started), place)


def _started(pid: int) -> float:
    """When a process started (proc(5): the 22nd field of `stat`, in clock ticks since the boot).

    Raises:
        psutil.NoSuchProcess: there is none.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        # Not Linux, or no such process: then this raises.
        return psutil.Process(pid).create_time()
    # The second field is the program's name in brackets, and may hold anything.
    return int(stat.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")


def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:  # not Linux: the boot is known by its time
        boot, namespace = f"{psutil.boot_time():.0f}", 0
    return f"{boot}:{namespace}"
