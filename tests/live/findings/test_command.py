"""`--script DIR` on the command line, with a finding and without."""

import pytest
from live.cli.conftest import BANK

pytestmark = [pytest.mark.integration, pytest.mark.engines("postgresql")]

CELL = ("--isolation", "read-committed", "--stress", "0")


def test_what_is_found_is_written_and_named(here, tmp_path):
    here.folder = BANK
    place = tmp_path / "scripts"
    programs = ("bank:withdraw", "bank:withdraw", "--setup", "bank:setup")
    said = here("explore", *programs, "--engine", "postgresql", *CELL, "--script", str(place))
    assert said.status == 1, said.err
    assert f"script: {place}/postgresql-read-committed-current" in said.err
    files = {path.name for path in (place / "postgresql-read-committed-current").iterdir()}
    assert files == {"setup.sql", "T1.sql", "T2.sql", "schedule.txt"}
    assert "\nG-single, fuzzy read" in said.out


def test_a_fix_leaves_no_script(here, tmp_path):
    here.folder = BANK
    place = tmp_path / "scripts"
    locking = ("bank:withdraw_locking", "bank:withdraw_locking", "--setup", "bank:setup")
    said = here("explore", *locking, "--engine", "postgresql", *CELL, "--script", str(place))
    assert said.status == 0, said.err
    assert f"no script in '{place}': nothing was found" in said.err
    assert not place.exists()


def test_a_folder_that_cannot_be_had_is_told_at_once(here, tmp_path):
    (tmp_path / "file").touch()
    words = ("reproduce", "problem-2", "--script", str(tmp_path / "file"))
    said = here(*words)
    assert said.status == 64
    assert "is not a folder" in said.err
