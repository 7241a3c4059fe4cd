"""Processes that send requests: each has its share of them, and a pool for each program.

One Python process computes on one core. Each is begun anew (spawned), so that it has no thread,
lock or connection of ours; it hears orders and tells what it counted over a pipe, and ends when
that breaks.
"""

from __future__ import annotations

import gc
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from harness.clock import computed_s, now_s
from harness.errors import HarnessError

_LOOK_S = 0.05
"""How often a process counts what has ended, and looks whether its threads have come to theirs."""
_TELL_S = 0.25
"""How often it says how far they are: to work that out takes time from requests."""
_GRACE_S = 3.0
"""How long what is under way may take after an order to stop."""
_SWITCH_S = 0.0005
"""How long a thread may compute while another wants to begin a request (Python's own is 5 ms)."""


class Work(Protocol):
    """What a process does."""

    def connect(self) -> None:
        """Get ready. Raises HarnessError if that fails."""

    def start(self, start_s: float) -> None:
        """Begin at this moment, on threads of its own."""

    def stop(self) -> None:
        """Begin nothing more."""

    def at_work(self) -> int:
        """How many threads have not come to their end."""

    def count(self) -> None:
        """Count what has ended since the last time: called again and again, also between tells."""

    def told(self, *, whole: bool) -> Mapping[str, Any]:
        """What came of it so far, as plain values: in brief, or the whole of it at the end."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a process says of itself."""

    values: Mapping[str, Any]
    over: bool = False
    """Whether it is the last word."""
    unfinished: int = 0
    """Threads that had not come to their end when it was said for the last time."""
    computed_s: float = 0.0
    """For how long it has computed since it was told to begin."""


class GeneratorProcess:
    """One process, as its parent sees it."""

    def __init__(self, make: Callable[..., Work], *arguments: Any, core: int | None = None) -> None:
        """`core` is the one that it keeps to; None if it goes where there is room."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_live, args=(theirs, core, make, arguments), daemon=True
        )
        self._process.start()
        theirs.close()
        self.last: Told = Told({})
        self.died = False

    @property
    def over(self) -> bool:
        """Whether it has said its last word, or is gone."""
        return self.last.over or self.died

    @property
    def pipe(self) -> Pipe:
        """To wait for what it says."""
        return self._pipe

    def ready(self) -> None:
        """Wait until it is connected.

        Raises:
            HarnessError: it is not, and says why.
        """
        try:
            said = self._pipe.recv()
        except (EOFError, OSError):
            raise HarnessError("replay: a generator process died at its start") from None
        if isinstance(said, HarnessError):
            raise said
        self.last = said

    def start(self, start_s: float) -> None:
        """Have it begin at this moment."""
        self._send(("start", start_s))

    def stop(self) -> None:
        """Have it begin nothing more, and tell for the last time."""
        self._send(("stop", 0.0))

    def hear(self) -> None:
        """Take what it has said."""
        try:
            while self._pipe.poll():
                self.last = self._pipe.recv()
        except (EOFError, OSError):
            self.died = not self.last.over

    def end(self) -> None:
        """End it, whatever it does. May be called again."""
        self._pipe.close()
        self._process.join(0 if not self.last.over else _GRACE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _send(self, order: tuple[str, float]) -> None:
        try:
            self._pipe.send(order)
        except OSError:
            self.died = not self.last.over


def cores_for(processes: int) -> Sequence[int | None]:
    """A core for each of so many processes, if there are as many; else none for any.

    Threads of one Python process compute in turn. On one core, to hand over to the next is a
    change of threads; over several, cores must be woken, which takes about a fifth more of time.
    """
    ours = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return ours[:processes] if processes <= len(ours) else [None] * processes


def heard_of(processes: Sequence[GeneratorProcess], within_s: float) -> None:
    """Wait until one of the processes says something, and take what all have said."""
    speaking = {process.pipe: process for process in processes if not process.over}
    for pipe in multiprocessing.connection.wait(list(speaking), within_s):
        speaking[pipe].hear()  # type: ignore[index]


def _live(
    pipe: Pipe, core: int | None, make: Callable[..., Work], arguments: Sequence[Any]
) -> None:
    """The life of a process."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    _take_turns()
    # Ctrl-C reaches every process of a terminal; the parent says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setswitchinterval(_SWITCH_S)
    try:
        work = make(*arguments)
        work.connect()
    except HarnessError as error:
        pipe.send(error)
        return
    # What is there now stays: to look through it again and again for garbage would make the
    # requests under way wait.
    gc.collect()
    gc.freeze()
    pipe.send(Told(work.told(whole=False)))
    _work(pipe, work)


def _take_turns() -> None:
    """Let no thread of this process be interrupted because another one has an answer to take.

    Who computes has Python's lock: one that is woken for its answer would stop it, find the lock
    taken, and go back to sleep. What Linux calls batch scheduling (sched(7)) takes no other time
    away: whoever is woken gets its turn as soon as the one before waits for the server.
    """
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):  # a sandbox may forbid it; then it is only dearer
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _work(pipe: Pipe, work: Work) -> None:
    begun, stop_by_s = False, float("inf")
    ready_s, told_s = computed_s(), now_s()
    while True:
        if pipe.poll(_LOOK_S):
            try:
                order, at_s = pipe.recv()
            except (EOFError, ConnectionError):
                return  # the parent has ended
            begun = True
            if order == "start":
                work.start(at_s)
            else:
                work.stop()
                stop_by_s = min(stop_by_s, now_s() + _GRACE_S)
            continue
        work.count()
        over = (begun and not work.at_work()) or now_s() > stop_by_s
        if not over and now_s() < told_s + _TELL_S:
            continue
        told_s = now_s()
        told = Told(work.told(whole=over), over, work.at_work(), computed_s() - ready_s)
        try:
            pipe.send(told)
        except ConnectionError:
            return
        if over:
            return
