"""The process that stands by for the live tests is heard whatever comes of the one it forked."""

import pytest
from live.cli import standby

ANSWERS = """
import json, os, sys, time
gone = os.fork()
if not gone:
    os._exit(0)
os.waitpid(gone, 0)
streams = json.loads(sys.stdin.readline())[3]
for path, said in zip(streams, ("out", "err")):
    with open(path, "w") as file:
        file.write(said)
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Start what answers in place of the process that stands by; it names a process long gone."""
    started = []

    def start(answer):
        path = tmp_path / "answers.py"
        path.write_text(ANSWERS + answer, encoding="utf-8")
        monkeypatch.setattr(standby, "__file__", str(path))
        started.append(standby.StandBy())
        return started[-1]

    yield start
    for one in started:
        one._process.communicate()


@pytest.mark.parametrize(
    "answer",
    [
        'os.write(1, f"{gone}\\n{3 << 8}\\n".encode()); sys.stdin.read()',
        "print(gone, flush=True); time.sleep(1); print(3 << 8, flush=True)",
    ],
    ids=["both-lines-at-once", "late-and-without-a-group"],
)
def test_what_ended_is_not_waited_for_and_not_killed(stand_in, monkeypatch, answer):
    monkeypatch.setattr(standby, "LIMIT_S", 0.2)
    assert stand_in(answer).run(["--version"], "/", {}) == (3, "out", "err")


def test_what_does_not_end_is_killed_with_its_group(stand_in, monkeypatch):
    monkeypatch.setattr(standby, "LIMIT_S", 0.2)
    answer = (
        "child = os.fork()\n"
        "if not child:\n"
        "    os.setsid(); print(os.getpid(), flush=True); time.sleep(600)\n"
        "print(os.waitpid(child, 0)[1], flush=True)"
    )
    assert stand_in(answer).run(["--version"], "/", {})[0] == -9
