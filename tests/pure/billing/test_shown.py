"""What inquiries showed: true totals count, false ones are told, and nothing shown is no proof."""

from datetime import date

from harness.engines import Isolation
from workloads.billing.measurements.inquiries import Shown
from workloads.billing.measurements.metered import Meter
from workloads.billing.online.bill_inquiry import TotalShown

DAY = date(2024, 9, 7)


class Told:
    """A connection that remembers which level it was set to."""

    level = None

    def execution_options(self, isolation_level):
        self.level = isolation_level


def asked_once(yen, level=None):
    shown, connection = Shown({1: 300}), Told()

    def inquiry(_connection, _asked):
        return (TotalShown(1, DAY, yen),)

    shown.programs(inquiry, last=10, bills=3, seed=1, level=level)[0](connection)
    return shown, connection


def test_a_true_total_passes_and_a_false_one_is_told():
    shown, _ = asked_once(300)
    assert (shown.totals, shown.wrong, shown.sentences()) == (1, 0, ())
    shown, _ = asked_once(100)
    assert shown.sentences() == (
        "1 of 1 totals shown are wrong: bill 1 with 100 yen, and has 300 yen",
    )


def test_inquiries_stay_within_the_bills_there_are_and_are_the_same_for_the_same_seed():
    ranges = [
        [program.keywords["asked"] for program in Shown({}).programs(None, 10, 3, seed)]
        for seed in (1, 1, 2)
    ]
    assert ranges[0] == ranges[1] != ranges[2]
    assert {one.last - one.first for one in ranges[0]} == {2}
    assert min(one.first for one in ranges[0]) == 1
    assert max(one.last for one in ranges[0]) == 10


def test_a_level_of_its_own_is_set_where_one_is_named():
    assert asked_once(300)[1].level is None
    level = asked_once(300, Isolation.READ_UNCOMMITTED)[1].level
    assert level == "READ UNCOMMITTED"


def test_a_meter_that_told_nothing_is_unknown(tmp_path):
    assert Meter.read(tmp_path / "none.json") is None
