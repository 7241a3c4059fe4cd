"""The ledger keeps what was promised, in order, from many threads."""

import threading

from harness.checks.durability import Promise, Ticket, judge
from harness.outcome import Committed, Indeterminate, RolledBack
from harness.recovery.ledger import Ledger


def test_promises_are_kept_in_order_and_can_be_read_from_one_on():
    ledger = Ledger()
    promises = [Promise(Ticket("w", number), Committed()) for number in range(3)]
    for promise in promises:
        ledger.record(promise)
    assert list(ledger.promises()) == promises
    assert list(ledger.promises(since=2)) == promises[2:]
    assert len(ledger) == 3


def test_only_acknowledged_commits_have_a_last_time():
    ledger = Ledger()
    ledger.record(Promise(Ticket("w", 1), RolledBack()))
    assert ledger.last_acknowledged_s is None
    ledger.record(Promise(Ticket("w", 2), Committed()))
    assert ledger.last_acknowledged_s is not None


def test_nothing_is_lost_when_many_write_at_once():
    ledger = Ledger()

    def write(name):
        for number in range(200):
            ledger.record(Promise(Ticket(name, number), Committed()))

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({promise.ticket for promise in ledger.promises()}) == 8 * 200


def test_what_a_recovery_has_decided_must_stay_so():
    ledger = Ledger()
    there, missing, torn, refused = (Ticket("w1", number) for number in range(1, 5))
    for ticket in (there, missing, torn):
        ledger.record(Promise(ticket, Indeterminate("killed")))
    ledger.record(Promise(refused, RolledBack()))
    found = {there: True, torn: False, refused: True}
    assert judge(ledger.promises(), found).indeterminate == 3
    ledger.settle(found)
    # It vanishes at the next kill, and another one appears.
    told = judge(ledger.promises(), {missing: True})
    assert (told.lost, told.surfaced) == ((there,), (missing,))
    assert [p.ticket for p in ledger.promises()] == [there, missing, torn, refused]
    assert isinstance(ledger.promises()[2].outcome, Indeterminate)
    assert ledger.last_acknowledged_s is None
