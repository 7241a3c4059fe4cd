"""Further processes that search parts of the same tree, each in a database of its own.

A worker is forked before any thread runs, so that it has the programs, whatever they are made of.
Who has nothing to do is given a *share*: a part of the tree that nobody has tried, split off from
the search of somebody who is busy. The parts are disjoint, so what was counted is added up.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from sqlalchemy import URL

from harness.closing import Closing
from harness.engines import ENGINES, Isolation
from harness.errors import HarnessError
from harness.interleave.cell import Cell, Target
from harness.interleave.exhaustive import Share
from harness.interleave.search import Bounds
from harness.interleave.written import Writing

_END_S = 5.0
"""How long a worker that was told to end may take, before it is made to."""


@dataclass(frozen=True)
class Assignment:
    """The cell that a worker helps with, and its own database. The engine goes by its name."""

    engine: str
    version: str
    source: str
    url: URL
    variant: str
    isolation: Isolation
    bounds: Bounds

    def target(self) -> Target:
        """Where the worker is to search."""
        return Target(ENGINES[self.engine], self.version, self.source, self.url)


@dataclass
class Part:
    """What came of a share."""

    cell: Cell
    outcomes: set[object]
    written: set[Writing]
    complete: bool


@dataclass(frozen=True)
class _Split:
    """A request to give a share away, or the answer to it."""

    share: Share | None = None


class _Stop:
    """An order to leave the share that is being searched."""


class _Over:
    """The cell is done: from the parent an order, from a worker the answer."""


class Splitting(Protocol):
    """A search that can give a part of itself away."""

    def split(self) -> Share | None:
        """A part that nobody has tried; None if there is none."""


class Sharing(Protocol):
    """What a search asks between two executions."""

    def go_on(self, search: Splitting) -> bool:
        """Give shares away where they are wanted; False if the search is to stop."""

    def next_share(self) -> Share | None:
        """What to search when one's own part is done; None if all is done."""


class Alone:
    """Nobody to share with."""

    def go_on(self, _search: Splitting) -> bool:
        """True."""
        return True

    def next_share(self) -> Share | None:
        """None."""
        return None


class Channel:
    """A worker's side of its pipe."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._at_share = False
        self._is_over = True

    def next_assignment(self) -> Assignment | None:
        """The next cell; None if the parent has ended or wants no more."""
        try:
            while True:
                received = self._pipe.recv()
                if isinstance(received, Assignment):
                    self._is_over = False
                    return received
                if received is None:
                    return None
        except EOFError:
            return None

    def next_share(self) -> Share | None:
        """What to search next; None if the cell is done."""
        while True:
            received = self._pipe.recv()
            if isinstance(received, Share):
                self._at_share = True
                return received
            if isinstance(received, _Over):
                self._is_over = True
                return None
            if isinstance(received, _Split):
                self._pipe.send(_Split())  # it came when the last share was just done

    def go_on(self, search: Splitting) -> bool:
        """Give a share away if the parent asks for one; False if it says stop."""
        while self._pipe.poll():
            received = self._pipe.recv()
            if isinstance(received, _Stop):
                return False
            if isinstance(received, _Split):
                self._pipe.send(_Split(search.split()))
        return True

    def tell(self, found: Part | HarnessError) -> None:
        """Send what came of a share, or why nothing did.

        Raises:
            HarnessError: the values that programs returned cannot be sent.
        """
        self._at_share = False
        try:
            self._pipe.send(found)
        except (TypeError, AttributeError, ValueError) as error:
            raise HarnessError(
                f"what a program returned or raised cannot be passed between processes: {error}",
                "explore with one worker: --workers 1",
            ) from error

    def fail_rest(self, part: Callable[[], Part]) -> None:
        """Unless the cell is over, answer the share under way and all that follow with a part."""
        if self._at_share:
            self.tell(part())
        while not self._is_over and self.next_share() is not None:
            self.tell(part())

    def over(self) -> None:
        """Say that the cell's database is no longer used."""
        self._pipe.send(_Over())


Work = Callable[[Channel], None]
"""What a worker does until its channel says that there is nothing more."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Pipe
    busy: bool = False
    asked: bool = False
    at_work: bool = False
    """Whether it has a cell."""


class Workers(Closing):
    """The further processes. Use as a context manager; leaving it ends them.

    There are none where other threads run already: a fork would leave their locks taken.
    """

    def __init__(self, further: int, work: Work) -> None:
        if threading.active_count() > 1:
            further = 0
        context = multiprocessing.get_context("fork")
        self._workers: list[_Worker] = []
        for _ in range(further):
            ours, theirs = context.Pipe()
            inherited = [worker.pipe for worker in self._workers] + [ours]
            process = context.Process(target=_live, args=(theirs, work, inherited), daemon=True)
            process.start()
            theirs.close()
            self._workers.append(_Worker(process, ours))

    def __len__(self) -> int:
        return len(self._workers)

    def close(self) -> None:
        """End all."""
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(0 if worker.at_work else _END_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers = []

    def engage(
        self,
        target: Target,
        variant: str,
        isolation: Isolation,
        bounds: Bounds,
        take: Callable[[Part], None],
        may_go_on: Callable[[], bool],
    ) -> Crew:
        """Have the workers help with a cell: one for each further database of the target."""
        helping = self._workers[: len(target.further)]
        name, version, source = target.engine.name, target.version, target.source
        for worker, url in zip(helping, target.further, strict=False):
            _send(worker, Assignment(name, version, source, url, variant, isolation, bounds))
            worker.at_work, worker.busy, worker.asked = True, False, False
        return Crew(helping, take, may_go_on)


class Crew:
    """The workers that help with one cell, as the parent sees them."""

    def __init__(
        self,
        workers: list[_Worker],
        take: Callable[[Part], None],
        may_go_on: Callable[[], bool],
    ) -> None:
        self._workers = workers
        self._take = take
        self._may_go_on = may_go_on
        self._given: list[Share] = []

    def go_on(self, search: Splitting) -> bool:
        """Take in what has come, and give shares to who has none."""
        self._take_in(0)
        for worker in self._workers:
            if not worker.busy:
                share = self._given.pop() if self._given else search.split()
                if share is not None:
                    self._give(worker, share)
        return self._may_go_on()

    def next_share(self) -> Share | None:
        """A share that somebody gives away; None once all have ended theirs."""
        while self._given or any(worker.busy for worker in self._workers):
            if not self._may_go_on():
                self._given.clear()
                self._order_busy(_Stop())
            elif self._given:
                return self._given.pop()
            else:
                self._ask_for_shares()
            if any(worker.busy for worker in self._workers):
                self._take_in(None)
        return None

    def dismiss(self) -> int:
        """Have all leave the cell, and wait until its databases are no longer used.

        Returns how many there were.
        """
        self._order_busy(_Stop())
        for worker in self._workers:
            _send(worker, _Over())
        while any(worker.at_work for worker in self._workers):
            self._take_in(None)
        return len(self._workers)

    def _give(self, worker: _Worker, share: Share) -> None:
        _send(worker, share)
        worker.busy, worker.asked = True, False

    def _ask_for_shares(self) -> None:
        for worker in self._workers:
            if worker.busy and not worker.asked:
                _send(worker, _Split())
                worker.asked = True

    def _order_busy(self, order: object) -> None:
        for worker in self._workers:
            if worker.busy:
                _send(worker, order)

    def _take_in(self, timeout_s: float | None) -> None:
        """Take what workers have sent; with None wait until one has sent something."""
        pipes: dict[Any, _Worker] = {w.pipe: w for w in self._workers if w.at_work}
        for pipe in wait(list(pipes), timeout_s):
            self._receive(pipes[pipe])

    def _receive(self, worker: _Worker) -> None:
        try:
            received = worker.pipe.recv()
        except (EOFError, ConnectionError) as error:
            raise HarnessError(
                "a worker ended in the middle of its work", "explore with one: --workers 1"
            ) from error
        if isinstance(received, HarnessError):
            raise received
        if isinstance(received, Part):
            worker.busy = worker.asked = False
            self._take(received)
        elif isinstance(received, _Over):
            worker.at_work = False
        elif isinstance(received, _Split):
            worker.asked = False
            self._given += [received.share] if received.share is not None else []


def _send(worker: _Worker, message: object) -> None:
    try:
        worker.pipe.send(message)
    except OSError as error:
        raise HarnessError(
            "a worker ended in the middle of its work", "explore with one: --workers 1"
        ) from error


def _live(pipe: Pipe, work: Work, inherited: list[Pipe]) -> None:
    """A worker's life, in its own process."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it is the parent's, who then ends its workers
    for other in inherited:
        other.close()  # or the end of the parent would go unnoticed
    channel = Channel(pipe)
    try:
        work(channel)
    except HarnessError as error:
        channel.tell(error)
    except (EOFError, BrokenPipeError):
        pass  # the parent has ended
