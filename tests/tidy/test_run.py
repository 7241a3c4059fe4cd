"""./run on machines that lack something, and on one that lacks nothing.

The project it is tried on is a stand-in: the same `run`, an empty lock and a package whose build
backend is in its own folder, so that a whole first use needs no network. The machine is a PATH
with only the tools named here, which is also the list of what `run` needs.
"""
# ruff: noqa: E501 - a table is read by its rows

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tidy.source import ROOT

from harness.clock import Deadline, poll

TOOLS = (
    "bash",
    "basename",
    "cat",
    "dirname",
    "env",
    "flock",
    "grep",
    "ls",
    "mkdir",
    "mv",
    "readlink",
)
TOOLS += ("rm", "sha256sum", "tail")
UNAVAILABLE = 69

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["backend"]
[project]
name = "stand-in"
version = "1"
"""

# Programs of the environment report how they were called, in the words of the tests below.
PROGRAM = """
import os, sys
def main():
    print(os.path.basename(sys.argv[0]), sys.argv[1:], os.getcwd(), os.getpid(), sep="\\n", flush=True)
    if sys.argv[1:] == ["wait"]:
        import time
        time.sleep(60)
    sys.exit(int(os.environ.get("STATUS_" + os.path.basename(sys.argv[0]).upper(), 0)))
if __name__ == "__main__":
    main()
"""

BACKEND = f"""
import zipfile
PROGRAM = {PROGRAM!r}
SCRIPTS = "[console_scripts]\\nharness=pytest:main\\nruff=pytest:main\\nmypy=pytest:main\\n"
def build_editable(folder, config_settings=None, metadata_directory=None):
    info = "stand_in-1.dist-info/"
    with zipfile.ZipFile(folder + "/stand_in-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("pytest.py", PROGRAM)
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: stand-in\\nVersion: 1\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "entry_points.txt", SCRIPTS)
        wheel.writestr(info + "RECORD", "")
    return "stand_in-1-py3-none-any.whl"
build_wheel = build_editable
"""

# A package that no index has: the lock asks for it where a test wants the index to be asked.
UNREACHABLE = "no-such-package==1 --hash=sha256:" + "0" * 64 + "\n"


@dataclass
class Machine:
    """A project folder, the tools on the PATH, and the environment variables."""

    project: Path
    tools: Path
    variables: dict[str, str] = field(default_factory=dict)

    def python(self, body: str = 'exec "$REAL" "$@"', name: str = "python3") -> None:
        """Put a Python on the PATH: a shell script that may spoil the real one, `$REAL`."""
        program = self.tools / name
        program.write_text(
            f"#!{shutil.which('sh')}\nREAL='{sys.base_prefix}/bin/python3'\n{body}\n"
        )
        program.chmod(0o755)

    def command(self, *arguments: str, entry: Path | None = None, **variables: str) -> dict:
        """What Popen needs to call ./run here."""
        settings = {
            "HOME": str(self.tools),
            "PATH": str(self.tools),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": "http://127.0.0.1:9/",
            "PIP_RETRIES": "1",
        }
        return {
            "args": [entry or self.project / "run", *arguments],
            "env": settings | self.variables | variables,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
        }

    def run(self, *arguments: str, cwd: Path | None = None, entry: Path | None = None, **variables):
        return subprocess.run(
            **self.command(*arguments, entry=entry, **variables),
            cwd=cwd,
            check=False,
            timeout=60,
        )


def machine_in(folder: Path, lock: str = "") -> Machine:
    project, tools = folder / "a project (with spaces)", folder / "tools"
    (project / "backend").mkdir(parents=True)
    tools.mkdir()
    shutil.copy(ROOT / "run", project)
    (project / "requirements.lock").write_text(f"# nothing is needed\n{lock}")
    (project / "pyproject.toml").write_text(PYPROJECT)
    (project / "backend" / "backend.py").write_text(BACKEND)
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"these tests need '{tool}' on the PATH"
        (tools / tool).symlink_to(found)
    return Machine(project, tools)


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
SLOW_VENV = (
    'if [ "$1" = -m ]; then : >"$HOME/making"; exec "$REAL" -c "import time; time.sleep(60)"; '
    'else exec "$REAL" "$@"; fi'
)
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


def test_environment_of_somebody_else_is_left_alone(machine) -> None:
    machine.python()
    theirs = machine.project / ".venv" / "precious"
    theirs.parent.mkdir()
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


def test_interrupted_first_use_leaves_room_for_another(machine) -> None:
    machine.python(SLOW_VENV)
    with subprocess.Popen(**machine.command("servers"), start_new_session=True) as first:
        assert "making the environment" in first.stderr.readline()
        # Not sooner: bash 5.2 may send itself a SIGINT without end that comes while it forks.
        for _ in poll(Deadline.after(60), "the environment is being made"):
            if (machine.tools / "making").exists():
                break
        os.killpg(first.pid, signal.SIGINT)
        assert first.wait(timeout=60) == 130
        assert "interrupted" in first.stderr.read()
    machine.python()
    assert machine.run("servers").returncode == 0


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
    assert "making the environment" in ready.run("servers").stderr
    assert not stale.exists()
    assert ready.run("servers").stderr == ""


def test_unfinished_environment_is_made_anew(ready) -> None:
    (ready.project / ".venv" / "made-for").unlink()
    assert "making the environment" in ready.run("servers").stderr
    assert ready.run("servers").stderr == ""
