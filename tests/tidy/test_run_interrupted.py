"""./run interrupted: it ends at once, as it was asked to, and so does what it started."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from tidy.machine import Machine, machine_in

UNAVAILABLE = 69
PATIENCE_S = 30
"""Less than what is started here takes, which ends by itself after a minute."""

# It keeps a fifo open and hears no signal that can be unheard; nor does its child, if it has one.
ALONE = """
exec 5>"$HOME/alive"
exec "$REAL" -c "
import os, signal, time
for one in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    signal.signal(one, signal.SIG_IGN)
os.write(5, b'x')
time.sleep(60)"
"""
WITH_A_CHILD = ALONE.replace("os.write(5, b'x')", "os.fork() or os.write(5, b'x')")
SLOW_TO_MAKE = f'if [ "$1" = -m ]; then {WITH_A_CHILD} else exec "$REAL" "$@"; fi'
SLOW_TO_SAY = 'case $2 in *sys.version_info*) : ;; *) exec "$REAL" "$@" ;; esac' + ALONE
MAKES_NOTHING = 'if [ "$1" = -m ]; then exit 1; else exec "$REAL" "$@"; fi'

# how it is ended, whether what it started is sent the signal as well, status, what it says
ENDED = {
    "Ctrl-C": (signal.SIGINT, True, 130, "interrupted"),
    "Ctrl-\\": (signal.SIGQUIT, True, 131, "stopped"),
    "terminal closed": (signal.SIGHUP, True, 129, "stopped"),
    "SIGTERM": (signal.SIGTERM, False, 143, "stopped"),
}


@pytest.fixture
def machine(tmp_path) -> Machine:
    machine = machine_in(tmp_path)
    os.mkfifo(machine.tools / "alive")
    return machine


def began(running: int) -> None:
    """All that is to be started is there: the last of it wrote a byte."""
    assert select.select([running], [], [], PATIENCE_S)[0], "nothing was started"
    assert os.read(running, 1) == b"x"


def ended(running: int) -> bool:
    """Nobody has the fifo open any more."""
    return bool(select.select([running], [], [], PATIENCE_S)[0]) and os.read(running, 1) == b""


def ends_all_of(group: subprocess.Popen[str]) -> None:
    """What a failed test has left does not stay."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group.pid, signal.SIGKILL)


@pytest.mark.parametrize(("by", "all_of_them", "status", "said"), ENDED.values(), ids=ENDED.keys())
@pytest.mark.parametrize("python", [SLOW_TO_MAKE, SLOW_TO_SAY], ids=["making", "asking"])
def test_interrupted_first_use_ends_what_it_started(
    machine, python, by, all_of_them, status, said
) -> None:
    machine.python(python)
    running = os.open(machine.tools / "alive", os.O_RDONLY | os.O_NONBLOCK)
    with subprocess.Popen(**machine.command("servers"), start_new_session=True) as first:
        try:
            began(running)
            (os.killpg if all_of_them else os.kill)(first.pid, by)
            assert first.wait(PATIENCE_S) == status
            told = first.stderr.read().splitlines()[-1]
            assert told == f"run: {said}; the next use starts anew"
            assert ended(running)
        finally:
            os.close(running)
            ends_all_of(first)


TRACE = (shutil.which("strace"), "-e", "trace=rt_sigaction,kill")
INJECT = "inject=rt_sigaction:signal=SIGINT:when={}"


@pytest.fixture(scope="module")
def strace() -> None:
    """Skip where strace is not there, or may not trace even what does nothing."""
    if TRACE[0] is None:
        pytest.skip("'strace' is not there, which sends a signal at a chosen moment")
    nothing = [*TRACE, "-e", INJECT.format(60_000), "true"]
    done = subprocess.run(nothing, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"strace may not trace here: {done.stderr}")


def traced(machine: Machine, log: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ./run with its changes of signal handlers told in a log."""
    command = machine.command("servers")
    command["args"] = [*TRACE, "-o", log, *words, *command["args"]]
    with subprocess.Popen(**command, start_new_session=True) as tracing:
        try:
            said = tracing.communicate(timeout=PATIENCE_S)
            return subprocess.CompletedProcess(command["args"], tracing.returncode, *said)
        finally:
            ends_all_of(tracing)


def test_interrupted_first_use_leaves_room_for_another(machine) -> None:
    machine.python(SLOW_TO_MAKE)
    running = os.open(machine.tools / "alive", os.O_RDONLY | os.O_NONBLOCK)
    with subprocess.Popen(**machine.command("servers")) as first:
        try:
            began(running)
            first.terminate()
            assert first.wait(PATIENCE_S) == 143
        finally:
            os.close(running)
    machine.python()
    assert machine.run("servers").returncode == 0
    left = {path.name for path in machine.project.iterdir() if path.name.startswith(".venv")}
    assert left == {".venv", ".venv.lock"}
    assert not (machine.project / ".venv" / "put-aside").exists()


@pytest.mark.usefixtures("strace")
def test_interrupt_at_any_change_of_a_handler_ends_it(machine, tmp_path) -> None:
    """bash 5.2 may send itself an interrupt without end that comes when it begins to wait."""
    machine.python(MAKES_NOTHING)
    done = traced(machine, tmp_path / "log")
    assert done.returncode == UNAVAILABLE, done.stderr
    changes = re.findall(r"^rt_sigaction\((\w+)", (tmp_path / "log").read_text(), re.MULTILINE)
    moments = [number for number, of in enumerate(changes, 1) if of == "SIGINT"]
    assert len(moments) > 10
    seen = {}
    for number in moments:
        done = traced(machine, tmp_path / "log", "-e", INJECT.format(number))
        log = (tmp_path / "log").read_text()
        if "--- SIGINT" in log:  # a run may have some changes less
            seen[number] = (done.returncode, log.count("kill(") < 10)
    assert len(seen) > len(moments) / 2
    by_the_signal, by_us = -signal.SIGINT, 130
    assert set(seen.values()) <= {(by_the_signal, True), (by_us, True)}, seen
