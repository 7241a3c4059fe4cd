"""Conduct one schedule on a live server.

The conductor releases one step per turn and then waits for one of two things: the step settles, or
the *server* says that its session waits for another of ours. It never concludes anything from
elapsed time, so a slow machine changes how long an execution takes but not what it shows.

Terms: a step is *released* when its session is let go, *waiting* while the server reports a wait,
*settled* when its session has come to its next hold or to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from queue import Empty
from types import TracebackType

from sqlalchemy import URL

from harness.clock import Deadline
from harness.closing import Closing
from harness.engines.engine import Engine, Isolation
from harness.errors import DeadlineExceeded, HarnessError, ServerError
from harness.interleave.execution import Deadlock, Execution, Observation, Turn
from harness.interleave.limits import Limits
from harness.interleave.patience import Patience
from harness.interleave.relay import Relay
from harness.interleave.scheduler import Redundant, Scheduler
from harness.interleave.standing import Place, Standing
from harness.interleave.witness import Witness
from harness.locks import Wait
from harness.outcome import Refusal
from harness.programs import Program, Stopped
from harness.sessions.hold import ConnectionRule
from harness.sessions.opening import open_session
from harness.sessions.session import Arrival, Finished
from harness.sessions.step import StepKind

_END_LIMIT_S = 5.0


class Conductor(Closing):
    """Runs schedules of the same programs, again and again, on sessions that stay connected.

    Use as a context manager: leaving it ends every thread and connection.
    """

    def __init__(
        self,
        engine: Engine,
        url: URL,
        isolation: Isolation,
        programs: Mapping[str, Program],
        *,
        limits: Limits | None = None,
        observe: Callable[[], tuple[object, ...]] | None = None,
    ) -> None:
        """`observe` raises ServerError, with what was seen, if the server does not answer."""
        self._engine = engine
        self._url = url
        self._isolation = isolation
        self._programs = dict(programs)
        self._limits = limits or Limits()
        self._observe = observe
        self._standing = Standing()
        self._patience = Patience()
        self._relay = Relay(self._standing, self._patience)
        self._opened: Witness | None = None
        self._observe_now = False
        self._look_closely = False
        self._rule: ConnectionRule | None = None
        self._ahead = False

    # -- life

    def open(self) -> None:
        """Connect every session, and the witness that sees who waits."""
        self._rule = ConnectionRule()
        for name in self._programs:
            session = open_session(
                name,
                self._engine,
                self._url,
                self._isolation,
                self._relay.pass_on,
                held=True,
                attempts=self._limits.attempts,
                step_limit=self._limits.steps,
            )
            self._places[name] = Place(session)
        self._opened = Witness(self._engine, self._url)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except HarnessError:
            if error is None:  # else it would hide why we leave
                raise

    def close(self) -> None:
        """End every session and the probe.

        Raises:
            HarnessError: a program could not be made to end; its thread is named.
        """
        stuck = self._end_threads()
        self._places.clear()
        if self._rule is not None:
            self._rule.lift()
            self._rule = None
        if self._opened is not None:
            self._opened.close()
            self._opened = None
        if stuck:
            raise HarnessError(
                f"{', '.join(stuck)}: the program does not end, its thread is left behind",
                "does it wait for something outside the database?",
            )

    def _end_threads(self) -> list[str]:
        """End every session's thread; the names of those that do not end.

        An interrupt may have come at any moment, so one that does not end by itself loses its
        connection, and is then told again.
        """
        left = [name for name, place in self._places.items() if not place.session.close()]
        deadline = Deadline.after(_END_LIMIT_S)
        while left and not deadline.over():
            for name in left:
                self._cut(self._places[name])
                self._nudge(self._places[name])
            left = [name for name in left if not self._places[name].session.close()]
        return left

    # -- one execution

    def conduct(
        self,
        scheduler: Scheduler,
        *,
        stop_after_commits: Mapping[str, int] | None = None,
        only: Sequence[str] | None = None,
        look_closely: bool = False,
    ) -> Execution:
        """Run the programs from their first step to their last, in the scheduler's order.

        `only` names the programs that take part (all by default); `stop_after_commits` ends a
        program before the step that follows so many commits. With `look_closely` every wait is
        looked up with its lock and row, which takes longer.

        An execution that cannot be carried to its end comes back with `stopped` set.

        Raises:
            ScheduleDiverged: the scheduler wants what the server does not allow.
            Redundant: the scheduler has seen all that this execution can lead to.
        """
        self._look_closely = look_closely
        taking_part = list(self._programs if only is None else only)
        stops = stop_after_commits or {}
        if self._ahead and (stops or len(taking_part) < len(self._programs)):
            self._call_off()
        self._standing.begin()
        try:
            self._start(taking_part, stops)
            self._take_turns(scheduler)
        except (DeadlineExceeded, ServerError) as error:
            self.execution.stopped = self.intrusion or error.message
            self._abandon()
        except Redundant:
            self._abandon(keep=True)
            raise
        except BaseException:
            self._abandon()
            raise
        return self.execution

    def start_ahead(self) -> None:
        """Let all programs run to their first hold, for the next execution.

        What a program does before its first statement touches no table, so that it need not wait
        until the tables are put back.
        """
        if not self._ahead:
            self._ahead = True
            for name, place in self._places.items():
                place.session.start(self._programs[name])

    def _call_off(self) -> None:
        """End what was started ahead: another execution comes first."""
        self._standing.begin()
        try:
            self._start(list(self._programs), {})
        finally:
            self._abandon(keep=True)

    @property
    def execution(self) -> Execution:
        """The execution under way, or the last one."""
        return self._standing.execution

    @property
    def intrusion(self) -> str | None:
        """What was asked beside the sessions since we opened: then no execution is what it was."""
        return self._rule.broken if self._rule is not None else None

    @property
    def _witness(self) -> Witness:
        assert self._opened is not None, "the conductor is used outside its 'with' block"
        return self._opened

    @property
    def _places(self) -> dict[str, Place]:
        return self._standing.places

    def _start(self, names: Sequence[str], stops: Mapping[str, int]) -> None:
        self._observation()
        started, self._ahead = self._ahead, False
        for name in names:
            self._standing.start(name)
            if not started:
                self._places[name].session.start(self._programs[name], stops.get(name))
        self._settle()
        self._watch()

    def _take_turns(self, scheduler: Scheduler) -> None:
        while True:
            rest = self._standing.rest()
            if not rest.movable:
                break
            name = scheduler.next_turn(rest)
            if rest.waiting and self._standing.may_close_cycle(name):
                self._witness.await_examination()
            self._relay.take_turn(name, rest, scheduler, observed=self._observe is not None)
            self._settle()
            if self._observe_now:
                self._observation()
        self._stop_on_unknown_end()
        if self.execution.stopped is None:
            scheduler.end_execution(rest)

    # -- coming to rest

    def _settle(self) -> None:
        """Wait until every session is held, finished, or waiting by the server's word.

        A session counts as waiting only if it waits for one of ours: background work takes locks
        for a moment too, and counting those would make the execution depend on it. A cycle is no
        rest: the server will resolve it.

        Raises:
            DeadlineExceeded: a step neither settled nor waited in time.
        """
        deadline: Deadline | None = None
        patience_s, since = 0.0, -1
        while True:
            under_way, turns = self._relay.look()
            if not under_way:
                break
            if turns != since:  # a turn was passed on: what is under way is another step
                deadline, patience_s, since = None, self._first_patience_s(), turns
            if (arrival := self._next_arrival(patience_s)) is not None:
                self._note(arrival)
                since = -1
                continue
            if self._standing.turns != turns:
                continue
            deadline = deadline or Deadline.after(self._limits.step_s)
            waits = self._ask_who_waits(under_way)
            # The answer may have come while we asked, so look once more before believing it.
            if (arrival := self._next_arrival(0)) is not None:
                self._note(arrival)
                since = -1
            elif self._standing.is_rest(under_way, waits) and self._relay.stop(turns):
                self._begin_to_wait(waits)
                return
            else:
                patience_s = self._patience.next_s()
                if deadline.over():
                    late = self._standing.late(under_way, waits)
                    raise DeadlineExceeded(f"not at rest within {self._limits.step_s:g} s: {late}")
        self._relay.stop()
        self._standing.waits = {}

    def _first_patience_s(self) -> float:
        """None, if all that are under way waited before and nothing can have woken them."""
        waits = self._standing.waits
        if waits and waits.keys() >= set(self._standing.under_way()):
            last = self.execution.turns[-1]
            if last.settled_in is not None and last.step.kind is StepKind.STATEMENT:
                return 0.0
        return self._patience.first_s()

    def _next_arrival(self, timeout_s: float) -> Arrival | None:
        try:
            return self._relay.arrivals.take(timeout_s)
        except Empty:
            return None

    def _ask_who_waits(self, under_way: Sequence[str]) -> Mapping[str, Wait]:
        if not self.execution.turns:
            return {}
        self._watch()
        return self._witness.waiting(under_way)

    def _begin_to_wait(self, waits: Mapping[str, Wait]) -> None:
        for name, wait in waits.items():
            turn = self._places[name].turn
            if turn is not None and turn.wait is None:
                turn.wait = self._witness.closer(wait) if self._look_closely else wait
                self._patience.waits()
        self._standing.waits = waits

    def _note(self, arrival: Arrival) -> None:
        turn = self._standing.arrive(arrival)
        if turn is None:
            return
        if turn.settled_in == turn.number:
            self._patience.answered()
        error = turn.effect.error if turn.effect is not None else None
        if error is None:
            self._observe_now |= turn.step.commits
        elif error.refusal is not None and error.refusal.kind == "deadlock":
            self._note_deadlock(turn, error.refusal, error.detail)

    def _note_deadlock(self, turn: Turn, refusal: Refusal, detail: str) -> None:
        report = self._witness.last_deadlock(detail)
        self.execution.deadlocks.append(
            Deadlock.of(report, self._standing.turns, turn.session, refusal)
        )

    # -- the ends

    def _stop_on_unknown_end(self) -> None:
        for name, end in self.execution.ends.items():
            if isinstance(end, Stopped) and not end.reason.startswith("stopped after"):
                self.execution.stopped = f"{name}: {end.reason}"
        self.execution.stopped = self.execution.stopped or self.intrusion

    def _observation(self) -> None:
        """Have the invariants look at what is committed now."""
        self._observe_now = False
        if self._observe is not None:
            values = self._observe()
            self.execution.observations.append(Observation(self._standing.turns, values))

    def _watch(self) -> None:
        numbers = {name: place.session.server_id for name, place in self._places.items()}
        self._witness.watch({name: number for name, number in numbers.items() if number})

    def _abandon(self, *, keep: bool = False) -> None:
        """End every program where it stands, so that the next execution starts clean.

        With `keep` nothing is wrong: waiting steps end when the others roll back, and the
        connections stay.
        """
        self._relay.stop()
        for place in self._places.values():
            if place.held is not None:
                place.held = None
                place.session.abandon(keep=keep)
            elif not place.finished and keep:
                place.session.mark_abandoned(keep=True)
            elif not place.finished:
                self._cut(place)
        deadline = Deadline.after(5.0)
        listen_s = 1.0 if keep else 0.1
        while (left := self._standing.under_way()) and not deadline.over():
            arrival = self._next_arrival(listen_s)
            if arrival is None:
                listen_s = 1.0  # who is unwinding is not interrupted again
                for name in left:
                    self._nudge(self._places[name])
            elif isinstance(arrival.state, Finished):
                self._places[arrival.session.name].finished = True
            else:
                arrival.session.abandon(keep=keep)

    def _nudge(self, place: Place) -> None:
        """End a program from which nothing is heard: it computes, or an interrupt took its word."""
        place.finished = not place.session.running
        if not place.finished:
            place.session.abandon()
            place.session.interrupt()

    def _cut(self, place: Place) -> None:
        """Have the server end a connection whose step is under way."""
        place.session.mark_abandoned()
        if self._opened is None:
            return
        try:
            self._opened.cut(place.session.name)
        except ServerError:
            pass  # the server is gone, and the connection with it
