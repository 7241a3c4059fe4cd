"""Our transcripts equal those of PostgreSQL's isolation tester, byte for byte."""

import pytest
from live.specs import isolationtester
from live.specs.conftest import FILES, told_by_us

from harness.servers.databases import fresh_database
from harness.specs.parser import parse_spec, read_spec

pytestmark = [pytest.mark.integration, pytest.mark.engines("postgresql")]

# It lists no permutation, and in some orders a session would have to take a step while it waits:
# the tester cancels each of these after minutes.
NOT_FOR_THE_TESTER = {"crosswise"}
NAMES = sorted({path.stem for path in FILES.glob("*.spec")} - NOT_FOR_THE_TESTER)


@pytest.fixture(scope="module")
def testers():
    found = list(isolationtester.programs())
    if not found:
        pytest.skip("no isolationtester here: it is in the package postgresql-server-dev-N")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_transcript_is_that_of_the_isolation_tester(name, database, testers):
    path = FILES / f"{name}.spec"
    ours, complaints = told_by_us(database.kind, database.url, read_spec(path))
    for tester in testers:
        with fresh_database(database.server) as url:
            theirs = isolationtester.tell(tester, path, url)
        assert ours.splitlines() == theirs.splitlines()
        assert ours == theirs
    assert bool(complaints) == (name == "unfinished")


def test_another_order_is_told_otherwise(database, testers):
    """The comparison can fail: what is compared is what happened, not the text of the spec."""
    text = (FILES / "lost-update.spec").read_text()
    swapped = text.replace("r1 r2 w1 w2 c1 c2", "r1 r2 w2 w1 c2 c1")
    assert swapped != text
    ours, _ = told_by_us(database.kind, database.url, parse_spec(swapped))
    with fresh_database(database.server) as url:
        theirs = isolationtester.tell(testers[-1], FILES / "lost-update.spec", url)
    different = [line for line in ours.splitlines() if line not in theirs.splitlines()]
    assert "step w1: UPDATE account SET balance = 90 WHERE id = 1; <waiting ...>" in different
