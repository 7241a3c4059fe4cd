"""A unit writes more log than there is space for, on each engine, and nothing of it is lost."""

import json
import os

import pytest

from harness.checks.verdict import Verdict
from harness.recovery.log_space import ROWS_A_PART, End, LogSpaceDrill, LogSpaceFound
from harness.servers.databases import fresh_database

pytestmark = pytest.mark.integration


def test_a_unit_of_several_times_the_space_is_not_refused(cramped):
    kind = cramped.engine
    space = kind.log_space
    with fresh_database(cramped) as url:
        drill = LogSpaceDrill(kind, url, space.unit_bytes, lambda _said: None)
        whole, back = drill.run(End.COMMITTED), drill.run(End.ROLLED_BACK)
    assert whole.log_bytes[space.log] > 2 * space.space_bytes
    assert whole.found_rows == whole.parts * ROWS_A_PART
    assert back.found_rows == 0
    # Log of the open unit itself was given up: the checkpoint went past the whole space.
    assert whole.passed_bytes > space.space_bytes / 2
    found = LogSpaceFound([whole, back])
    assert found.verdict(space.log, space.space_bytes) is Verdict.HOLDS


def test_a_unit_that_fits_shows_nothing(cramped):
    kind = cramped.engine
    space = kind.log_space
    with fresh_database(cramped) as url:
        small = LogSpaceDrill(kind, url, 1, lambda _said: None).run(End.COMMITTED)
    found = LogSpaceFound([small])
    assert found.wrong() == []
    assert found.verdict(space.log, space.space_bytes) is Verdict.UNKNOWN


@pytest.mark.skipif(not os.environ.get("HARNESS_REPEATS"), reason="at night: flushes all it writes")
def test_the_limit_of_a_units_own_log_is_the_one_that_refuses(harness):
    document = harness.folder / "log-space.json"
    said = harness("drill", "log-space", "--json", str(document))
    assert said.status == 0, said.err
    for cell in json.loads(document.read_text("utf-8"))["cells"]:
        refused = [run["end"] for run in cell["runs"] if run["refused"]]
        assert refused == (["one unit, its log limited"] if len(cell["runs"]) > 3 else [])
