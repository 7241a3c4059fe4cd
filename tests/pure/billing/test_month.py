"""The billing month: what falls when, who pays, and what is sent back."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from harness.replay.day import SPARE, Circumstances
from schema.billing.generator import generate
from workloads.billing.month import EXPECTED_ROWS, MENDED_MONTH, MONTH
from workloads.billing.month.business import LAST_MONTH, THIS_MONTH, Month
from workloads.billing.month.calendar import DAYS, GROUPS, MONTH_S, begins_s, billing_day
from workloads.billing.month.requests import cancellations, inquiries, sent_back
from workloads.billing.month.rules import only_paid_bills_go
from workloads.billing.month.work import AS_THE_EXAM, stages

FIRST = date(2024, 10, 1)
MEMBERS = 400
OF_MONTH = Month(MEMBERS, 1, FIRST)
CIRCUMSTANCES = Circumstances(MEMBERS / 100_000, 1, FIRST, Path())


def test_what_is_bought_paid_and_numbered_is_what_the_generator_has_on_the_last_day():
    rows = list(generate(MEMBERS / 100_000, 1, OF_MONTH.last).rows())
    bills = {row[0]: row for block in rows for row in block["bill"]}
    lines = Counter(row[0] for block in rows for row in block["bill_line"])
    bought = [one for group_no in GROUPS for one in OF_MONTH.purchases(group_no)]
    assert [one.member_no for one in bought] == list(range(1, MEMBERS + 1))
    for one in bought:
        number = MEMBERS + one.member_no
        assert lines[number] == len(one.products) == bills[number][3]
    paid_in_month = Counter(
        row[1]
        for row in bills.values()
        if row[4] is not None and FIRST < row[4] <= FIRST.replace(day=28)
    )
    reported = Counter(
        one.member_no for group_no in GROUPS for one in OF_MONTH.reported(group_no, ())
    )
    assert reported == paid_in_month


def test_a_payment_is_reported_on_the_first_billing_day_from_its_own():
    for group_no in GROUPS:
        today = FIRST.replace(day=billing_day(group_no))
        for one in OF_MONTH.reported(group_no, ()):
            assert one.billed_date < one.paid_date <= today
            assert (today - one.paid_date).days < 7


def test_nothing_is_sent_back_twice_and_who_sends_it_back_does_not_pay():
    back = sent_back(CIRCUMSTANCES, OF_MONTH)
    assert len(back) == len(set(back)) == CIRCUMSTANCES.of_day(1_000) + SPARE
    assert {whose.month for whose in back} == {LAST_MONTH, THIS_MONTH}
    numbers = [one.bill_no for one in cancellations(OF_MONTH, back)]
    assert numbers == [OF_MONTH.bill_no(whose) for whose in back]
    mine = {whose.member_no for whose in back if whose.month == LAST_MONTH}
    old = date(2024, 10, 1)
    for group_no in GROUPS:
        for one in OF_MONTH.reported(group_no, set(back)):
            assert one.billed_date >= old or one.member_no not in mine


def test_an_inquiry_asks_for_what_is_there_by_then():
    asked = inquiries(CIRCUMSTANCES, OF_MONTH)
    one = asked["bill_inquiry_1"]
    wanted = CIRCUMSTANCES.of_day(50_000)
    assert len(one) == wanted + SPARE
    before_first_billing = one[: wanted * billing_day(1) // DAYS]
    assert max(before_first_billing) <= MEMBERS < max(one) <= 2 * MEMBERS
    assert all(1 <= r.first <= r.last <= 2 * MEMBERS for r in asked["bill_inquiry_2"])


def test_too_few_bills_are_told():
    with pytest.raises(ValueError, match="bills that can be sent back are not enough"):
        sent_back(Circumstances(1.0, 1, FIRST, Path()), OF_MONTH)


def test_each_job_has_its_day_its_title_and_its_expected_rows():
    found = stages(OF_MONTH, [], AS_THE_EXAM)
    days = [*map(billing_day, GROUPS), DAYS]
    assert [{job.due_s for job in stage} for stage in found] == [{begins_s(day)} for day in days]
    names = [job.name for stage in found for job in stage]
    assert names == list(MONTH.jobs) == list(MENDED_MONTH.jobs)
    assert {*names, *MONTH.programs} == EXPECTED_ROWS.keys()
    assert begins_s(DAYS) < MONTH_S == MONTH.length_s


def test_a_bill_that_goes_unpaid_is_told_and_one_that_stays_is_not():
    """The pair of the docstring's: paid before the month began."""
    from workloads.billing.month.rules import Bills, Standing

    paid = Bills({1: Standing(7, date(2024, 9, 7), date(2024, 9, 20))}, {7: None})
    gone = Bills({}, {7: None})
    assert only_paid_bills_go([paid, gone]) is None
    open_bill = Bills({1: Standing(7, date(2024, 9, 7), None)}, {7: date(2024, 9, 7)})
    assert only_paid_bills_go([open_bill, open_bill]) is None
    assert "never paid" in (only_paid_bills_go([open_bill, gone]) or "")
