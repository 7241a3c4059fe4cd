"""A program that is killed takes nothing with it; one that is stopped can go on."""

import pytest

from harness.checks.verdict import Verdict
from harness.recovery.programs import ProgramCell, ProgramDrill
from harness.servers.databases import fresh_database

pytestmark = pytest.mark.integration


@pytest.fixture
def cell(mortal):
    return ProgramCell(mortal.engine.name, mortal.engine.title, mortal.version, "here", 3)


@pytest.fixture
def drill(mortal, cell):
    with fresh_database(mortal) as url:
        made = ProgramDrill(mortal, url, cell)
        made.prepare()
        yield made
        made.close()


def test_what_a_killed_program_was_told_is_there(drill, cell):
    drill.kill_while_writing(1)
    drill.kill_while_writing(2)
    assert cell.verdict is Verdict.HOLDS, [one.sentences() for one in cell.kills]
    assert all(one.acknowledged for one in cell.kills)


def test_locks_and_rows_of_a_killed_program_go_with_it(drill, cell):
    drill.kill_while_holding("w3")
    assert (cell.wrong, cell.unknown) == ([], [])
    assert dict(cell.seen)["rows of the open transaction"] == "none"


def test_a_stopped_program_keeps_its_locks_and_commits_when_it_goes_on(drill, cell):
    drill.stop_while_holding("w4")
    assert (cell.wrong, cell.unknown) == ([], [])
    assert dict(cell.seen)["its rows"] == "all"
    assert cell.held == 1
