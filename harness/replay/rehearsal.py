"""One replay on one server, from an empty database to a verdict.

Load the dataset, bring it to the morning of the day, replay, measure log bytes, judge.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import DBAPIError

from harness.checks.invariant import Invariant
from harness.engines import Isolation
from harness.errors import ServerError, UsageError
from harness.loading.dataset import Generated
from harness.loading.loader import load
from harness.operations import Monitor, Report
from harness.replay.arrivals import Arrival
from harness.replay.day import SPARE, Circumstances, Day, Prepared
from harness.replay.judgement import judge
from harness.replay.log_bytes import LogMeter
from harness.replay.opening import Place
from harness.replay.plan import Plan, plan_day
from harness.replay.replayer import Replayed, Replayer, Watch
from harness.replay.result import Result
from harness.replay.sample import LogSample, sample_log_bytes
from harness.replay.setting import Setting
from harness.replay.tally import End
from harness.servers import asking
from harness.servers.server import Server
from harness.sessions.trouble import told

_MONITOR_S = 0.25

Say = Callable[[str], None]


@dataclass(frozen=True)
class Rehearsal:
    """What is to be replayed, whatever the server."""

    day: Day
    setting: Setting
    generated: Generated
    arrivals: Sequence[Arrival]

    def on(
        self, server: Server, url: URL, isolation: Isolation, source: str, say: Say, watch: Watch
    ) -> Result:
        """Replay on an empty database.

        Raises:
            HarnessError: the server cannot be used, or the database is too small for the day.
        """
        place = Place(server.engine.name, url, isolation, self.setting.attempts)
        with tempfile.TemporaryDirectory(prefix="harness-", ignore_cleanup_errors=True) as folder:
            say("loading")
            loaded = load(server.engine, url, self.generated, lambda _blocks, _rows: None)
            if loaded.sent != loaded.held:
                raise ServerError(f"{server.engine.name}: the database does not hold what was sent")
            say("going through last night")
            prepared = self._prepared(place, Path(folder))
            plan = plan_day(self.day, self.setting.pace, self.arrivals, prepared)
            return self._replay(server, place, plan, prepared, source, say, watch)

    def _prepared(self, place: Place, folder: Path) -> Prepared:
        setting = self.setting
        circumstances = Circumstances(setting.scale, setting.seed, setting.business_date, folder)
        with _connected(place) as connection:
            try:
                found = self.day.prepare(connection, circumstances)
            except ValueError as error:
                raise UsageError(
                    f"database too small: {error}", f"--scale: {setting.scale:g} is not enough"
                ) from None
        names = [table.name for table in self.generated.metadata.sorted_tables]
        try:
            asking.tell(place.engine, place.url, place.engine.measuring.settle(names))
        except place.engine.driver_error:
            pass  # the user of a given server may not; it then settles while the day goes on
        return found

    def _replay(
        self,
        server: Server,
        place: Place,
        plan: Plan,
        prepared: Prepared,
        source: str,
        say: Say,
        watch: Watch,
    ) -> Result:
        before = _observed(place, self.day.invariants)
        say("replaying")
        with (
            LogMeter(place.engine, place.url) as meter,
            Monitor(place.engine, place.url, server, every_s=_MONITOR_S) as monitor,
        ):
            at_first = meter.read()
            replayer = Replayer(place, plan, prepared.stages, self.setting.batch, monitor.register)
            replayed = replayer.run(watch)
            written = None if at_first is None else meter.since(at_first)
        seen = monitor.report()
        say("looking at the tables")
        broken, silent = self._looked_at(place, before, seen)
        samples = self._samples(place, plan, prepared, replayed)
        verdict, reasons = judge(plan, replayed, broken, silent)
        return Result(
            self.day, self.setting, server.engine, server.version, source, place.isolation, plan,
            replayed, verdict, reasons, broken, samples, written, seen,
        )  # fmt: skip

    def _looked_at(
        self, place: Place, before: Sequence[Any], seen: Report
    ) -> tuple[list[str], list[str]]:
        """What the invariants say, and what is unknown since nobody answered."""
        silent = [] if seen.alive else [*seen.not_seen()[-1:]]
        try:
            after = _observed(place, self.day.invariants)
        except DBAPIError as error:
            unread = "what the tables hold afterwards is unknown"
            return [], [*silent, f"{unread}: {told(place.engine, error)}"]
        judged = [
            rule.judge([first, last])
            for rule, first, last in zip(self.day.invariants, before, after, strict=True)
        ]
        return [sentence for sentence in judged if sentence is not None], silent

    def _samples(
        self, place: Place, plan: Plan, prepared: Prepared, replayed: Replayed
    ) -> Mapping[str, LogSample]:
        """Log bytes of requests that were not replayed, run alone."""
        lost = any(tally.ends[End.LOST] for tally in replayed.tallies.values())
        if lost or replayed.interrupted or replayed.unfinished:
            return {}
        spare = {
            name: list(prepared.requests[name][max(number, len(prepared.requests[name]) - SPARE) :])
            for name, number in plan.counts.items()
        }
        try:
            return sample_log_bytes(place, self.day.programs, spare)
        except (ServerError, DBAPIError):
            return {}  # the server has gone since; what the day measured stands


@contextmanager
def _connected(place: Place) -> Iterator[Connection]:
    """A connection for preparing and looking, with its own transactions."""
    database = create_engine(place.url, connect_args=dict(place.engine.connect_arguments))
    try:
        with database.connect() as connection:
            yield connection
    finally:
        database.dispose()


def _observed(place: Place, invariants: Sequence[Invariant]) -> list[Any]:
    with _connected(place) as connection:
        return [rule.observe(connection) for rule in invariants]
