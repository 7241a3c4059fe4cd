"""What the kills of programs say together."""

import pytest

from harness.checks.durability import Durability
from harness.cli.drill_program import _document
from harness.recovery.programs import HELD_PROGRAMS, ProgramCell

FINE = Durability(acknowledged=10)
NOTHING = Durability(unknown=("no commit was acknowledged: nothing was at stake",))


@pytest.mark.parametrize(
    ("kills", "held", "unknown", "complete"),
    [
        ([FINE], HELD_PROGRAMS, [], True),
        ([FINE, NOTHING], HELD_PROGRAMS, [], False),
        ([FINE], 0, ["the program did not begin"], False),
        ([FINE], 1, [], False),
        ([], 0, [], False),
    ],
    ids=["whole", "nothing-at-stake", "broken-off", "interrupted", "not-begun"],
)
def test_document_says_whether_all_that_was_planned_was_done_and_seen(
    kills, held, unknown, complete
):
    cell = ProgramCell("e", "Engine", "1.2", "docker e:1", 1)
    cell.kills += kills
    cell.held = held
    cell.unknown += unknown
    (entry,) = _document([cell])["cells"]
    assert entry["complete"] is complete
    assert entry["executions"] == len(kills) + held
