"""Conduct a spec's permutations on a live server.

Steps are sent in the order of the permutation. After each the conductor waits for all sessions to
come to rest: a step has come back, or the *server* says that it waits for another session of the
spec. Elapsed time decides nothing. A wait that closes a cycle is no rest: the server will resolve
it, and how soon it looks for deadlocks makes no difference to what is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty

from sqlalchemy import URL, Connection, create_engine

from harness.clock import Deadline, pause
from harness.closing import Closing
from harness.engines.engine import Engine, Isolation
from harness.errors import DeadlineExceeded, HarnessError, ProgramMisbehaved
from harness.locks import LockProbe, Wait, WaitGraph
from harness.programs import Program, ProgramEnd, Raised
from harness.sessions.mailbox import Mailbox
from harness.sessions.session import Arrival, Finished, Session, session_of_this_thread
from harness.sessions.step import Step, StepKind
from harness.specs.answer import Answer, Failure
from harness.specs.driver import Driver, driver_of
from harness.specs.level import begin_by_hand
from harness.specs.report import Report, Sent
from harness.specs.spec import Permutation, Spec

CONTROL = "control connection"
_FIRST_S, _LONGEST_S = 0.004, 0.02
_STEPS_AT_MOST = 1_000_000


@dataclass(slots=True)
class _Actor:
    """One connection: what it will be asked, and what came back for the last block sent."""

    session: Session
    blocks: Sequence[str] = ()
    driver: Driver | None = None
    asked: str | None = None
    """The block under way."""
    answer: Answer | None = None
    held: bool = False
    end: ProgramEnd | None = None
    taken: list[str] = field(default_factory=list)


class SpecConductor(Closing):
    """Runs permutations of one spec on connections that stay open. Use as a context manager."""

    def __init__(
        self,
        engine: Engine,
        url: URL,
        spec: Spec,
        *,
        isolation: Isolation | None = None,
        step_s: float = 15.0,
    ) -> None:
        self._engine = engine
        self._url = url
        self._spec = spec
        self._isolation = isolation
        self._step_s = step_s
        self._session_of = {s.name: one.name for one in spec.sessions for s in one.steps}
        self._arrivals: Mailbox[Arrival] = Mailbox()
        self._actors: dict[str, _Actor] = {}
        self._probe: LockProbe | None = None
        self.complaints: list[str] = []
        """Teardown blocks that the server refused: the next permutation is conducted anyway."""

    # -- life -------------------------------------------------------------------------------------

    def open(self) -> None:
        """Connect every session, and the probe that tells who waits."""
        for name in [CONTROL, *(session.name for session in self._spec.sessions)]:
            self._actors[name] = _Actor(self._open(name))
        self._probe = self._engine.probe(self._url)
        self._probe.watch({name: a.session.server_id for name, a in self._actors.items()})

    def close(self) -> None:
        """End every connection, also those whose block is under way."""
        for name, actor in self._actors.items():
            if actor.asked is not None and self._probe is not None:
                self._probe.cancel(name)
            elif actor.held:
                actor.session.abandon()
        for actor in self._actors.values():
            actor.session.close()
        self._actors = {}
        if self._probe is not None:
            self._probe.close()
            self._probe = None

    def _open(self, name: str) -> Session:
        database = create_engine(
            self._url,
            isolation_level="AUTOCOMMIT",
            connect_args=dict(self._engine.connect_arguments),
            pool_size=1,
            max_overflow=0,
            # A transaction that a permutation leaves open is open in the next one, too.
            pool_reset_on_return=None,
        )
        session = Session(
            name, self._engine, database, self._arrivals.put, step_limit=_STEPS_AT_MOST
        )
        session.open()
        return session

    # -- one permutation --------------------------------------------------------------------------

    def conduct(self, permutation: Permutation, say: Callable[[str], None]) -> None:
        """Set up, take the steps, tear down, and say what the isolation tester would say.

        Raises:
            ProgramMisbehaved: the setup failed, a connection is lost, or markers block one another.
            DeadlineExceeded: a step neither came back nor is said to wait, or a session whose turn
                it is waits without end.
        """
        self._start(permutation)
        report = Report(self, say)
        names = " ".join(place.step for place in permutation.places)
        report.say(f"\nstarting permutation: {names}\n")
        for sql in self._spec.setups:
            self._run_alone(CONTROL, sql, "setup", report)
        for session in self._spec.sessions:
            if session.setup is not None:
                self._run_alone(session.name, session.setup, "setup", report)
        for place in permutation.places:
            name = self._session_of[place.step]
            self._free(name, report)
            sent = report.send(self._spec.step(place.step), name, place, self._session_of)
            self._send(name, sent.step.sql)
            self._settle()
            report.look_first(sent)
        self._finish(report)
        for session in self._spec.sessions:
            if session.teardown is not None:
                self._run_alone(session.name, session.teardown, "teardown", report)
        if self._spec.teardown is not None:
            self._run_alone(CONTROL, self._spec.teardown, "teardown", report)
        self._settle_ends()

    def _start(self, permutation: Permutation) -> None:
        """Let every connection wait for its first block."""
        for name, actor in self._actors.items():
            actor.blocks = self._blocks(name, permutation)
            actor.end, actor.answer, actor.held = None, None, False
            actor.session.start(Program(name, self._asking(actor)))
        deadline = Deadline.after(self._step_s)
        while any(a.end is None and not a.held for a in self._actors.values()):
            if (arrival := self._next_arrival(_LONGEST_S)) is not None:
                self._note(arrival)
            elif deadline.over():
                raise DeadlineExceeded(f"sessions not ready within {self._step_s:g} s")

    def _blocks(self, name: str, permutation: Permutation) -> Sequence[str]:
        """What a connection is asked in the course of a permutation, in this order."""
        if name == CONTROL:
            before, behind = self._spec.setups, self._spec.teardown
            steps: list[str] = []
        else:
            session = next(s for s in self._spec.sessions if s.name == name)
            before = () if session.setup is None else (session.setup,)
            behind = session.teardown
            taken = [p.step for p in permutation.places if self._session_of[p.step] == name]
            steps = [self._spec.step(step).sql for step in taken]
        return [*before, *steps, *([] if behind is None else [behind])]

    def _asking(self, actor: _Actor) -> Callable[[Connection], None]:
        """A program that asks the actor's blocks, one at each turn."""

        def run(connection: Connection) -> None:
            session = session_of_this_thread()
            assert session is not None, "a spec's program runs on its session's thread"
            if self._isolation is not None:
                begin_by_hand(connection, self._isolation.value)
            actor.driver = driver_of(connection, self._engine)
            for sql in actor.blocks:
                session.hold(Step(StepKind.STATEMENT, sql))
                actor.answer = actor.driver.ask(sql)

        return run

    # -- turns ------------------------------------------------------------------------------------

    def _run_alone(self, name: str, sql: str, what: str, report: Report) -> None:
        """Have a setup or teardown block done while everybody else rests."""
        self._send(name, sql)
        self._settle(until=lambda: self.answer(name) is not None)
        answer = self.answer(name)
        assert answer is not None, "a block that has come back has an answer"
        if name == CONTROL:
            self.take_notices(name)  # the tester hides them
        report.say_result(name, answer)
        last = answer.last()
        if isinstance(last, Failure):
            whose = f"the {what}" if name == CONTROL else f"the {what} of session '{name}'"
            if what == "setup":
                raise ProgramMisbehaved(f"{whose} failed: {last}", _shortened(sql))
            self.complaints.append(f"{whose} failed: {last}")

    def _free(self, name: str, report: Report) -> None:
        """Wait until the session's last step has been reported, so that it can take the next."""
        while (sent := report.active(name)) is not None:
            if self.answer(name) is None:
                self._settle(until=lambda: self.answer(name) is not None)
            completed = report.look_at(sent)
            report.look_again()
            if not completed and report.active(name) is not None:
                self._wait_for_news(report)

    def _wait_for_news(self, report: Report) -> None:
        """A step has come back and may not be reported: wait for one that may change that."""
        before = self._news()
        if not self._under_way():
            raise _mutual(report.waiting)
        self._settle(until=lambda: self._news() != before)

    def _finish(self, report: Report) -> None:
        """Wait until every step has come back and been reported."""
        self._settle(until=lambda: not self._under_way())
        report.look_again()
        if report.waiting:
            raise _mutual(report.waiting)

    def _send(self, name: str, sql: str) -> None:
        actor = self._actors[name]
        assert actor.held, f"{name} is asked a block but is not ready for one"
        actor.asked, actor.answer, actor.held = sql, None, False
        actor.session.release()

    # -- coming to rest ---------------------------------------------------------------------------

    def _settle(self, until: Callable[[], bool] = lambda: True) -> None:
        """Wait until every block has come back or waits by the server's word, and `until` holds.

        Raises:
            DeadlineExceeded: that does not come to be.
        """
        deadline = Deadline.after(self._step_s)
        pause_s = _FIRST_S
        while (under_way := self._under_way()) or not until():
            if (arrival := self._next_arrival(pause_s)) is not None:
                self._note(arrival)
                pause_s = _FIRST_S
                continue
            waits = self._waiting(under_way)
            # The answer may have come while we asked, so look once more before believing it.
            if (arrival := self._next_arrival(0)) is not None:
                self._note(arrival)
                continue
            if len(waits) == len(under_way) and self._is_rest(waits) and until():
                return
            pause_s = min(2 * pause_s, _LONGEST_S)
            if deadline.over():
                raise self._late(under_way, waits)

    def _is_rest(self, waits: Mapping[str, Wait]) -> bool:
        drivers = [self._actors[name].driver for name in waits]
        quiet = all(driver is None or driver.quiet() for driver in drivers)
        return quiet and not WaitGraph(tuple(waits.values())).cycle()

    def _settle_ends(self) -> None:
        """Wait until every connection has ended the program of this permutation."""
        deadline = Deadline.after(self._step_s)
        while any(actor.end is None for actor in self._actors.values()):
            if (arrival := self._next_arrival(_LONGEST_S)) is not None:
                self._note(arrival)
            elif deadline.over():
                raise DeadlineExceeded(f"sessions did not end within {self._step_s:g} s")

    def _under_way(self) -> list[str]:
        return [name for name, actor in self._actors.items() if actor.asked is not None]

    def _news(self) -> tuple[object, ...]:
        """What changes when a block comes back or a notice arrives."""
        return (*self._under_way(), *(len(self._hear(name)) for name in self._actors))

    def _waiting(self, names: Sequence[str]) -> Mapping[str, Wait]:
        assert self._probe is not None, "the conductor is used outside its 'with' block"
        waits = self._probe.waiting(names)
        pause(self._probe.unexamined_s())
        return waits

    def _next_arrival(self, timeout_s: float) -> Arrival | None:
        try:
            return self._arrivals.take(timeout_s)
        except Empty:
            return None

    def _note(self, arrival: Arrival) -> None:
        actor = self._actors[arrival.session.name]
        actor.asked = None
        if not isinstance(arrival.state, Finished):
            actor.held = True
            return
        actor.end = arrival.state.end
        if isinstance(actor.end, Raised):
            raise ProgramMisbehaved(f"session '{arrival.session.name}': {actor.end.message}")

    def _late(self, under_way: Sequence[str], waits: Mapping[str, Wait]) -> HarnessError:
        assert self._probe is not None, "the conductor is used outside its 'with' block"
        parts = []
        for name in under_way:
            # The quick look need not say for whom.
            wait = (self._probe.details(name) or waits[name]) if name in waits else None
            state = "has not answered" if wait is None else f"waits for {', '.join(wait.blockers)}"
            parts.append(f"{name} {state}: {_shortened(self._actors[name].asked or '')}")
        return DeadlineExceeded(
            f"not at rest within {self._step_s:g} s: {'; '.join(parts)}",
            "can this order happen? a session that waits cannot take its next step",
        )

    # -- what the report asks ---------------------------------------------------------------------

    def answer(self, session: str) -> Answer | None:
        """What came back for the session's last block; None while it is under way."""
        actor = self._actors[session]
        return None if actor.asked is not None else actor.answer

    def take_notices(self, session: str) -> Sequence[str]:
        """The notices that the session has got and nobody has taken."""
        taken, self._actors[session].taken = self._hear(session), []
        return taken

    def name_of(self, server_id: int) -> str | None:
        """The spec's session that the server knows by this number."""
        known = {a.session.server_id: name for name, a in self._actors.items() if name != CONTROL}
        return known.get(server_id)

    def _hear(self, session: str) -> list[str]:
        actor = self._actors[session]
        if actor.driver is not None:
            actor.taken += actor.driver.take_notices()
        return actor.taken


def _mutual(steps: Sequence[Sent]) -> HarnessError:
    names = ", ".join(f"{sent.place}" for sent in steps)
    return ProgramMisbehaved(
        f"completed, but never to be reported: {names}",
        "what does each of its markers wait for?",
    )


def _shortened(sql: str) -> str:
    line = " ".join(sql.split())
    return line if len(line) <= 100 else line[:99] + "…"
