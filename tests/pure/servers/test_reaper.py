"""The reaper ends what is guarded when its harness ends, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.clock import Deadline, poll
from harness.servers import cleaning, processes, register
from harness.servers.guard import Guard, made_whole

ROOT = Path(__file__).resolve().parents[3]
HARNESS = """
import subprocess, sys
from pathlib import Path
from harness.servers.guard import Guard
for name in sys.argv[2:]:
    folder = Path(sys.argv[1]) / name
    guard = Guard(name, folders=(folder,))
    folder.mkdir()
    subprocess.Popen(["sleep", "600"], cwd=folder, start_new_session=True,
                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if name == "released":
        guard.release()
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """A register of our own, and no Docker: to clean everything would reach containers in use."""
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")


@pytest.fixture
def harness(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HARNESS, str(tmp_path), "one", "released", "two"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout.readline() == "up\n"
    yield process
    process.kill()
    process.communicate()
    for _ in cleaning.clean(everything=True):
        pass


def wait_until_gone(folder):
    for _ in poll(Deadline.after(15), f"end of {folder}", every_s=0.05):
        if not folder.exists():
            return


def test_released_thing_is_gone_at_once(harness, tmp_path):
    assert not (tmp_path / "released").exists()
    assert (tmp_path / "one").exists()
    assert {record.what for record in register.records()} == {"one", "two"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "SIGKILL"])
def test_end_of_the_harness_ends_what_is_guarded(harness, tmp_path, number):
    os.killpg(harness.pid, number)
    harness.communicate()
    for name in ("one", "two"):
        wait_until_gone(tmp_path / name)
        assert processes.inside(tmp_path / name) == []
    for _ in poll(Deadline.after(5), "an empty register", every_s=0.05):
        if not list(register.records()):
            return


def test_clean_keeps_what_is_in_use_unless_told_otherwise(harness, tmp_path):
    assert {(one.outcome, one.reason) for one in cleaning.clean()} == {
        ("kept", "its run is under way")
    }
    assert {one.outcome for one in cleaning.clean(everything=True)} == {"removed"}
    assert not (tmp_path / "one").exists()


def test_guard_is_in_the_register_until_released(tmp_path):
    guard = Guard("a thing", folders=(tmp_path / "thing",))
    assert [record.what for record in register.records()] == ["a thing"]
    guard.release()
    guard.release()
    assert list(register.records()) == []


def test_refused_request_is_an_answer(tmp_path):
    guard = Guard("a thing", folders=(tmp_path / "thing",))
    with pytest.raises(ValueError, match="refused"), guard.request():
        raise ValueError("refused")
    assert not guard._unanswered
    with pytest.raises(KeyboardInterrupt), guard.request():
        raise KeyboardInterrupt
    assert guard._unanswered
    guard.release()


def test_what_is_made_whole_is_there_whole_or_not_at_all(tmp_path):
    place = tmp_path / "cache" / "entry"
    with pytest.raises(FileNotFoundError), made_whole(place, "entry") as unfinished:
        (unfinished / "a file in a folder that is not made").touch()
    assert list(place.parent.iterdir()) == []
    for text in ("first", "second"):  # the second is too late
        with made_whole(place, "entry") as unfinished:
            unfinished.mkdir()
            (unfinished / "file").write_text(text)
    assert [path.name for path in place.parent.iterdir()] == ["entry"]
    assert (place / "file").read_text() == "first"
    assert list(register.records()) == []
