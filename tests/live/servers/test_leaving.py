"""However the harness ends, nothing of what it started stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from live.servers import evidence
from live.servers.conftest import PAIRS, offered

from harness.clock import Deadline, poll
from harness.servers import cleaning, register

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
KEEPER = Path(__file__).with_name("keeper.py")


def hear_all_signals():
    """A shell's background jobs, and these tests may be one, inherit that they ignore some."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def keeper(request, tmp_path, monkeypatch):
    """A harness in a process and a session of its own, with a register of its own."""
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))
    engine, source = request.param
    offered(engine, source)
    process = subprocess.Popen(
        [sys.executable, str(KEEPER), engine, source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_all_signals,  # noqa: PLW1509 - no threads run here
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    yield process
    process.kill()
    process.communicate()
    for _ in cleaning.clean():
        pass


each_pair = pytest.mark.parametrize("keeper", PAIRS, indirect=True)
one_of_each_source = pytest.mark.parametrize(
    "keeper",
    [
        pytest.param(("postgresql", source), id=f"postgresql-{source}")
        for source in ("docker", "local", "wheel")
    ],
    indirect=True,
)


def started(keeper):
    """The name and the folders of what it started."""
    words = keeper.stdout.readline().split()
    assert words[:1] == ["started"], keeper.stderr.read()
    name, folders = words[1], [Path(folder) for folder in words[2:]]
    assert evidence.remains_of(name, folders), "nothing is seen of a running server"
    return name, folders


def wait_until_nothing_remains(name, folders):
    left = ["not looked yet"]
    for _ in poll(Deadline.after(30), f"end of {name} ({left})", every_s=0.1):
        left[:] = evidence.remains_of(name, folders)
        if not left:
            return


@each_pair
def test_end_of_the_program_leaves_nothing(keeper):
    name, folders = started(keeper)
    keeper.communicate()
    assert keeper.returncode == 0
    assert evidence.remains_of(name, folders) == []


@each_pair
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["ctrl-c", "SIGTERM", "SIGHUP"],
)
def test_signal_leaves_nothing(keeper, number, status):
    name, folders = started(keeper)
    os.killpg(keeper.pid, number)  # as a terminal does: to the whole group
    _, errors = keeper.communicate()
    assert keeper.returncode == status, errors
    assert evidence.remains_of(name, folders) == []


@each_pair
def test_sigkill_leaves_nothing_once_the_reaper_is_done(keeper):
    name, folders = started(keeper)
    os.killpg(keeper.pid, signal.SIGKILL)
    keeper.communicate()
    wait_until_nothing_remains(name, folders)


@each_pair
@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["ctrl-c", "SIGTERM", "SIGKILL"]
)
def test_signal_during_the_start_leaves_nothing(keeper, number):
    record = first_record()
    os.killpg(keeper.pid, number)
    keeper.communicate()
    wait_until_nothing_remains(record.name, [Path(folder) for folder in record.folders])


def first_record():
    for _ in poll(Deadline.after(30), "first record", every_s=0.005):
        if (record := next(register.records(), None)) is not None:
            return record
    raise AssertionError


@one_of_each_source
def test_clean_removes_what_a_killed_harness_and_a_killed_reaper_left(keeper):
    name, folders = started(keeper)
    kill_with_its_reaper(keeper)
    assert evidence.remains_of(name, folders), "the reaper was not killed in time"
    cleaned = {one.name: one for one in cleaning.clean()}
    assert cleaned[name].outcome == "removed"
    assert evidence.remains_of(name, folders) == []


@one_of_each_source
def test_clean_keeps_what_a_living_harness_uses(keeper):
    name, folders = started(keeper)
    cleaned = {one.name: one for one in cleaning.clean()}
    assert (cleaned[name].outcome, cleaned[name].reason) == ("kept", "its run is under way")
    assert evidence.remains_of(name, folders)


@pytest.mark.parametrize("keeper", [("postgresql", "docker")], indirect=True, ids=["docker"])
def test_clean_finds_containers_that_the_register_does_not_know(keeper):
    name, folders = started(keeper)
    kill_with_its_reaper(keeper)
    register.remove(name)
    cleaned = {one.name: one for one in cleaning.clean()}
    assert cleaned[name].outcome == "removed"
    assert evidence.remains_of(name, folders) == []


def kill_with_its_reaper(keeper):
    """SIGKILL to the harness and its reaper, the reaper first so that it cannot act."""
    processes = evidence.psutil.Process(keeper.pid).children()
    reapers = [one for one in processes if "harness.servers.reaper" in one.cmdline()]
    assert len(reapers) == 1
    reapers[0].kill()
    keeper.kill()
    keeper.communicate()
