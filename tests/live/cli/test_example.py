"""The example is what the front page shows: the same commands, typed in the same folder."""

import os
import shlex
import subprocess

import pytest
from live.cli.conftest import BANK

pytestmark = [pytest.mark.integration, pytest.mark.engines("postgresql")]

RUN = "../../../run"
EXPLORE = f"{RUN} explore bank:withdraw bank:withdraw --setup bank:setup"
MENDED = f"{RUN} explore bank:withdraw_locking bank:withdraw_locking --setup bank:setup"


@pytest.fixture
def typed(harness, live_server):
    """Type a command in the example's folder; `live_server` tells whether PostgreSQL can be had."""
    own = {name: value for name, value in os.environ.items() if name.startswith("HARNESS_")}

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            shlex.split(command),
            cwd=BANK,
            env=os.environ | own | harness.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run


def test_the_example_is_short_enough_to_be_copied() -> None:
    lines = (BANK / "bank.py").read_text("utf-8").splitlines()
    assert len(lines) < 40
    assert max(map(len, lines)) <= 100


def test_the_broken_pair_and_its_command_to_see_it_again(typed) -> None:
    said = typed(f"{EXPLORE} --engine postgresql")
    assert said.returncode == 1, said.stderr
    assert "read committed   current  violated" in said.stdout
    assert "T1 before T2: no, because account.balance would be 30, and is -40." in said.stdout
    (again,) = [x for x in said.stdout.splitlines() if x.startswith("again: ")]
    assert again.startswith(f"again: {EXPLORE} --engine postgresql --isolation read-committed")
    seen = typed(again.removeprefix("again: "))
    assert seen.returncode == 1, seen.stderr
    assert "violated: not serializable" in seen.stdout


def test_the_mended_pair_and_a_folder_as_it_was(typed) -> None:
    before = {*BANK.iterdir(), BANK / "__pycache__"}
    said = typed(f"{MENDED} --engine postgresql")
    assert said.returncode == 0, said.stderr
    assert "\nholds: 2 of 2 cells\n" in said.stdout
    assert set(BANK.iterdir()) <= before
