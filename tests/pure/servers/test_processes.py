"""Processes are known by their folder; all of them end, frozen ones and children too."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from harness.clock import Deadline, poll
from harness.servers import processes, remains
from harness.servers.account import Account
from harness.servers.owner import Owner
from harness.servers.register import Record

# A server with a child that has a session of its own, as PostgreSQL's have.
SERVER = r"""
import os, signal, sys
if os.fork() == 0:
    os.setsid()
os.write(1, b"up\n")
signal.pause()
"""


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    for _ in range(2):
        assert process.stdout.readline() == b"up\n"
    yield process
    processes.kill(folder)
    process.communicate()


def folder_of(server) -> Path:
    return Path(psutil.Process(server.pid).cwd())


def states(found) -> set[str]:
    return {process.status() for process in found}


def wait_for_states(folder, wanted):
    for _ in poll(Deadline.after(5), f"states {wanted}", every_s=0.01):
        if states(processes.inside(folder)) <= wanted:
            return


def test_children_in_sessions_of_their_own_are_found_oldest_first(server):
    found = processes.inside(folder_of(server))
    assert len(found) == 2
    assert found[0].pid == server.pid


def test_neighbour_with_a_longer_name_is_not_inside(server):
    folder = folder_of(server)
    assert processes.inside(folder.with_name(folder.name[:-1])) == []


def test_frozen_processes_go_on_when_thawed(server):
    folder = folder_of(server)
    assert len(processes.freeze(folder)) == 2
    wait_for_states(folder, {psutil.STATUS_STOPPED})
    processes.thaw(folder)
    wait_for_states(folder, {psutil.STATUS_SLEEPING, psutil.STATUS_RUNNING})


def test_kill_ends_frozen_processes_and_children(server):
    folder = folder_of(server)
    processes.freeze(folder)
    processes.kill(folder)
    assert processes.inside(folder) == []
    assert server.wait() == -signal.SIGKILL


def test_removed_folder_takes_its_processes_with_it(server):
    folder = folder_of(server)
    (folder / "file").write_text("x")
    record = Record("harness-test", Owner.current(), "a server", (str(folder),))
    remains.remove(record)
    assert not folder.exists()
    assert server.wait() == -signal.SIGKILL
    remains.remove(record)  # nothing more to do


def test_account_reaches_what_every_folder_above_lets_it_enter(tmp_path):
    tmp_path.chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    stranger = Account(uid=65533, gid=65533, ours=False)
    assert not stranger.reaches(closed / "server")
    assert stranger.reaches(Path("/usr/bin/server"))
    assert Account.for_server("nobody").uid != 0


def test_what_works_in_a_folder_that_was_removed_under_it_ends_as_well(server):
    folder = folder_of(server)
    shutil.rmtree(folder)
    remains.remove_folder(folder)
    assert processes.inside(folder) == []
    assert server.wait(timeout=5) == -signal.SIGKILL
