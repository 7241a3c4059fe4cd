"""The billing measurements on a few rows: what they call right, wrong and unknown."""

from dataclasses import replace

import pytest
from live.loading.conftest import filled  # noqa: F401 - a fixture
from live.measure.conftest import crew  # noqa: F401 - a fixture
from sqlalchemy import delete, select

from harness.checks.verdict import Verdict
from harness.engines import ENGINES, Isolation
from harness.loading.loader import load
from harness.measure.conduct import Conductor
from harness.measure.measurement import Asked
from harness.measure.original import Original
from harness.measure.worker import connection_to
from schema.billing import bill, bill_line
from workloads.billing.batch.bulk_deletion import bulk_deletion
from workloads.billing.measurements import deletion, measurements, problem_b, problem_c
from workloads.billing.measurements.month import MONTH_END, left_wrong, month_of

pytestmark = pytest.mark.integration

ASKED = Asked(60, 1, Isolation.READ_COMMITTED, (7, None), rate_per_s=40.0)
BY_NAME = {one.name: one for one in measurements()}


@pytest.fixture
def conducted(filled, crew):  # noqa: F811 - asks for the fixtures
    """Conducts trials of a measurement by its name, each from the rows as they were loaded."""
    kind = ENGINES[filled.kind]

    def of(name, look=lambda _connection: None):
        one = BY_NAME[name]
        generated = one.data(ASKED)
        load(kind, filled.url, generated, lambda *_: None)
        original = Original(kind, filled.url, generated.metadata, one.changed)
        original.keep()
        with connection_to(kind, filled.url, Isolation.READ_COMMITTED) as connection:
            cases = {(c.variant, c.setting): c for c in one.cases(ASKED, connection)}

        def conduct(variant, setting, trial):
            original.put_back()
            conductor = Conductor(kind, filled.url, ASKED.isolation, crew, seed=1)
            made = cases[variant, setting].trials[trial]

            def check(connection):
                look(connection)
                return made.check(connection)

            return conductor.conduct(replace(made, check=check))

        return conduct

    return of


def test_a_unit_within_its_limit_holds_and_one_beyond_it_is_told(conducted, filled):  # noqa: F811
    conduct = conducted("billing-b")
    whole = conduct("current", "all", problem_b.ALONE)
    if ENGINES[filled.kind].unit_log.limit:
        # Servers for tests keep no binary log, so nothing is known of a unit's.
        assert whole.verdict is Verdict.UNKNOWN
        assert "the binary log, which holds a unit's log, is off" in whole.unknown[0]
        return
    assert whole.verdict is Verdict.HOLDS
    verdicts = [
        conduct("current, limit", setting, problem_b.ALONE).verdict
        for setting in ("average month", "peak month")
    ]
    assert verdicts == [Verdict.HOLDS, Verdict.VIOLATED]
    small = conduct("commit-per-bills", "7", problem_b.ALONE)
    assert small.figures["unit_bytes"] < whole.figures["unit_bytes"] / 3


@pytest.mark.parametrize("variant", ["commit-every-rows", "commit-per-range", "commit-per-bills"])
def test_killed_inside_a_unit_and_run_again_nothing_is_lost(conducted, variant):
    found = conducted("billing-b")(variant, "7", problem_b.AGAIN)
    assert (found.verdict, found.broken) == (Verdict.HOLDS, ())
    assert [attempt.end for attempt in found.jobs[0].attempts] == ["killed", "returned"]


def test_a_read_of_versions_shows_no_wrong_total(conducted):
    found = conducted("billing-c")("figure-2", "in one unit", problem_c.BESIDE)
    # So few bills may be gone before a clerk asks, and then nothing was shown.
    assert (found.broken, found.figures["wrong_totals"]) == ((), 0)


@pytest.mark.parametrize(
    "variant", ["replaced, in place", "replaced, swap", "replaced, partitions"]
)
@pytest.mark.usefixtures("dividable")
def test_the_replaced_deletion_loses_no_payment(conducted, variant):
    found = conducted("billing-deletion")(variant, "", deletion.BESIDE)
    # A clerk who meets the exchange of the tables may be the victim of a deadlock: told, not lost.
    assert [line for line in found.broken if "gave up waiting" not in line] == []


def test_space_is_told_before_and_after(conducted):
    found = conducted("billing-deletion")("current", "", deletion.ALONE)
    assert found.verdict is Verdict.HOLDS
    for moment in deletion.MOMENTS:
        assert found.figures[f"{moment}_files"] > found.figures[f"{moment}_indexes"] > 0
    if "next_live" in found.figures:
        # What goes is no longer live, and what comes is; the files hold all of it.
        assert found.figures["tidied_free"] >= found.figures["after_free"]
        assert found.figures["tidied_live"] < found.figures["next_live"]
        assert found.figures["next_live"] < found.figures["next_files"]


@pytest.mark.usefixtures("dividable")
def test_partitions_are_there_for_their_own_case_and_gone_after_it(conducted, filled):  # noqa: F811
    kind = ENGINES[filled.kind]

    def parts():
        with filled.engine.connect() as connection:
            return kind.partitioning.partitions(connection.connection.driver_connection, "bill")

    seen = []
    conduct = conducted("billing-deletion", lambda _connection: seen.append(parts()))
    found = conduct("replaced, partitions", "", deletion.ALONE)
    assert (found.verdict, found.broken) == (Verdict.HOLDS, ())
    assert [one.name for one in seen[0]] == ["m202409", "m202410", "m202411"]
    assert 0 < found.figures["stop_s"] < found.elapsed_s
    assert found.figures["before_files"] > found.figures["before_indexes"] > 0
    assert found.figures["next_files"] > 0
    assert parts() == []


@pytest.fixture
def connection(filled):  # noqa: F811
    kind, generated = ENGINES[filled.kind], month_of(ASKED)
    load(kind, filled.url, generated, lambda *_: None)
    Original(kind, filled.url, generated.metadata, (bill, bill_line)).keep()
    with filled.engine.connect() as opened:
        yield opened


def test_what_a_deletion_may_not_leave_is_told(connection):
    assert list(left_wrong(connection, deleted=False)) == []
    assert [text.partition(" ")[2] for text in left_wrong(connection)] == [
        "bills are due and still there"
    ]
    bulk_deletion(connection, MONTH_END)
    assert list(left_wrong(connection)) == []
    row = connection.execute(select(bill_line).order_by(bill_line.c.bill_no.desc())).first()
    assert row is not None
    connection.execute(delete(bill_line).where(bill_line.c.bill_no == row.bill_no))
    told = " ".join(left_wrong(connection))
    assert "lines that had to stay are lost or changed" in told
    assert "1 bills have not all of their lines" in told
    connection.rollback()
