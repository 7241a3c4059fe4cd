"""`harness data` as a user runs it, on a given database of each engine."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import inspect, text

pytestmark = pytest.mark.integration

SMALL = ("--scale", "0.0005", "--seed", "3")


def test_load_keep_digest_and_load_again(here, filled, tmp_path):
    engine = ("--engine", filled.kind)
    said = here("data", "load", *SMALL, *engine, "--keep", "--json", str(tmp_path / "one.json"))
    assert (said.status, said.line("holds: ")) == (0, "14 tables on 1 engine hold what was sent")
    with filled.engine.connect() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM vehicle")) == 50

    read = here("data", "digest", *engine, "--json", str(tmp_path / "two.json"))
    assert (read.status, read.line("holds: ")) == (0, "14 tables on 1 engine were read")
    sent, held = (
        json.loads((tmp_path / name).read_text("utf-8"))["engines"][0]["tables"]
        for name in ("one.json", "two.json")
    )
    assert sent == held

    # The marker says whose the data are, so they may be replaced; without --keep nothing stays.
    again = here("data", "load", *SMALL, *engine)
    assert again.status == 0
    assert not inspect(filled.engine).get_table_names()


def test_data_of_others_are_refused_and_left_alone(here, filled):
    with filled.engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id INT PRIMARY KEY)"))
    said = here("data", "load", *SMALL, "--engine", filled.kind, "--keep")
    assert said.status == 64
    assert "the database is not empty (1 object: theirs)" in said.out + said.err
    with filled.engine.connect() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM theirs")) == 0


def test_digest_of_an_empty_database_is_unknown(here, filled):
    said = here("data", "digest", "--engine", filled.kind)
    assert said.status == 2
    assert f"{filled.kind}: the database has no table batch_run" in said.out + said.err
