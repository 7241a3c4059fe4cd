"""One cell under exploration: its stage, its sessions, its search, and what is known so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlalchemy.exc import DBAPIError

from harness.checks.serial import Order, Outcome, Part
from harness.checks.state import State
from harness.checks.verdict import Verdict
from harness.clock import now_s
from harness.engines.engine import Isolation
from harness.errors import DeadlineExceeded, ScheduleDiverged, ServerError
from harness.interleave.cell import Cell, Finding, Target
from harness.interleave.conductor import Conductor
from harness.interleave.event import Reading
from harness.interleave.execution import Execution, Observation
from harness.interleave.exhaustive import Share
from harness.interleave.judge import Judge, rank, surprise
from harness.interleave.notes import Notes
from harness.interleave.schedule import Schedule
from harness.interleave.scheduler import InOrder, Recorded, Redundant, Scheduler
from harness.interleave.search import Bounds, Search, new_search
from harness.interleave.stage import Stage
from harness.interleave.stress import FreeRun
from harness.interleave.workers import Alone, Channel, Crew, Sharing, Workers
from harness.interleave.workers import Part as SharedPart
from harness.interleave.written import Writing, written_by
from harness.scenario import Scenario, Variant
from harness.sessions.own_threads import own_thread
from harness.sessions.step import StepKind
from harness.sessions.trouble import told


class Exploration:
    """The working state of one cell."""

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
        if variant.metadata is not None:
            scenario = replace(scenario, metadata=variant.metadata)
        self.scenario = scenario
        self.variant = variant
        self.isolation = isolation
        self.bounds = bounds
        self.watch = watch
        self.cell = self._new_cell()
        self.stage = Stage(target, scenario)
        self.notes = Notes(variant.programs, target.engine.sql_dialect)
        self.sharing: Sharing = Alone()
        self.engaged: Callable[[], Crew] | None = None
        self.serials: dict[Order, Outcome] = {}
        self.outcomes: set[object] = set()
        self.written: set[Writing] = set()
        """All that any execution may have written: a free-running round writes no more."""

    def _new_cell(self) -> Cell:
        target, expected = self.target, self.variant.expected
        return Cell(
            self.scenario.name,
            self.variant.name,
            target.engine.name,
            target.engine.title,
            target.version,
            target.source,
            self.isolation,
            expected=expected(target.engine, target.version, self.isolation) if expected else None,
            programs={name: program.title for name, program in self.variant.programs.items()},
        )

    # -- what is done with the cell

    def run(self, schedule: Schedule | None) -> Cell:
        """Search, or run one recorded schedule; then conclude."""
        self._within(lambda: self._explore(schedule))
        return self.cell

    def share_with(self, workers: Workers) -> None:
        """Have workers help with the search, as far as the target has databases for them."""
        self.engaged = lambda: workers.engage(
            self.target,
            self.variant.name,
            self.isolation,
            self.bounds,
            self._take,
            self._may_go_on,
        )

    def help_with(self, channel: Channel) -> None:
        """Search what the channel gives, and tell it what was found."""
        self.sharing = channel
        self._within(lambda: self._serve(channel))
        # If the server failed, that is told for the share under way, and for all that follow.
        channel.fail_rest(lambda: self._part(complete=False))

    def _within(self, body: Callable[[], None]) -> None:
        """Do something while the tables exist; where the server fails us, it is unknown."""
        start = now_s()
        try:
            with own_thread(), self.stage.ready():
                fixture = self.stage.fixture
                self.judge = Judge(self.scenario, fixture.shapes, fixture.initial, self._serial)
                body()
        except (DBAPIError, self.target.engine.driver_error) as error:
            self._unknown(told(self.target.engine, error))
        self.cell.elapsed_s = now_s() - start
        self._conclude()

    conductor: Conductor
    judge: Judge

    def _conducted(self) -> Conductor:
        return Conductor(
            self.target.engine,
            self.target.url,
            self.isolation,
            self.variant.programs,
            limits=self.bounds.limits,
            observe=self.stage.observe if self.scenario.invariants else None,
        )

    def _explore(self, schedule: Schedule | None) -> None:
        with self._conducted() as self.conductor:
            if schedule is not None:
                self._run_recorded(schedule)
            else:
                self._search()
                self._look_at_finding()
                self._run_freely()
            self._note_intrusion()

    def _serve(self, channel: Channel) -> None:
        with self._conducted() as self.conductor:
            while (share := channel.next_share()) is not None:
                self.cell, self.outcomes = self._new_cell(), set()
                self.cell.complete = True
                self._search_all(self._new_search(share))
                self._note_intrusion()
                channel.tell(self._part(complete=self.cell.complete))

    def _note_intrusion(self) -> None:
        """What a thread has asked that outlived its execution, the last one too."""
        if self.conductor.intrusion is not None:
            self._unknown(self.conductor.intrusion)

    # -- searching

    def _new_search(self, share: Share | None = None) -> Search:
        reading = Reading(
            self.target.engine.sql_dialect,
            self.stage.fixture.references,
            self.isolation,
            every_end_matters=bool(self.scenario.invariants),
            certifies=self.target.engine.capabilities["watches reads at serializable"].present,
            programs=len(self.variant.programs),
        )
        return new_search(self.bounds, reading, lambda: self.conductor.execution, share)

    def _search(self) -> None:
        self.cell.complete = True
        self.bounds = self.bounds.begun()  # who helps gets what is left
        crew = self.engaged() if self.engaged else None
        self.sharing = crew or Alone()
        try:
            self._search_all(self._new_search())
            while (share := self.sharing.next_share()) is not None:
                self._search_all(self._new_search(share))
        finally:
            if crew is not None:
                self.cell.workers += crew.dismiss()
        if not self.cell.unknown:
            self._serial(tuple(Part(name) for name in sorted(self.variant.programs)))
        self.cell.outcomes = len(self.outcomes)

    def _search_all(self, search: Search) -> None:
        """Run a search to its end, or until one execution cannot be carried to its own."""
        counted = 0
        while self.sharing.go_on(search) and search.new_execution():
            try:
                execution, outcome = self._execute(search, more=True)
            except Redundant:
                self._put_back(self.conductor.execution)
                continue
            self.cell.executions += search.executions - counted
            counted = search.executions
            if execution.stopped is not None:
                self._unknown(execution.stopped)
                self.notes.wonder_at(execution)
                break
            self._count(execution, outcome, search.learn(execution))
            if self.watch is not None:
                self.watch(self.cell, search.fraction())
        self._note_coverage(search)

    def _note_coverage(self, search: Search) -> None:
        self.cell.complete &= search.complete
        if search.given_up:
            self._unknown(f"{search.given_up} branches that were seen once could not be had again")
        elif not search.complete and not self.cell.unknown:
            what = self.bounds.readable()
            self._unknown(f"{search.executions} executions were run, not all ({what})")

    def _may_go_on(self) -> bool:
        return self.cell.executions < self.bounds.executions and not self.cell.unknown

    def _take(self, part: SharedPart) -> None:
        """Count what another worker found."""
        self.cell.add(part.cell)
        self.cell.complete &= part.complete
        self.outcomes |= part.outcomes
        self.written |= part.written
        if part.cell.finding is not None:
            self._keep_shortest(part.cell.finding)

    def _part(self, *, complete: bool) -> SharedPart:
        self.cell.latest = None
        return SharedPart(self.cell, self.outcomes, self.written, complete)

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
        more: bool = False,
    ) -> tuple[Execution, Outcome]:
        """Carry out and undo an execution; `more` says that others will mostly follow."""
        execution = self.conductor.conduct(
            scheduler, only=only, stop_after_commits=stop_after_commits, look_closely=look_closely
        )
        if more and execution.stopped is None:
            self.conductor.start_ahead()
        self.notes.look_at(execution)
        return execution, Outcome(execution.ends, self._put_back(execution))

    def _put_back(self, execution: Execution) -> State:
        """Read how an execution left the tables, and restore them."""
        return self.stage.put_back(self._writings(execution))

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
        self.outcomes.add(self.judge.fingerprint(outcome))
        self.cell.executions_with_waits += execution.had_waits()
        self.cell.deadlocks += bool(execution.deadlocks)
        if execution.deadlocks and self.cell.deadlock is None:
            self.cell.deadlock = execution.deadlocks[0]
            self.cell.deadlocked = execution
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
            stress,
            self.bounds.limits.attempts,
        )
        with lane:
            for _ in range(stress.rounds):
                if not self._round(lane):
                    return

    def _round(self, lane: FreeRun) -> bool:
        """Run and judge one round; whether another makes sense."""
        try:
            before = self._observation(0)
            execution = lane.round()
            execution.observations += [before, self._observation(1)]
        except (DeadlineExceeded, ServerError) as error:
            self._unknown(error.message)
            return False
        state = self.stage.put_back(self.written)
        stopped = execution.stopped or self.conductor.intrusion
        if stopped is not None:
            self._unknown(f"free-running round: {stopped}")
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
        return Observation(after_turn, self.stage.observe() if self.scenario.invariants else ())

    # -- judging

    def _judge(self, execution: Execution, outcome: Outcome) -> bool:
        """Whether the execution broke something; the shortest one that did is kept."""
        finding = self.judge.finding(execution, outcome)
        if finding is None:
            return False
        self.cell.anomalies += 1
        self._keep_shortest(finding)
        return True

    def _keep_shortest(self, finding: Finding) -> None:
        best = self.cell.finding
        if best is None or rank(finding) < rank(best):
            self.cell.finding = finding

    def _serial(self, order: Order) -> Outcome | None:
        """The outcome of a serial order; None (and unknown) if it could not be had."""
        if order not in self.serials:
            execution, outcome = self._execute(
                InOrder([part.name for part in order]),
                only=tuple(part.name for part in order),
                stop_after_commits={p.name: p.commits for p in order if p.commits is not None},
            )
            reason = execution.stopped or surprise(execution)
            if reason is not None:
                self.notes.wonder_at(execution)
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
        if execution.stopped is not None:
            return  # what was cut off shows nothing: the one that was seen whole stays
        again = self.judge.finding(execution, outcome)
        if again is not None and again.kind == finding.kind:
            told = self.judge.explain(again, outcome)
            self.cell.finding = replace(again, sentences=told, reproduced=True)

    def _unknown(self, reason: str) -> None:
        if reason not in self.cell.unknown:
            self.cell.unknown.append(reason)

    def _conclude(self) -> None:
        cell = self.cell
        cell.notes, cell.hints = self.notes.told(), self.notes.hints
        if cell.anomalies or cell.rounds_broken:
            cell.verdict = Verdict.VIOLATED
        elif cell.unknown or not cell.executions or not (cell.complete or cell.recorded):
            cell.verdict = Verdict.UNKNOWN
        else:
            cell.verdict = Verdict.HOLDS
