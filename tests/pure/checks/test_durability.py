"""What was promised, compared with what is there: each verdict, and each way to break the rule."""

from hypothesis import given
from hypothesis import strategies as st

from harness.checks.durability import Promise, Ticket, judge
from harness.checks.verdict import Verdict
from harness.outcome import Committed, Indeterminate, Refusal, RolledBack

ACKNOWLEDGED = Promise(Ticket("w1", 1), Committed())
REFUSED = Promise(
    Ticket("w1", 2),
    RolledBack(Refusal("constraint", "1062", retryable=False, ends_transaction=False)),
)
NEVER_SENT = Promise(Ticket("w2", 1), RolledBack())
UNANSWERED = Promise(Ticket("w3", 1), Indeterminate("the server is gone"))
LEDGER = [ACKNOWLEDGED, REFUSED, NEVER_SENT, UNANSWERED]


def there(*promises, torn=()):
    return {p.ticket: p not in torn for p in promises}


def test_acknowledged_there_and_refused_not_holds():
    told = judge(LEDGER, there(ACKNOWLEDGED))
    assert told.verdict is Verdict.HOLDS
    assert (told.acknowledged, told.refused, told.indeterminate) == (1, 2, 1)
    assert told.sentences() == []


def test_unanswered_commit_may_be_there_or_not():
    with_it = judge(LEDGER, there(ACKNOWLEDGED, UNANSWERED))
    without = judge(LEDGER, there(ACKNOWLEDGED))
    assert (with_it.verdict, with_it.present, with_it.absent) == (Verdict.HOLDS, 1, 0)
    assert (without.verdict, without.present, without.absent) == (Verdict.HOLDS, 0, 1)


def test_lost_acknowledged_commit_is_violated():
    told = judge(LEDGER, there())
    assert told.verdict is Verdict.VIOLATED
    assert told.sentences() == ["1 of 1 acknowledged transactions is lost: w1/1"]


def test_refused_transaction_that_is_there_is_violated():
    told = judge(LEDGER, there(ACKNOWLEDGED, REFUSED, NEVER_SENT))
    assert told.verdict is Verdict.VIOLATED
    assert told.sentences() == ["2 of 2 refused transactions are there all the same: w1/2, w2/1"]


def test_transaction_that_is_there_in_part_is_violated_whatever_its_outcome():
    for promise in (ACKNOWLEDGED, UNANSWERED):
        told = judge(LEDGER, there(ACKNOWLEDGED, promise, torn=[promise]))
        assert told.verdict is Verdict.VIOLATED
        assert told.sentences() == [f"1 is there in part: {promise.ticket}"]


def test_transaction_in_no_ledger_is_violated():
    told = judge(LEDGER, {**there(ACKNOWLEDGED), Ticket("w9", 9): True})
    assert told.verdict is Verdict.VIOLATED
    assert told.sentences() == ["1 is there and in no ledger: w9/9"]


def test_other_complaint_about_the_tables_is_violated():
    told = judge(LEDGER, there(ACKNOWLEDGED), ["writer w1 counted 2 transactions, and 1 are there"])
    assert told.verdict is Verdict.VIOLATED


def test_tables_that_cannot_be_read_are_unknown():
    told = judge(LEDGER, None)
    assert told.verdict is Verdict.UNKNOWN
    assert told.sentences() == ["unknown: the tables could not be read"]


def test_no_acknowledged_commit_is_unknown():
    """Nothing was at stake: an empty ledger proves nothing."""
    assert judge([REFUSED, UNANSWERED], {}).verdict is Verdict.UNKNOWN
    assert judge([], {}).verdict is Verdict.UNKNOWN


def test_unknown_never_hides_a_violation():
    assert judge([REFUSED], there(REFUSED)).verdict is Verdict.VIOLATED


def test_many_lost_are_counted_and_the_first_are_named():
    ledger = [Promise(Ticket("w1", number), Committed()) for number in range(1, 8)]
    (said,) = judge(ledger, {}).sentences()
    assert said == (
        "7 of 7 acknowledged transactions are lost: w1/1, w1/2, w1/3, w1/4, w1/5 and 2 more"
    )


OUTCOMES = st.sampled_from([Committed(), RolledBack(), Indeterminate("?")])


@given(st.lists(st.tuples(OUTCOMES, st.booleans()), max_size=8))
def test_verdict_is_that_of_the_rule_itself(cases):
    ledger = [Promise(Ticket("w", n), outcome) for n, (outcome, _) in enumerate(cases)]
    held = {Ticket("w", n): True for n, (_, is_there) in enumerate(cases) if is_there}
    wrong = any(
        (isinstance(outcome, Committed) and not is_there)
        or (isinstance(outcome, RolledBack) and is_there)
        for outcome, is_there in cases
    )
    at_stake = any(isinstance(outcome, Committed) for outcome, _ in cases)
    expected = Verdict.HOLDS if at_stake else Verdict.UNKNOWN
    assert judge(ledger, held).verdict is (Verdict.VIOLATED if wrong else expected)
