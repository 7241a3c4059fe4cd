"""A replay of small programs on each engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from live.cli.conftest import harness  # noqa: F401 - a fixture
from live.loading.conftest import filled, here  # noqa: F401 - fixtures
from live.replay import shop
from sqlalchemy import func, select

from harness.engines import ENGINES, Isolation
from harness.replay.arrivals import Arrival, counts_of
from harness.replay.day import Day, Prepared, Stage
from harness.replay.opening import Place
from harness.replay.plan import BatchTime, Pace, Plan, plan_day
from harness.replay.replayer import Replayed, Replayer
from harness.testing import LiveDatabase

DAY = Day("shop", "a shop", "shop", 0.0, 36_000.0, shop.PROGRAMS, lambda _c, _d: Prepared({}, ()))


@dataclass
class Shop:
    """A database with the shop's table, and replays on it."""

    database: LiveDatabase

    def plan(self, arrivals: Sequence[tuple[float, str]], requests, **pace) -> Plan:
        """Arrivals in seconds after the start."""
        said = {"speed": 1000.0, "processes": 2, "connections": 4, "duration_s": 5.0} | pace
        came = [Arrival(at_s * said["speed"], name) for at_s, name in arrivals]
        assert counts_of(came)
        return plan_day(DAY, Pace(**said), came, Prepared(requests, ()))

    def replay(
        self,
        plan: Plan,
        stages: Sequence[Stage] = (),
        batch: BatchTime = BatchTime.NONE,
        attempts: int = 5,
        watch: Callable[..., None] = lambda _moment: None,
        register: Callable[[int, str], None] = lambda _number, _name: None,
    ) -> Replayed:
        """Run it."""
        kind = ENGINES[self.database.kind]
        place = Place(kind.name, self.database.url, Isolation.READ_COMMITTED, attempts)
        return Replayer(place, plan, stages, batch, register).run(watch)

    def total(self) -> int:
        """What is in stock of all items."""
        with self.database.engine.connect() as connection:
            return int(connection.scalar(select(func.sum(shop.stock.c.n))))


@pytest.fixture
def shop_there(database) -> Shop:
    """The shop on each engine."""
    with database.engine.connect() as connection:
        shop.load(connection)
    return Shop(database)
