"""The pytest plugin, in a pytest of its own: what a user of the package sees."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy.dialects.mysql
import sqlalchemy.dialects.postgresql  # noqa: F401 - the same, and it may not be imported twice

import harness.testing  # noqa: F401 - a pytest inside this one forgets what only it imported

pytest_plugins = "pytester"

BANK = Path(__file__).resolve().parents[2] / "examples" / "bank"

WANTS_AN_ENGINE = """
    def test_it(database):
        assert database.server.version

    def test_plain():
        pass
"""


@pytest.fixture
def project(pytester, tmp_path, monkeypatch):
    """A user's project: strict about markers and warnings, on a machine that offers no server."""
    for name in list(os.environ):
        if name.startswith("HARNESS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HARNESS_SOURCE", "given")
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))
    pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    return pytester


def run(project, *words):
    """A pytest inside this one: quick, and nothing is started."""
    return project.runpytest_inprocess(
        "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *words
    )


# -- without a server -------------------------------------------------------------------------


def test_a_test_runs_once_for_each_engine_with_its_name_as_id(project) -> None:
    project.makepyfile(WANTS_AN_ENGINE)
    ids = run(project, "--collect-only", "-q").outlines[:4]
    assert [name.partition("::")[2] for name in ids] == [
        "test_it[mysql]",
        "test_it[mariadb]",
        "test_it[postgresql]",
        "test_plain",
    ]


def test_an_engine_can_be_chosen(project) -> None:
    project.makepyfile(WANTS_AN_ENGINE)
    said = run(project, "--collect-only", "-q", "--live-engine", "mariadb")
    assert "test_it[mariadb]" in said.stdout.str()
    assert "test_it[mysql]" not in said.stdout.str()


def test_a_test_names_the_engines_it_is_for(project) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.engines("postgresql", "mysql")
        def test_it(explore): ...

        @pytest.mark.engines("mariadb")
        def test_other(explore): ...
        """
    )
    said = run(project, "--collect-only", "-q").stdout.str()
    found = [line.partition("::")[2] for line in said.splitlines() if "::" in line]
    assert found == ["test_it[mysql]", "test_it[postgresql]", "test_other[mariadb]"]


def test_an_engine_that_a_test_names_wrongly_is_an_error(project) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.engines("postgres")
        def test_it(explore): ...
        """
    )
    said = run(project)
    said.assert_outcomes(errors=1)
    said.stdout.fnmatch_lines(["*engine 'postgres': unknown*", "*did you mean 'postgresql'?*"])
    assert "Traceback" not in said.stdout.str()


def test_what_wants_an_engine_is_an_integration_test_without_saying_so(project) -> None:
    project.makepyfile(WANTS_AN_ENGINE)
    said = run(project, "--collect-only", "-q", "-m", "integration")
    assert "test_it[mysql]" in said.stdout.str()
    assert "test_plain" not in said.stdout.str()
    run(project, "-m", "not integration").assert_outcomes(passed=1, deselected=3)


def test_what_cannot_run_is_skipped_with_its_reason(project) -> None:
    project.makepyfile(WANTS_AN_ENGINE)
    said = run(project, "-rs")
    said.assert_outcomes(passed=1, skipped=3)
    said.stdout.fnmatch_lines(
        [
            "SKIPPED * mysql: no server to be had here*",
            "*hint: given: no URL was given; --server URL, or HARNESS_SERVER*",
            "SKIPPED * mariadb: no server to be had here*",
            "SKIPPED * postgresql: no server to be had here*",
        ]
    )
    assert said.ret == 0


@pytest.mark.parametrize("words", [["--require-engines"], ["--require-engines=all"]])
def test_what_is_required_fails_where_it_cannot_run(project, words) -> None:
    project.makepyfile(WANTS_AN_ENGINE)
    said = run(project, *words)
    said.assert_outcomes(passed=1, errors=3)
    said.stdout.fnmatch_lines(["mysql is required: mysql: no server to be had here"])
    assert "Traceback" not in said.stdout.str()
    assert said.ret == 1


def test_only_the_named_engine_is_required(project, monkeypatch) -> None:
    """As the nightly run does: what is skipped there is unknown, and unknown is not fine."""
    project.makepyfile(WANTS_AN_ENGINE)
    monkeypatch.setenv("HARNESS_REQUIRE_ENGINES", "postgresql, mariadb")
    said = run(project)
    said.assert_outcomes(passed=1, skipped=1, errors=2)
    assert said.ret == 1


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--require-engines=mysql,postgres"], "did you mean 'postgresql'?"),
        (["--live-engine", "maria"], "did you mean 'mariadb'?"),
        (["--require-engines=db2"], "engine 'db2': unknown; known are mysql, mariadb, postgresql"),
    ],
    ids=["required", "chosen", "nothing-like-it"],
)
def test_an_unknown_engine_is_wrong_usage(project, words, text) -> None:
    project.makepyfile(WANTS_AN_ENGINE)
    said = run(project, *words)
    assert said.ret == pytest.ExitCode.USAGE_ERROR
    assert text in said.stderr.str()
    assert "Traceback" not in said.stderr.str()


def test_a_required_engine_that_the_run_does_not_choose_is_wrong_usage(project) -> None:
    """It would be neither run nor failed, and the run would look complete."""
    project.makepyfile(WANTS_AN_ENGINE)
    said = run(project, "--live-engine", "mysql", "--require-engines=mysql,postgresql")
    assert said.ret == pytest.ExitCode.USAGE_ERROR
    assert "--require-engines names postgresql, which --live-engine leaves out" in said.stderr.str()


# -- on a live server -------------------------------------------------------------------------


@pytest.fixture
def live(project, database, monkeypatch):
    """The user's project on an empty database of the test session's server."""
    url = database.url.render_as_string(hide_password=False)
    monkeypatch.setenv(f"HARNESS_{database.kind.upper()}_URL", url)
    project.makepyfile(bank=(BANK / "bank.py").read_text("utf-8"))
    project.database = database
    return project


def run_live(live, *words):
    """A pytest in a process of its own, as the user's is."""
    chosen = ("--live-engine", live.database.kind, "--require-engines")
    return live.runpytest_subprocess("-p", "no:cacheprovider", *chosen, *words)


@pytest.mark.engines("postgresql")
def test_the_example_s_tests_pass_as_they_are(live) -> None:
    live.makepyfile(test_bank=(BANK / "test_bank.py").read_text("utf-8"))
    run_live(live).assert_outcomes(passed=2)


@pytest.mark.engines("postgresql")
def test_a_failed_assertion_shows_the_broken_execution(live) -> None:
    live.makepyfile(
        """
        from bank import setup, withdraw

        def test_withdrawals(explore):
            assert explore(withdraw, withdraw, setup=setup).holds
        """
    )
    said = run_live(live)
    said.assert_outcomes(failed=1)
    version = live.database.server.version
    said.stdout.fnmatch_lines(
        [
            "E  *False = <violated: *>.holds",
            "---* explored *---",
            f"<violated: * interleavings (6 run), * PostgreSQL {version}, read committed, *>",
            f"current, PostgreSQL {version}, read committed: not serializable",
            "turn  T1 withdraw * T2 withdraw",
            "   1  select balance from account where id = 1",
            "T1 before T2: no, because account.balance would be 30, and is -40.",
            "again: explore(..., schedule='T1 *')",
        ]
    )
    assert live.database.url.password not in said.stdout.str()


@pytest.mark.engines("postgresql")
def test_a_schedule_is_run_again(live) -> None:
    live.makepyfile(
        """
        from bank import setup, withdraw

        def test_alone(explore):
            assert explore(withdraw, withdraw, setup=setup, schedule="T1 T1 T1 T2 T2").holds

        def test_beside(explore):
            found = explore(withdraw, withdraw, setup=setup)
            again = explore(withdraw, withdraw, setup=setup, schedule=found.schedule)
            assert again.violated
            assert again.cell.executions == 1
        """
    )
    run_live(live).assert_outcomes(passed=2)


@pytest.mark.engines("postgresql")
def test_what_cannot_be_explored_says_why_without_a_tour_of_the_harness(live) -> None:
    live.makepyfile(
        """
        from bank import setup, withdraw

        def no_table(connection): ...

        def test_level(explore):
            explore(withdraw, withdraw, setup=setup, isolation="READ COMMITTED")

        def test_setup(explore):
            explore(withdraw, withdraw, setup=no_table)

        def test_alone(explore):
            explore(withdraw, setup=setup)

        def test_schedule(explore):
            explore(withdraw, withdraw, setup=setup, schedule="T1 T3")
        """
    )
    said = run_live(live)
    said.assert_outcomes(failed=4)
    text = said.stdout.str()
    assert "isolation level 'READ COMMITTED': unknown" in text
    assert "did you mean 'read-committed'?" in text
    assert "the setup made no table" in text
    assert "explore: one program alone has one order" in text
    assert "schedule: names T3, but the sessions are T1, T2" in text
    assert "harness/interleave" not in text


@pytest.mark.engines("postgresql")
def test_unknown_is_neither_holds_nor_violated(live) -> None:
    live.makepyfile(
        """
        from bank import setup, withdraw

        def closes(connection):
            connection.close()

        def test_it(explore):
            explored = explore(closes, withdraw, setup=setup)
            assert not explored.holds
            assert not explored.violated
            assert "unknown: T1: the program closed its connection" in str(explored)
        """
    )
    run_live(live).assert_outcomes(passed=1)


@pytest.mark.engines("postgresql")
def test_each_test_has_an_empty_database(live) -> None:
    live.makepyfile(
        """
        from sqlalchemy import inspect, text

        def leave_a_table(database):
            assert not [n for n in inspect(database.engine).get_table_names() if n == "mine"]
            with database.engine.begin() as connection:
                connection.execute(text("create table mine (id int)"))

        def test_one(database): leave_a_table(database)
        def test_two(database): leave_a_table(database)
        """
    )
    run_live(live).assert_outcomes(passed=2)
