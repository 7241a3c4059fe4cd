"""The drill as a user runs it; whoever stops it, in a kill or between two, finds nothing left."""

import json
import os
import signal

import pytest

from harness.clock import Deadline, poll

pytestmark = pytest.mark.integration


@pytest.mark.engines("postgresql")
def test_a_drill_tells_its_kills_and_stores_them(harness, mortal) -> None:
    """`mortal` only tells whether this engine can be had."""
    result = harness.folder / "result.json"
    words = ("--kills", "3", "--at", "commit", "--load", "contracts", "--json", str(result))
    said = harness("drill", "crash", "--engine", mortal.engine.name, *words)
    assert said.status == 0, said.err
    assert "holds: " in said.out
    assert "no power cut" in said.out
    (cell,) = json.loads(result.read_text("utf-8"))["cells"]
    assert (cell["scenario"], cell["verdict"], cell["executions"]) == ("drill crash", "holds", 3)
    assert [kill["moment"].rsplit(" ", 1)[0] for kill in cell["kills"]] == [
        "before commit",
        "during commit",
        "after commit",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "SIGTERM"])
@pytest.mark.engines("postgresql")
def test_an_interrupted_drill_leaves_nothing(harness, mortal, number) -> None:
    errors = harness.folder / "errors.txt"
    with errors.open("w") as file:
        words = ("drill", "crash", "--engine", mortal.engine.name, "--kills", "100")
        process = harness.start(*words, stderr=file.fileno())
    for _ in poll(Deadline.after(120), "first kill", every_s=0.01):
        if "kill 1" in errors.read_text("utf-8"):
            break
        assert process.poll() is None, errors.read_text("utf-8")
    os.killpg(process.pid, number)
    out, _ = process.communicate(timeout=60)
    status = {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert (process.returncode, out) == (status, ""), errors.read_text("utf-8")
    assert "Traceback" not in errors.read_text("utf-8")
    assert harness.remains() == []
