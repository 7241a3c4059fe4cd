"""What is concluded from a search's cells: the exit status, and the command to repeat one."""

import shlex
from dataclasses import replace

import pytest
from pure.report.made import cell, unknown, violated

from harness.checks.verdict import Verdict
from harness.cli import build_parser
from harness.cli.missing import Missing, NotRun
from harness.cli.search import Report, Search, _bounds, _legend, _status, again
from harness.engines import ENGINES
from harness.errors import ServerError, SourceUnavailable
from harness.programs import Program
from harness.scenario import Variant, scenario_of
from harness.testing import USUAL

NO_DOCKER = SourceUnavailable("postgresql: no server to be had here", "docker: no engine answers")
NO_START = ServerError("postgresql (docker postgres:18): exit status 1")


def not_run(error) -> NotRun:
    return NotRun(ENGINES["postgresql"], error)


def as_expected(verdict: Verdict):
    return cell(verdict, expected=verdict)


@pytest.mark.parametrize(
    ("cells", "not_run_", "engines_named", "status"),
    [
        ([as_expected(Verdict.HOLDS), as_expected(Verdict.VIOLATED)], [], False, 0),
        ([cell(Verdict.HOLDS)], [], False, 0),
        ([violated()], [], False, 1),
        ([cell(Verdict.HOLDS, expected=Verdict.VIOLATED)], [], False, 1),
        ([violated(), unknown("why")], [], False, 1),
        ([cell(Verdict.HOLDS), unknown("why")], [], False, 2),
        ([unknown("why", expected=Verdict.UNKNOWN)], [], False, 2),
        ([cell(Verdict.HOLDS)], [NO_DOCKER], False, 0),
        ([cell(Verdict.HOLDS)], [NO_DOCKER], True, 2),
        ([cell(Verdict.HOLDS)], [NO_START], False, 2),
        ([], [NO_DOCKER], False, 2),
        ([], [NO_START], True, 2),
    ],
    ids=[
        *("as-expected", "holds", "violated", "holds-is-news", "news-beside-unknown"),
        *("holds-beside-unknown", "unknown-is-never-fine", "unnamed-engine-missing"),
        *("named-engine-missing", "engine-did-not-start", "nothing-to-be-had", "nothing-started"),
    ],
)
def test_exit_status(cells, not_run_, engines_named, status) -> None:
    missing = Missing(engines_named, [not_run(error) for error in not_run_])
    assert _status(Report(missing, cells)) == status


def search(*words: str) -> Search:
    """A search as the command line would make it."""
    arguments = build_parser().parse_args(["explore", *words])
    program = Program("withdraw", lambda _connection: None)
    scenario = scenario_of({"T1": program, "T2": program}, lambda _connection: None)
    command = ["explore", "bank:withdraw", "bank:withdraw", "--setup", "bank:setup"]
    return Search(command, scenario, [scenario.variants["current"]], arguments)


def test_a_test_searches_as_the_command_line_does() -> None:
    """The same functions would otherwise hold in one and be violated in the other."""
    arguments = build_parser().parse_args(["explore", "a:b", "a:b", "--setup", "a:c"])
    assert _bounds(arguments) == USUAL


def test_variants_are_told_by_what_they_are() -> None:
    asked = search(*WORDS)
    assert not list(_legend([asked])), "one variant needs no name"
    current = asked.scenario.variants["current"]
    fix = Variant("locking-read", "the read locks the row", current.programs)
    scenario = replace(asked.scenario, variants={"current": current, fix.name: fix})
    assert list(_legend([replace(asked, scenario=scenario, variants=[fix])])) == [
        "your programs: the programs as they are, and what is tried against it",
        "  locking-read: the read locks the row",
    ]


WORDS = ("bank:withdraw", "bank:withdraw", "--setup", "bank:setup")


def test_a_finding_s_command_names_its_cell_and_its_schedule() -> None:
    assert again(search(*WORDS), violated()) == (
        "harness explore bank:withdraw bank:withdraw --setup bank:setup "
        '--engine postgresql --isolation read-committed --schedule "T1 T1 T2* T1 T2"'
    )


def test_a_finding_s_command_is_understood_as_it_is_printed() -> None:
    printed = again(search(*WORDS, "--attempts", "3", "--image", "postgresql=pg:18"), violated())
    arguments = build_parser().parse_args(shlex.split(printed)[1:])
    assert arguments.program == ["bank:withdraw", "bank:withdraw"]
    assert (arguments.engine, arguments.isolation) == (["postgresql"], ["read-committed"])
    assert (arguments.attempts, arguments.image) == (3, ["postgresql=pg:18"])
    assert arguments.schedule == "T1 T1 T2* T1 T2"


def test_a_finding_s_command_begins_as_the_user_began(monkeypatch) -> None:
    monkeypatch.setenv("HARNESS_COMMAND", "../../run")
    assert again(search(*WORDS), violated()).startswith("../../run explore ")


def test_a_finding_s_command_shows_no_password() -> None:
    url = "postgresql://me:secret@127.0.0.1/bank"
    printed = again(search(*WORDS, "--server", url), violated())
    assert "--server postgresql://me:***@127.0.0.1/bank" in printed.replace("'", "")
    assert "secret" not in printed


def test_a_word_that_means_something_to_a_shell_is_quoted() -> None:
    folder = "$HOME/my servers"
    printed = again(search(*WORDS, "--local-servers", folder), violated())
    assert folder in shlex.split(printed)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NO_DOCKER, NO_DOCKER.explain()),
        (SourceUnavailable("Docker: no engine answers"), "PostgreSQL: Docker: no engine answers"),
    ],
    ids=["says-so-itself", "does-not"],
)
def test_what_was_not_run_names_its_engine_once(error, text) -> None:
    assert not_run(error).explain() == text
