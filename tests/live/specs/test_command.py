"""`harness explore --spec` as a user runs it, on the test session's servers."""

import json
import os
import subprocess

import pytest
from live.cli.standby import stand_by
from live.specs.conftest import FILES

pytestmark = pytest.mark.integration

NOT_WHO_RUNS_US = ("HARNESS_COMMAND", "HARNESS_RUNS")


@pytest.fixture
def harness(database, tmp_path):
    """The command line in an empty folder, using an empty database on each engine."""
    environment = {k: v for k, v in os.environ.items() if k not in NOT_WHO_RUNS_US}
    environment["HARNESS_SERVER"] = database.url.render_as_string(hide_password=False)
    environment["HARNESS_SOURCE"] = "given"
    environment["HARNESS_STATE"] = str(tmp_path / "state")

    def run(*words):
        asked = ("explore", "--engine", database.kind, *words)
        return subprocess.CompletedProcess(asked, *stand_by().run(asked, tmp_path, environment))

    return run


def test_spec_with_permutations_gives_a_transcript_and_nothing_else(harness):
    said = harness("--spec", str(FILES / "lost-update.spec"), "--isolation", "read-committed")
    assert (said.returncode, said.stdout) == (0, (FILES / "lost-update.out").read_text())


def test_spec_without_permutations_is_explored(harness, tmp_path, database):
    spec = FILES / "crosswise.spec"
    said = harness("--spec", str(spec), "--json", "out.json")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("crosswise: a1 a2 ac and b2 b1 bc; does every interleaving")
    (cell,) = json.loads((tmp_path / "out.json").read_text())["cells"]
    assert (cell["verdict"], cell["complete"], cell["deadlocks"]) == ("holds", True, 4)


@pytest.mark.engines("postgresql")
def test_finding_can_be_seen_again(harness):
    spec = str(FILES / "lost-update.spec")
    words = ["--spec", spec, "--as", "search", "--isolation", "read-committed"]
    found = harness(*words)
    assert found.returncode == 1, found.stderr
    (line,) = [x for x in found.stdout.splitlines() if x.startswith("again: ")]
    assert f"harness explore --spec {spec} --as search" in line
    schedule = line.partition("--schedule ")[2].strip('"')
    again = harness(*words, "--schedule", schedule)
    assert again.returncode == 1, again.stderr
    assert "not serializable" in again.stdout


@pytest.mark.engines("postgresql")
def test_order_that_cannot_happen_is_status_2(harness, tmp_path):
    spec = tmp_path / "impossible.spec"
    listed = (FILES / "lost-update.spec").read_text().partition("permutation")[0]
    spec.write_text(f"{listed}permutation w1 w2 c2 c1 r1 r2\n")
    said = harness("--spec", str(spec), "--step-deadline", "2")
    assert said.returncode == 2
    assert said.stdout.endswith("w2: UPDATE account SET balance = 70 WHERE id = 1; <waiting ...>\n")
    assert "not at rest within 2 s: s2 waits for s1: UPDATE account" in said.stderr
