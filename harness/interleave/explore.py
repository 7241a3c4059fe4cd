"""Explore one cell: run every possible execution of a variant's programs and judge each.

A *cell* is scenario × variant × engine × isolation level. Its verdict is the worst of its
executions', and unknown as long as one possible execution has not been run to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlalchemy import Connection, MetaData, create_engine, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from harness.checks.invariant import Invariant
from harness.checks.serial import Order, Outcome, Part, fingerprint
from harness.checks.state import State
from harness.checks.verdict import Verdict
from harness.clock import now_s
from harness.engines.engine import Isolation
from harness.errors import DeadlineExceeded, ProgramMisbehaved, ScheduleDiverged, ServerError
from harness.interleave.cell import Cell, Finding, Target
from harness.interleave.conductor import Conductor
from harness.interleave.execution import Execution, Observation
from harness.interleave.fixture import Fixture
from harness.interleave.happens_before import Reading
from harness.interleave.judge import Judge, rank
from harness.interleave.schedule import Schedule
from harness.interleave.scheduler import InOrder, Recorded, Redundant, Scheduler
from harness.interleave.search import Bounds, Search, new_search
from harness.interleave.stress import FreeRun
from harness.interleave.written import Writing, written_by
from harness.programs import Raised
from harness.scenario import Scenario, Variant
from harness.sessions.session import first_line
from harness.sessions.step import StepKind


def explore(
    target: Target,
    scenario: Scenario,
    variant: Variant,
    isolation: Isolation,
    *,
    schedule: Schedule | None = None,
    bounds: Bounds | None = None,
    watch: Callable[[Cell, float], None] | None = None,
) -> Cell:
    """Run every possible interleaving of a variant's programs, or one recorded schedule.

    Raises:
        ScheduleDiverged: the recorded schedule does not fit.
    """
    return _Exploration(target, scenario, variant, isolation, bounds or Bounds(), watch).run(
        schedule
    )


class _Exploration:
    """The working state of one call of `explore`."""

    def __init__(
        self,
        target: Target,
        scenario: Scenario,
        variant: Variant,
        isolation: Isolation,
        bounds: Bounds,
        watch: Callable[[Cell, float], None] | None,
    ) -> None:
        self.target = target
        self.scenario = scenario
        self.variant = variant
        self.isolation = isolation
        self.bounds = bounds
        self.watch = watch
        expected = variant.expected
        engine = target.engine
        self.cell = Cell(
            scenario.name,
            variant.name,
            engine.name,
            engine.title,
            target.version,
            target.source,
            isolation,
            expected=expected(engine, target.version, isolation) if expected else None,
            programs={name: program.title for name, program in variant.programs.items()},
        )
        self.fixture = Fixture(engine, MetaData(), scenario.load)
        self.serials: dict[Order, Outcome] = {}
        self.outcomes: set[object] = set()
        self.written: set[Writing] = set()
        """All that any execution may have written: a free-running round writes no more."""

    def run(self, schedule: Schedule | None) -> Cell:
        start = now_s()
        # The observer reads what is committed, whatever level the programs run at.
        observer = create_engine(
            self.target.url,
            isolation_level=Isolation.READ_COMMITTED.value,
            connect_args={
                **self.target.engine.connect_arguments,
                **self.target.engine.storage.connect_arguments,
            },
            skip_autocommit_rollback=True,
        )
        try:
            with observer.connect() as self.connection:
                self.fixture = self._fixture()
                self.fixture.create(self.connection)
                self.judge = Judge(
                    self.scenario, self.fixture.shapes, self.fixture.initial, self._serial
                )
                try:
                    self._with_sessions(schedule)
                except BaseException:
                    self._drop_after_failure()
                    raise
                self.fixture.drop(self.connection)
        except (DBAPIError, self.target.engine.driver_error) as error:
            self._unknown(f"the server stopped answering: {first_line(error)}")
        finally:
            observer.dispose()
        self.cell.elapsed_s = now_s() - start
        self._conclude()
        return self.cell

    def _drop_after_failure(self) -> None:
        """Drop the tables; what went wrong is not hidden by what then goes wrong as well."""
        try:
            self.connection.invalidate()  # an interrupt may have left it amid a statement
            self.connection.rollback()
            self.fixture.drop(self.connection)
        except SQLAlchemyError:
            pass  # the server is gone, and if not, the database is dropped or emptied anyway

    connection: Connection
    conductor: Conductor
    judge: Judge

    def _fixture(self) -> Fixture:
        """The scenario's tables; where it makes them itself, as they are then found."""
        scenario, engine = self.scenario, self.target.engine
        if scenario.metadata is not None:
            return Fixture(engine, scenario.metadata, scenario.load)
        # A given database may hold what is not the scenario's: the harness's own marker.
        before = inspect(self.connection).get_table_names()
        try:
            scenario.load(self.connection)
        except Exception as error:
            raise ProgramMisbehaved(
                f"the setup raised {type(error).__name__}: {first_line(error)}",
                "does it run by itself on an empty database?",
            ) from error
        self.connection.commit()
        found = MetaData()
        found.reflect(self.connection, only=lambda name, _metadata: name not in before)
        self.connection.rollback()
        if not found.tables:
            raise ProgramMisbehaved("the setup made no table", "create the tables and rows in it")
        return Fixture(engine, found, lambda _connection: None)

    def _with_sessions(self, schedule: Schedule | None) -> None:
        with Conductor(
            self.target.engine,
            self.target.url,
            self.isolation,
            self.variant.programs,
            limits=self.bounds.limits,
            observe=self._observe if self.scenario.invariants else None,
        ) as self.conductor:
            if schedule is not None:
                self._run_recorded(schedule)
            else:
                self._search()
                self._look_at_finding()
                self._run_freely()

    def _observe(self) -> tuple[object, ...]:
        seen = tuple(self._seen_by(rule) for rule in self.scenario.invariants)
        self.connection.rollback()
        return seen

    def _seen_by(self, rule: Invariant) -> object:
        try:
            return rule.observe(self.connection)
        except Exception as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                self.connection.rollback()  # or nothing more can be asked on it
                raise ServerError(f"the server stopped answering: {first_line(error)}") from error
            raise ProgramMisbehaved(
                f"invariant '{rule.name}' raised {type(error).__name__}: {first_line(error)}",
                "does it run by itself on the tables that the setup makes?",
            ) from error

    # -- searching

    def _new_search(self) -> Search:
        reading = Reading(
            self.target.engine.sql_dialect,
            self.fixture.references,
            self.isolation,
            every_end_matters=bool(self.scenario.invariants),
        )
        return new_search(self.bounds, reading, lambda: self.conductor.execution)

    def _search(self) -> None:
        search = self._new_search()
        while search.new_execution():
            try:
                execution, outcome = self._execute(search)
            except Redundant:
                self._put_back(self.conductor.execution)
                continue
            self.cell.executions = search.executions
            if execution.stopped is not None:
                self._unknown(execution.stopped)
                return
            self._count(execution, outcome, search.learn(execution))
            if self.watch is not None:
                self.watch(self.cell, search.fraction())
        self._serial(tuple(Part(name) for name in sorted(self.variant.programs)))
        self.cell.complete = search.complete
        self.cell.outcomes = len(self.outcomes)
        if search.given_up:
            self._unknown(f"{search.given_up} branches that were seen once could not be had again")
        elif not search.complete:
            what = self.bounds.readable()
            self._unknown(f"{search.executions} executions were run, not all ({what})")

    def _run_recorded(self, schedule: Schedule) -> None:
        execution, outcome = self._execute(Recorded(schedule), look_closely=True)
        self.cell.recorded = execution
        self.cell.executions = 1
        if execution.stopped is not None:
            self._unknown(execution.stopped)
            return
        self._count(execution, outcome, stands_for=1)
        self.cell.outcomes = 1
        if (finding := self.cell.finding) is not None:
            self.cell.finding = replace(finding, sentences=self.judge.explain(finding, outcome))

    def _execute(
        self,
        scheduler: Scheduler,
        *,
        only: tuple[str, ...] | None = None,
        stop_after_commits: Mapping[str, int] | None = None,
        look_closely: bool = False,
    ) -> tuple[Execution, Outcome]:
        execution = self.conductor.conduct(
            scheduler, only=only, stop_after_commits=stop_after_commits, look_closely=look_closely
        )
        return execution, Outcome(execution.ends, self._put_back(execution))

    def _put_back(self, execution: Execution) -> State:
        """Read how an execution left the tables, and restore them."""
        return self.fixture.put_back(self.connection, self._writings(execution))

    def _writings(self, execution: Execution) -> set[Writing]:
        dialect = self.target.engine.sql_dialect
        writings = {
            writing
            for turn in execution.turns
            if turn.step.kind is StepKind.STATEMENT
            for writing in written_by(turn.step.text, dialect)
        }
        self.written |= writings
        return writings

    def _count(self, execution: Execution, outcome: Outcome, stands_for: int) -> None:
        """Judge and count an execution which stands for so many possible ones."""
        self.cell.latest = execution
        self.cell.possible += stands_for
        self.cell.possible_waits += stands_for * execution.had_waits()
        self.cell.possible_deadlocks += stands_for * bool(execution.deadlocks)
        self.cell.possible_anomalies += stands_for * self._judge(execution, outcome)
        self.outcomes.add(fingerprint(outcome, self.fixture.shapes, self.fixture.initial))
        self.cell.executions_with_waits += execution.had_waits()
        self.cell.deadlocks += bool(execution.deadlocks)
        if execution.deadlocks and self.cell.deadlock is None:
            self.cell.deadlock = execution.deadlocks[0]
        self.cell.aborts.update(refusal.code for refusal in execution.refusals())

    def _run_freely(self) -> None:
        """Look for what overlaps inside statements, which the search cannot see."""
        stress = self.bounds.stress
        if stress is None or self.cell.anomalies or self.cell.unknown:
            return
        lane = FreeRun(
            self.target.engine,
            self.target.url,
            self.isolation,
            self.variant.programs,
            stress.seed,
            self.bounds.limits.step_s,
        )
        with lane:
            for _ in range(stress.rounds):
                if not self._round(lane):
                    return

    def _round(self, lane: FreeRun) -> bool:
        """Run and judge one round; whether another makes sense."""
        before = self._observation(0)
        try:
            execution = lane.round()
        except DeadlineExceeded as error:
            self._unknown(error.message)
            return False
        execution.observations += [before, self._observation(1)]
        state = self.fixture.read(self.connection, self.fixture.touched(self.written))
        self.fixture.restore(self.connection, self.written, state)
        if execution.stopped is not None:
            self._unknown(f"free-running round: {execution.stopped}")
            return False
        self.cell.rounds += 1
        finding = self.judge.finding(execution, Outcome(execution.ends, state))
        if finding is not None:
            self.cell.rounds_broken += 1
            self.cell.finding = self.cell.finding or replace(
                finding, kind=f"{finding.kind}, running freely"
            )
        return True

    def _observation(self, after_turn: int) -> Observation:
        return Observation(after_turn, self._observe() if self.scenario.invariants else ())

    # -- judging

    def _judge(self, execution: Execution, outcome: Outcome) -> bool:
        """Whether the execution broke something; the shortest one that did is kept."""
        finding = self.judge.finding(execution, outcome)
        if finding is None:
            return False
        self.cell.anomalies += 1
        best = self.cell.finding
        if best is None or rank(finding) < rank(best):
            self.cell.finding = finding
        return True

    def _serial(self, order: Order) -> Outcome | None:
        """The outcome of a serial order; None (and unknown) if it could not be had."""
        if order not in self.serials:
            execution, outcome = self._execute(
                InOrder([part.name for part in order]),
                only=tuple(part.name for part in order),
                stop_after_commits={p.name: p.commits for p in order if p.commits is not None},
            )
            reason = execution.stopped or _surprise(execution)
            if reason is not None:
                names = ", ".join(part.readable() for part in order)
                self._unknown(f"one after the other ({names}): {reason}")
                return None
            self.serials[order] = outcome
        return self.serials[order]

    # -- concluding

    def _look_at_finding(self) -> None:
        """Run the shortest finding again, looking closely at its waits."""
        finding = self.cell.finding
        if finding is None:
            return
        try:
            execution, outcome = self._execute(Recorded(finding.schedule), look_closely=True)
        except ScheduleDiverged as error:
            self.cell.finding = Finding(
                finding.kind, (*finding.sentences, error.message), finding.execution
            )
            return
        again = self.judge.finding(execution, outcome)
        if again is not None and again.kind == finding.kind:
            told = self.judge.explain(again, outcome)
            self.cell.finding = Finding(again.kind, told, execution, reproduced=True)

    def _unknown(self, reason: str) -> None:
        if reason not in self.cell.unknown:
            self.cell.unknown.append(reason)

    def _conclude(self) -> None:
        cell = self.cell
        if cell.anomalies or cell.rounds_broken:
            cell.verdict = Verdict.VIOLATED
        elif cell.unknown or not cell.executions or not (cell.complete or cell.recorded):
            cell.verdict = Verdict.UNKNOWN
        else:
            cell.verdict = Verdict.HOLDS


def _surprise(execution: Execution) -> str | None:
    """Why a serial order tells nothing: a program fails even when it runs alone."""
    for name, end in execution.ends.items():
        if isinstance(end, Raised) and not end.expected:
            return f"{name} {end.readable()}"
    for refusal in execution.refusals():
        return f"the server refused a program that ran alone ({refusal.code})"
    return None
