"""Wrong words on the command line: one clear text on stderr, status 64, nothing started."""

from importlib.metadata import version

import pytest

from harness.scenario import scenarios


def assert_refused(said, state, text: str) -> None:
    assert (said.status, said.err, said.out) == (64, text + "\n", "")
    assert not state.exists(), "something was about to be started"


REPRODUCE_HELP = "  hint: harness reproduce --help"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["reproduce", "problem-22"],
            (
                f"scenario 'problem-22': unknown; known are {', '.join([*scenarios(), 'all'])}\n"
                "  hint: did you mean 'problem-2'?"
            ),
        ),
        (
            ["reproduce", "problem-2", "--variant", "curent"],
            (
                "variant 'curent': unknown; known are current, locking-read, lock-order, "
                "conditional-update\n  hint: did you mean 'current'?"
            ),
        ),
        (
            ["reproduce", "problem-2", "--engine", "postgres"],
            (
                "engine 'postgres': unknown; known are mysql, mariadb, postgresql\n"
                "  hint: did you mean 'postgresql'?"
            ),
        ),
        (
            ["reproduce", "problem-2", "--engine", "MySQL"],
            (
                "engine 'MySQL': unknown; known are mysql, mariadb, postgresql\n"
                "  hint: did you mean 'mysql'?"
            ),
        ),
        (
            ["reproduce", "problem-2", "--engine", "db2"],
            "engine 'db2': unknown; known are mysql, mariadb, postgresql",
        ),
        (
            ["reproduce", "problem-2", "--isolation", "READ COMMITTED"],
            (
                "isolation level 'READ COMMITTED': unknown; known are read-uncommitted, "
                "read-committed, repeatable-read, serializable\n"
                "  hint: did you mean 'read-committed'?"
            ),
        ),
        (
            ["reproduce", "problem-2", "--image", "oracle=oracle:23"],
            "engine 'oracle': unknown; known are mysql, mariadb, postgresql",
        ),
        (
            ["reproduce", "problem-2", "--schedule", "T1 T1 2T"],
            (
                "schedule: word 3, '2T', is not a turn\n"
                "  hint: a schedule is session names separated by blanks: 'T1 T1 T2* T1 T2'"
            ),
        ),
        (
            ["reproduce", "problem-2", "--schedule", ""],
            "schedule: empty\n  hint: a schedule is session names separated by blanks: 'T1 T1 T2'",
        ),
        (
            ["reproduce", "problem-2", "--schedule", "T1 T2", "--engine", "mysql"],
            (
                "--schedule: belongs to one engine, one isolation level and one variant\n"
                "  hint: name each with --engine, --isolation and --variant"
            ),
        ),
        (
            [
                *("reproduce", "problem-2", "--schedule", "T1 T3", "--engine", "mysql"),
                *("--isolation", "read-committed", "--variant", "current"),
            ],
            (
                "schedule: names T3, but the sessions are T1, T2\n"
                "  hint: T1 is the first program, T2 the second"
            ),
        ),
        (
            ["reproduce", "problem-2", "--attempts", "0"],
            "harness reproduce: argument --attempts: '0' is not a whole number of 1 or more\n"
            + REPRODUCE_HELP,
        ),
        (
            ["reproduce", "problem-2", "--max-executions", "many"],
            "harness reproduce: argument --max-executions: 'many' is not a whole number of 1 or "
            "more\n" + REPRODUCE_HELP,
        ),
        (
            ["reproduce", "problem-2", "--step-deadline", "nan"],
            "harness reproduce: argument --step-deadline: 'nan' is not a number of seconds above "
            "0\n" + REPRODUCE_HELP,
        ),
        (
            ["reproduce", "problem-2", "--port", "65536"],
            "harness reproduce: argument --port: '65536' is not a port: a number from 1 to 65535\n"
            + REPRODUCE_HELP,
        ),
        (
            ["reproduce"],
            "harness reproduce: the following arguments are required: SCENARIO\n" + REPRODUCE_HELP,
        ),
        (
            ["explore", "os:getpid", "--setup", "os:getpid"],
            (
                "explore: one program alone has one order\n"
                "  hint: name two or more, or the same one twice"
            ),
        ),
        (
            ["explore", "a:b", "a:b", "--setup", "a:c", "--only-invariants"],
            (
                "--only-invariants: there is no --invariant, so nothing would decide\n"
                "  hint: name a rule: --invariant MODULE:RULE"
            ),
        ),
        (
            ["explore", "a:b", "a:b"],
            (
                "harness explore: the following arguments are required: --setup\n"
                "  hint: harness explore --help"
            ),
        ),
        (
            ["schema", "ddl", "--engine", "postgre"],
            (
                "engine 'postgre': unknown; known are mysql, mariadb, postgresql\n"
                "  hint: did you mean 'postgresql'?"
            ),
        ),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_a_wrong_word_is_refused(harness, state, words, text) -> None:
    assert_refused(harness(*words), state, text)


@pytest.mark.parametrize("words", [[], ["reproduc"], ["reproduce", "problem-2", "--source", "x"]])
def test_wrong_usage_is_64_and_not_argparse_s_2(harness, state, words) -> None:
    said = harness(*words)
    assert (said.status, said.out) == (64, "")
    assert said.err.startswith("harness")
    assert said.err.splitlines()[-1].startswith("  hint: harness")
    assert not state.exists()


def test_an_option_is_not_abbreviated(harness) -> None:
    """`--iso` may mean something else in the next version."""
    said = harness("reproduce", "problem-2", "--iso", "read-committed")
    assert (said.status, said.out) == (64, "")
    assert said.err == (
        "harness reproduce: unrecognized arguments: --iso read-committed\n"
        "  hint: did you mean '--isolation'?\n" + REPRODUCE_HELP + "\n"
    )


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (
            ["--json", "no/where.json"],
            "--json 'no/where.json': its folder does not exist\n  hint: make the folder first",
        ),
        (["--json", "there"], "--json 'there': is a folder\n  hint: name a file in it"),
        (
            ["--runs", "file/runs"],
            (
                "--runs 'file/runs': cannot be written\n"
                "  hint: name another folder, also in HARNESS_RUNS"
            ),
        ),
    ],
    ids=["json-folder-missing", "json-is-a-folder", "runs-below-a-file"],
)
def test_where_results_cannot_be_written_no_work_is_done(
    harness, state, tmp_path, option, text
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("")
    assert_refused(harness("reproduce", "problem-2", *option), state, text)


@pytest.mark.parametrize("command", [[], ["reproduce"], ["explore"], ["schema"]])
def test_help_is_on_stdout_and_teaches_by_example(harness, command) -> None:
    said = harness(*command, "--help")
    assert (said.status, said.err) == (0, "")
    assert "examples:" in said.out or "start here:" in said.out
    assert max(map(len, said.out.splitlines())) <= 120


def test_the_version_is_the_package_s(harness) -> None:
    said = harness("--version")
    assert (said.status, said.out) == (0, f"harness {version('database-harness')}\n")
