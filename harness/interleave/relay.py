"""Pass turns from session to session, on their own threads, while there is nothing to settle.

As long as one step is under way, everybody else is held, and its answer comes without ado, nobody
needs the conductor: the session that has come to its hold asks the scheduler itself and lets the
next one go. That saves two changes of thread in every turn. Whatever is less plain (a wait, an
error, a look at the tables, the end) is the conductor's: it is handed the arrival, and nothing is
passed on until it has taken a turn again.
"""

from __future__ import annotations

import threading

from harness.interleave.patience import Patience
from harness.interleave.scheduler import Rest, Scheduler
from harness.interleave.standing import Standing
from harness.sessions.mailbox import Mailbox
from harness.sessions.session import Arrival


class Relay:
    """Takes arrivals from all sessions' threads; the conductor gets those it must see.

    `arrivals` is what the conductor listens to. None in it says: look again, a turn was passed on.
    While a relay is on, `Standing` and `Patience` are changed under its lock only.
    """

    def __init__(self, standing: Standing, patience: Patience) -> None:
        self.arrivals: Mailbox[Arrival | None] = Mailbox()
        self._standing = standing
        self._patience = patience
        self._lock = threading.Lock()
        self._scheduler: Scheduler | None = None
        self._observed = False
        self._error: BaseException | None = None

    # -- what the conductor calls

    def take_turn(self, name: str, rest: Rest, scheduler: Scheduler, *, observed: bool) -> None:
        """Take a turn, and pass on those that follow; no turn after a commit, if `observed`."""
        with self._lock:
            if not self._standing.waits:
                self._scheduler = scheduler
            self._observed = observed
            self._patience.released(self._standing.release(name, rest))
            self._standing.places[name].session.release()

    def look(self) -> tuple[list[str], int]:
        """Who is under way, and how many turns have been taken.

        Raises:
            ScheduleDiverged, Redundant: what the scheduler raised while a turn was passed on.
        """
        with self._lock:
            error, self._error = self._error, None
            if error is not None:
                raise error
            return self._standing.under_way(), self._standing.turns

    def stop(self, turns: int | None = None) -> bool:
        """Pass nothing on from here; False, and go on, if there have been more turns than that."""
        with self._lock:
            if turns is not None and turns != self._standing.turns:
                return False
            self._scheduler = None
            return True

    # -- what sessions call

    def pass_on(self, arrival: Arrival) -> bool:
        """Take a session's arrival; True if it has the next turn itself and may go on at once."""
        with self._lock:
            if self._scheduler is None or not self._standing.is_plain(arrival, self._observed):
                self._scheduler = None
                self.arrivals.put(arrival)
                return False
            self._standing.arrive(arrival)
            self._patience.answered()
            rest = self._standing.rest()
            try:
                name = self._scheduler.next_turn(rest)
            except BaseException as error:  # noqa: BLE001 - raised on the conductor's thread
                self._error, self._scheduler = error, None
                self.arrivals.put(None)
                return False
            self._patience.released(self._standing.release(name, rest))
            if self._patience.expects_wait():
                self.arrivals.put(None)
            if name != arrival.session.name:
                self._standing.places[name].session.release()
                return False
            return True
