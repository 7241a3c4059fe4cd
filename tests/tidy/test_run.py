"""./run on machines that lack something, and on one that lacks nothing."""
# ruff: noqa: E501 - a table is read by its rows

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tidy.machine import Machine, machine_in

UNAVAILABLE = 69

# A package that no index has: the lock asks for it where a test wants the index to be asked.
UNREACHABLE = "no-such-package==1 --hash=sha256:" + "0" * 64 + "\n"


@pytest.fixture
def machine(tmp_path) -> Machine:
    return machine_in(tmp_path)


@pytest.fixture(scope="module")
def ready(tmp_path_factory) -> Iterator[Machine]:
    """A machine on which ./run has been used once."""
    machine = machine_in(tmp_path_factory.mktemp("ready"))
    machine.python()
    first = machine.run("first")
    assert first.returncode == 0, first.stderr
    assert "making the environment (.venv) with python3, once" in first.stderr
    return machine


SPOIL = 'if [ "$1" = -c ]; then exec "$REAL" -c "{}\n$2"; else exec "$REAL" "$@"; fi'
OLD = SPOIL.format("import sys; sys.version_info = (3, 9, 18)")
BARE = SPOIL.format("import sys; sys.modules['ensurepip'] = None")
NO_VENV = 'if [ "$1" = -m ]; then echo "Error: {}" >&2; exit 1; else exec "$REAL" "$@"; fi'
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

# what the machine is like, its Python, variables, the first line of the answer, a later one
LACKING = {
    "no Python": (None, {}, "and no Python was found on the PATH", "HARNESS_PYTHON=/path/to"),
    "an old Python": (OLD, {}, "Python 3.11 or newer is needed, 'python3' is 3.9", "install a newer"),
    "a Python that does not start": ("exit 127", {}, "no Python was found on the PATH", "HARNESS_PYTHON"),
    "no ensurepip": (BARE, {}, f"Python {VERSION} is here, but it cannot make", f"apt install python{VERSION}-venv"),
    "venv fails": (
        NO_VENV.format("The virtual environment was not created successfully"),
        {},
        "making the environment failed: Error: The virtual environment was not created",
        "log: ",
    ),
    "a full disk": (
        NO_VENV.format("[Errno 28] No space left on device"),
        {},
        "the disk is full: making the environment did not fit into",
        "HARNESS_VENV names another place",
    ),
    "a wrong HARNESS_PYTHON": (
        'exec "$REAL" "$@"',
        {"HARNESS_PYTHON": "/no/such/python"},
        "HARNESS_PYTHON is '/no/such/python', which is no working Python",
        "unset it",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("python", "variables", "fact", "hint"), LACKING.values(), ids=LACKING.keys()
)
def test_what_is_lacking_is_said_in_one_sentence(machine, python, variables, fact, hint) -> None:
    if python is not None:
        machine.python(python)
    done = machine.run("servers", **variables)
    assert done.returncode == UNAVAILABLE, done.stderr
    said = [line for line in done.stderr.splitlines() if "once; this takes" not in line]
    assert said[0].startswith("run: ")
    assert fact in said[0]
    assert all(line.startswith("  hint: ") for line in said[1:])
    assert hint in done.stderr
    assert done.stdout == ""


# what is the matter with the index, variables, the first line of the answer
INDEXES = {
    "refuses": ({}, "no package index could be reached"),
    "has no address": ({"PIP_INDEX_URL": "http://index.invalid/", "PIP_TRUSTED_HOST": "index.invalid"}, "no package index could be reached"),
    "has not the package": ({"PIP_NO_INDEX": "1"}, "the package index has no 'no-such-package==1'"),
}  # fmt: skip


@pytest.mark.parametrize(("variables", "fact"), INDEXES.values(), ids=INDEXES.keys())
def test_index_trouble_is_said_and_the_log_is_kept(tmp_path, variables, fact) -> None:
    machine = machine_in(tmp_path, lock=UNREACHABLE)
    machine.python()
    done = machine.run("servers", **variables)
    assert done.returncode == UNAVAILABLE
    assert fact in done.stderr
    log = machine.project / ".venv.log"
    assert f"  hint: log: {log}" in done.stderr
    assert "no-such-package" in log.read_text()


def test_package_with_another_hash_is_refused(tmp_path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "no_such_package-1-py3-none-any.whl").write_bytes(b"something else")
    machine = machine_in(tmp_path, lock=UNREACHABLE)
    machine.python()
    done = machine.run("servers", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels))
    assert done.returncode == UNAVAILABLE
    assert "a downloaded package is not the one requirements.lock names" in done.stderr


def test_folder_that_cannot_be_written_is_said(machine) -> None:
    machine.python()
    (machine.tools / "a file").touch()
    done = machine.run("servers", HARNESS_VENV=str(machine.tools / "a file" / "venv"))
    assert done.returncode == UNAVAILABLE
    assert done.stderr.splitlines()[0].endswith("so no environment can be made there")
    assert "HARNESS_VENV=" in done.stderr


@pytest.mark.parametrize("name", [".venv/precious", ".venv"], ids=["folder", "file"])
def test_environment_of_somebody_else_is_left_alone(machine, name) -> None:
    machine.python()
    theirs = machine.project / name
    theirs.parent.mkdir(exist_ok=True)
    theirs.touch()
    done = machine.run("servers")
    assert done.returncode == UNAVAILABLE
    assert "was not made by ./run" in done.stderr
    assert theirs.exists()


def test_incomplete_checkout_is_said(machine) -> None:
    (machine.project / "requirements.lock").unlink()
    done = machine.run("servers")
    assert done.returncode == UNAVAILABLE
    assert "requirements.lock" in done.stderr


def test_own_help_is_shown_even_where_nothing_can_be_made(machine) -> None:
    done = machine.run("--help")
    assert done.returncode == UNAVAILABLE
    assert "usage: ./run WORD" in done.stdout


# bash before 4.4 waits for its jobs only, and what writes to `< <(...)` is none.
WAITS_FOR_JOBS_ONLY = """() {
    local job
    for job in $(jobs -p); do
        [ "$job" != "$1" ] || { builtin wait "$1"; return; }
    done
    return 127
}"""


def test_bash_that_cannot_wait_for_an_answer_is_enough(machine, tmp_path) -> None:
    older = {"BASH_FUNC_wait%%": WAITS_FOR_JOBS_ONLY}
    waits = ["bash", "-c", 'read -r _ < <(echo); wait "$!" || echo "$?"; exit 3 & wait "$!"']
    shown = subprocess.run(waits, env=os.environ | older, capture_output=True, check=False)
    assert (shown.stdout, shown.returncode) == (b"127\n", 3)
    machine.python(NO_VENV.format("so far it came"))
    (tmp_path / "link").symlink_to(machine.project / "run")
    done = machine.run("servers", entry=tmp_path / "link", **older)
    assert "run: making the environment failed: Error: so far it came" in done.stderr


def test_answer_that_is_none_is_said(machine) -> None:
    (machine.tools / "sha256sum").unlink()
    (machine.tools / "sha256sum").symlink_to(machine.tools / "false")
    (machine.tools / "false").write_text("#!/bin/sh\nexit 1\n")
    (machine.tools / "false").chmod(0o755)
    done = machine.run("servers")
    assert (done.returncode, done.stdout) == (UNAVAILABLE, "")
    assert done.stderr.splitlines()[0] == "run: 'sha256sum' failed"


def test_second_python_is_taken_when_the_first_is_no_good(machine) -> None:
    machine.python(OLD)
    machine.python(name="python3.13")
    done = machine.run("servers")
    assert done.returncode == 0, done.stderr
    assert "with python3.13" in done.stderr


def test_two_first_uses_at_once_make_one_environment(machine) -> None:
    machine.python()
    both = [subprocess.Popen(**machine.command("servers")) for _ in range(2)]
    said = [one.communicate(timeout=60) for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert sorted("making the environment" in err and "waiting" not in err for _, err in said) == [
        False,
        True,
    ]


def test_later_use_says_nothing_of_its_own_and_starts_nothing_anew(ready) -> None:
    done = ready.run("reproduce", "problem 2", "--engine", "x")
    assert (done.returncode, done.stderr) == (0, "")
    program, arguments, *_ = done.stdout.splitlines()
    assert (program, arguments) == ("harness", "['reproduce', 'problem 2', '--engine', 'x']")


def test_harness_works_in_the_folder_of_its_caller_and_tests_in_the_project(
    ready, tmp_path
) -> None:
    assert ready.run("servers", cwd=tmp_path).stdout.splitlines()[2] == str(tmp_path)
    program, arguments, folder, _ = ready.run("test", "-k", "a b", cwd=tmp_path).stdout.splitlines()
    assert (program, arguments) == ("pytest.py", "['-k', 'a b']")
    assert folder == str(ready.project)


def test_run_is_found_through_symbolic_links(ready, tmp_path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "one").symlink_to(ready.project / "run")
    (tmp_path / "bin" / "two").symlink_to("../one")
    done = ready.run("servers", entry=tmp_path / "bin" / "two", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_blank_at_the_end_of_a_name_belongs_to_it(machine, tmp_path) -> None:
    machine.python()
    machine.project = machine.project.rename(tmp_path / "project ")
    (tmp_path / "one ").symlink_to(machine.project / "run")
    (tmp_path / "two").symlink_to("one ")
    assert machine.run("servers", entry=tmp_path / "two").returncode == 0
    assert (machine.project / ".venv").is_dir()
    assert machine.run("servers").stderr == ""


def test_place_of_the_environment_may_end_in_slashes(machine, tmp_path) -> None:
    machine.python()
    place = tmp_path / "place"
    assert machine.run("servers", HARNESS_VENV=f"{place}//").returncode == 0
    assert machine.run("servers", HARNESS_VENV=str(place)).stderr == ""
    assert (tmp_path / "place.lock").exists()


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)], ids=["nothing", "--help", "-h"])
def test_help_is_of_run_and_then_of_harness(ready, arguments) -> None:
    own, of_harness = ready.run(*arguments).stdout.split("\nharness\n")
    assert own.startswith("usage: ./run WORD")
    assert of_harness.startswith("['--help']" if arguments != ("-h",) else "['-h']")


def test_exit_status_is_that_of_the_command(ready) -> None:
    assert ready.run("servers", STATUS_HARNESS="2").returncode == 2


def test_lint_runs_all_three_and_fails_when_one_does(ready) -> None:
    done = ready.run("lint", STATUS_RUFF="1")
    programs = [line for line in done.stdout.splitlines() if line in {"ruff", "mypy"}]
    assert (done.returncode, programs) == (1, ["ruff", "ruff", "mypy"])
    assert ready.run("lint").returncode == 0


def test_interrupted_lint_asks_no_other_program(ready) -> None:
    with subprocess.Popen(**ready.command("lint", WAIT="check"), start_new_session=True) as lint:
        printed = [lint.stdout.readline().strip() for _ in range(4)]
        assert printed[:2] == ["ruff", "['check']"]
        os.killpg(lint.pid, signal.SIGINT)
        assert lint.wait(timeout=30) == 130
        assert (lint.stdout.read(), lint.stderr.read()) == ("", "run: interrupted\n")


def test_python_is_that_of_the_environment(ready) -> None:
    done = ready.run("python", "-c", "import sys; print(sys.prefix)")
    assert done.stdout.strip() == str(ready.project / ".venv")


def test_signal_reaches_the_command_itself(ready) -> None:
    with subprocess.Popen(**ready.command("wait")) as waiting:
        printed = [waiting.stdout.readline().strip() for _ in range(4)]
        assert printed[3] == str(waiting.pid)
        waiting.send_signal(signal.SIGTERM)
        assert waiting.wait(timeout=10) == -signal.SIGTERM


@pytest.fixture
def inode(ready):
    """Tells whether the environment is still the same folder."""
    return lambda: (ready.project / ".venv").stat().st_ino


def test_changed_project_is_installed_into_the_same_environment(ready, inode) -> None:
    before = inode()
    with (ready.project / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert (ready.run("servers").returncode, inode()) == (0, before)
    assert ready.run("servers").stderr == ""


def test_changed_lock_makes_a_new_environment(ready) -> None:
    with (ready.project / "requirements.lock").open("a") as file:
        file.write("# changed\n")
    stale = ready.project / ".venv" / "stale"
    stale.touch()
    beside = {ready.project / name for name in (".venv.old.bak", ".venv.old.1", ".venv.keep")}
    for theirs in beside:
        theirs.mkdir()
    assert "making the environment" in ready.run("servers").stderr
    assert not stale.exists()
    assert set(ready.project.glob(".venv.*")) == beside | {ready.project / ".venv.lock"}
    assert ready.run("servers").stderr == ""


def test_clearing_that_failed_is_begun_again(ready) -> None:
    with (ready.project / "requirements.lock").open("a") as file:
        file.write("# changed again\n")
    remove, real = ready.tools / "rm", (ready.tools / "rm").readlink()
    remove.unlink()
    remove.write_text(f'#!/bin/sh\ncase $1$3 in -rf*pyvenv.cfg) exit 1 ;; esac\nexec {real} "$@"\n')
    remove.chmod(0o755)
    assert ready.run("servers").returncode != 0
    remove.unlink()
    remove.symlink_to(real)
    assert "making the environment" in ready.run("servers").stderr
    assert ready.run("servers").stderr == ""


def test_unfinished_environment_is_made_anew(ready) -> None:
    (ready.project / ".venv" / "made-for").unlink()
    assert "making the environment" in ready.run("servers").stderr
    assert ready.run("servers").stderr == ""
