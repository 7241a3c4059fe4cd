"""Run the night on a live server: what the graph allows at once, recorded outside the server.

After a failure nothing more is begun, and what is at work comes to its end. A run is told what to
do by the ledger: on an empty one it does the whole night, on one that broke off it needs a plan.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from harness.engines.engine import Engine
from harness.errors import DeadlineExceeded, UsageError
from harness.jobs.backup import BackupError, told
from harness.jobs.course import Action, Course, JobEnd, NightRun, Outcome
from harness.jobs.ledger import Event, Ledger
from harness.jobs.meter import JobMeter
from harness.jobs.night import Prepared
from harness.jobs.standing import NightStanding, Standing, standing_of
from harness.jobs.waits import WaitWatch
from harness.jobs.work import Workplace, run_job
from harness.planning.restart import Plan
from harness.sessions.trouble import told as told_of


class PlanNeeded(UsageError):
    """The ledger is of a night that broke off, and no plan says what to run again."""


def run_night(
    engine: Engine,
    url: URL,
    prepared: Prepared,
    course: Course,
    ledger: Ledger,
    *,
    plan: Plan | None = None,
) -> NightRun:
    """Run the night, or what a plan says is left of it; says how each job ended.

    Raises:
        PlanNeeded: the ledger tells of a night that began and did not come to its end.
        DeadlineExceeded: the jobs at work did not end in the time that the course gives them.
        LedgerError, UsageError: the ledger is of another night.
    """
    moment = standing_of(course.network, ledger.entries)
    if plan is None and ledger.entries and course.network.milestones[-1] not in moment.passed:
        begun = moment.those(Standing.STARTED)
        where = f"{begun[0]} began and did not end" if begun else "no job was at work"
        raise PlanNeeded(
            f"night: the ledger '{ledger.path}' tells of a night that broke off: {where}",
            "plan the restart first: `harness plan restart --ledger FILE`",
        )
    with ExitStack() as stack:
        watch = stack.enter_context(WaitWatch(engine, url))
        meter = stack.enter_context(JobMeter(engine, url)) if course.sessions == 1 else None
        place = Workplace(engine, url, prepared, course, ledger, watch, meter)
        return _Run(place, moment, plan).run()


class _Run:
    def __init__(self, place: Workplace, moment: NightStanding, plan: Plan | None) -> None:
        self._place = place
        self._network = place.course.network
        self._plan = plan
        self._sent = _commits_unheard_of(place.ledger)
        self._todo = [*plan.again, *plan.resume] if plan else moment.those(Standing.NOT_STARTED)
        self._passed = moment.passed
        self._ends: dict[str, JobEnd] = {}
        self._stopped = ""

    def run(self) -> NightRun:
        place = self._place
        try:
            if self._plan is not None:
                self._carry_out(self._plan)
            self._walk()
        except (DBAPIError, place.engine.driver_error) as error:
            self._stopped = told_of(place.engine, error)
        except BackupError as error:
            self._stopped = error.message
        in_order = [name for name in self._network.job_order if name in self._todo]
        missing = {name: JobEnd(name, Outcome.NOT_STARTED) for name in in_order}
        return NightRun(
            {name: self._ends.get(name, missing[name]) for name in in_order},
            tuple(place.ledger.entries),
            tuple(place.watch.waits),
            self._stopped,
            place.watch.blind,
            {} if place.meter is None else place.meter.uses,
        )

    def _carry_out(self, plan: Plan) -> None:
        """Reopen what runs again, then redefine: in this order, so that a crash between is safe."""
        for name in plan.again:
            self._place.ledger.record(Event.REOPENED, name)
        # Milestones behind these are to be passed again.
        self._passed = standing_of(self._network, self._place.ledger.entries).passed
        if plan.redefine:
            self._redefine(plan.redefine)

    def _redefine(self, tables: tuple[str, ...]) -> None:
        with _connected(self._place.engine, self._place.url) as connection:
            self._place.prepared.redefine(connection, tables)
        for table in tables:
            self._place.ledger.record(Event.REDEFINED, table)

    def _walk(self) -> None:
        over = set(self._passed) | (self._network.jobs.keys() - set(self._todo))
        sorter = graphlib.TopologicalSorter(self._network.predecessors)
        sorter.prepare()
        rank = {name: number for number, name in enumerate(self._network.order)}
        running: dict[Future[JobEnd], str] = {}
        # No `with`: it waits for the jobs when it is left, also at a Ctrl-C.
        pool = ThreadPoolExecutor(self._place.course.sessions, "job")
        try:
            while sorter.is_active():
                for node in sorted(sorter.get_ready(), key=rank.__getitem__):
                    if node in over:
                        sorter.done(node)
                    elif node not in self._network.jobs:
                        self._pass(node)
                        sorter.done(node)
                    elif not self._stopped:
                        sent = node in self._sent
                        running[pool.submit(run_job, self._place, node, sent=sent)] = node
                if running:
                    self._settle(sorter, running)
                elif self._stopped:
                    break
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            self._place.watch.cancel()
            raise
        pool.shutdown()

    def _settle(
        self, sorter: graphlib.TopologicalSorter[str], running: dict[Future[JobEnd], str]
    ) -> None:
        """Wait until a job is over; after a failure nothing behind it becomes ready."""
        limit_s = self._place.course.job_limit_s
        over = wait(running, limit_s, return_when=FIRST_COMPLETED).done
        if not over:
            raise DeadlineExceeded(
                f"night: none of {', '.join(sorted(running.values()))} ended within {limit_s:g} s",
                "does the server still answer, or does a job wait for a lock of somebody else's?",
            )
        for future in over:
            node = running.pop(future)
            self._ends[node] = end = future.result()
            if end.outcome in {Outcome.ENDED, Outcome.DONE_BEFORE}:
                sorter.done(node)
            elif not self._stopped:
                self._stopped = f"{node} {end.outcome.value}: {end.detail}"

    def _pass(self, milestone: str) -> None:
        ledger, course = self._place.ledger, self._place.course
        ledger.record(Event.REACHED, milestone)
        if milestone == self._network.milestones[0] and course.redefine:
            self._redefine(tuple(sorted(course.redefine)))
        action = course.actions.get(milestone, Action.NOTHING)
        if action.backs_up:
            assert course.backups is not None, "who asks for copies says where they go"
            copies = course.backups.take(milestone)
            ledger.record(Event.BACKUP, milestone, detail=told(copies))
        if action.checkpoints:
            take_checkpoint(self._place.engine, self._place.url)
            ledger.record(Event.CHECKPOINT, milestone)
        ledger.record(Event.PASSED, milestone)


def take_checkpoint(engine: Engine, url: URL) -> None:
    """Have the server put all that is committed on its disk, and say so.

    Raises:
        sqlalchemy.exc.DBAPIError: the server refused or is gone.
    """
    with _connected(engine, url, "AUTOCOMMIT") as connection:
        for statement in engine.crash.checkpoint:
            connection.exec_driver_sql(statement)


@contextmanager
def _connected(
    engine: Engine, url: URL, level: IsolationLevel | None = None
) -> Iterator[Connection]:
    database = create_engine(
        url,
        poolclass=NullPool,
        pool_reset_on_return=None,
        connect_args=dict(engine.connect_arguments),
    )
    with database.connect() as connection:
        if level is not None:
            connection.execution_options(isolation_level=level)
        yield connection


def _commits_unheard_of(ledger: Ledger) -> frozenset[str]:
    """Jobs that did not end, and of which a commit was sent: it may have arrived."""
    sent: set[str] = set()
    for entry in ledger.entries:
        if entry.event is Event.COMMITTING:
            sent.add(entry.subject)
        elif entry.event is Event.ENDED:
            sent.discard(entry.subject)
        elif entry.event is Event.RESTORED:
            sent.clear()  # its tables were put back to before it
    return frozenset(sent)
