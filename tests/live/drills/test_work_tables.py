"""What stands in for a table without log, as each engine was seen to treat it."""

import pytest

from harness.checks.verdict import Verdict
from harness.recovery.work_tables import LOGGED, WITHOUT_LOG, WorkTableDrill, verdicts
from harness.servers.databases import fresh_database

pytestmark = pytest.mark.integration

# What differs between the stand-ins, and from the exam's mode.
STAND_INS = {
    "UNLOGGED": {
        "rollback of an insert": "0 of 1000 rows",
        "reader beside an open transaction": "0 of 1000 rows",
        "writer beside an open transaction": "goes",
        "orderly restart": "1000 of 1000 rows",
        "kill, checkpoint after the commit": "0 of 1000 rows",
        "kill, no checkpoint after the commit": "0 of 1000 rows",
        "kill, transaction open": "0 of 1000 rows",
        "redefined after the kill": "usable",
    },
    "ENGINE=MEMORY": {
        "rollback of an insert": "1000 of 1000 rows",
        "reader beside an open transaction": "1000 of 1000 rows",
        "writer beside an open transaction": "goes",
        "orderly restart": "0 of 1000 rows",
        "kill, checkpoint after the commit": "0 of 1000 rows",
        "kill, no checkpoint after the commit": "0 of 1000 rows",
        "kill, transaction open": "0 of 1000 rows",
        "redefined after the kill": "usable",
    },
}


def test_ordinary_table_obeys_and_the_stand_in_is_seen(mortal):
    with fresh_database(mortal) as url:
        observed = list(WorkTableDrill(mortal, url).observe())
    told = verdicts(observed)
    assert told[LOGGED] is Verdict.HOLDS, [(o.what, o.logged) for o in observed]
    assert told[WITHOUT_LOG] is Verdict.HOLDS, [(o.what, o.without_log) for o in observed]
    seen = {one.what: one.without_log.said for one in observed}
    expected = STAND_INS[mortal.engine.crash.without_log.means]
    assert {what: seen[what] for what in expected} == expected
