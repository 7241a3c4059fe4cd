"""Clerks who ask for totals meanwhile, and what they were shown."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from sqlalchemy import Connection, func, select

from harness.engines.engine import Isolation
from schema.billing import bill_line
from workloads.billing.online.bill_inquiry import BillRange, TotalShown

Inquiry = Callable[[Connection, BillRange], tuple[TotalShown, ...]]
Program = Callable[[Connection], object]

_REQUESTS: Final = 2_000


def totals(connection: Connection) -> Mapping[int, int]:
    """What the lines of every bill add up to, in yen, before anything runs."""
    found = connection.execute(
        select(bill_line.c.bill_no, func.sum(bill_line.c.amount)).group_by(bill_line.c.bill_no)
    )
    return {number: int(yen) for number, yen in found}


class Shown:
    """Compares what inquiries show with what is known; used by many threads at once."""

    def __init__(self, known: Mapping[int, int]) -> None:
        self._known = known
        self._lock = threading.Lock()
        self._first = ""
        self.totals = 0
        """How many totals were shown."""
        self.wrong = 0
        """How many of them were not those of their bill."""

    def programs(
        self,
        inquiry: Inquiry,
        last: int,
        bills: int,
        seed: int,
        level: Isolation | None = None,
    ) -> list[Program]:
        """Inquiries into ranges of so many bills by lot, among those numbered 1 to `last`."""
        chance = random.Random(seed)
        made: list[Program] = []
        for _ in range(_REQUESTS):
            first = 1 + int(chance.random() * max(1, last - bills + 1))
            asked = BillRange(first, min(last, first + bills - 1))
            made.append(partial(self._ask, inquiry=inquiry, asked=asked, level=level))
        return made

    def sentences(self) -> tuple[str, ...]:
        """What was shown wrongly; empty if nothing was."""
        if not self.wrong:
            return ()
        return (f"{self.wrong:,} of {self.totals:,} totals shown are wrong: {self._first}",)

    def _ask(
        self,
        connection: Connection,
        inquiry: Inquiry,
        asked: BillRange,
        level: Isolation | None,
    ) -> None:
        if level is not None:
            connection.execution_options(isolation_level=level.value)
        shown = inquiry(connection, asked)
        false = [one for one in shown if self._known.get(one.bill_no) != one.total_yen]
        with self._lock:
            self.totals += len(shown)
            self.wrong += len(false)
            if false and not self._first:
                one = false[0]
                true = self._known.get(one.bill_no)
                self._first = f"bill {one.bill_no} with {one.total_yen} yen, and has {true} yen"
