"""The register lists what was started, and survives whatever else lies in its folder."""

from __future__ import annotations

import dataclasses
import os

import pytest

from harness.errors import ServerError
from harness.servers import register
from harness.servers.owner import Owner
from harness.servers.register import Record


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def record():
    return Record(register.new_name(), Owner.current(), "a server", ("/nonexistent/x",), True)


def test_record_survives_print_and_parse(record):
    assert Record.parse(record.as_json()) == record
    assert "\n" not in record.as_json()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '"x"', '{"name": 1}', "{not json", '{"owner": "x"}']
)
def test_what_is_no_record_is_said_to_be_none(text):
    with pytest.raises(ValueError):  # noqa: PT011 - some are JSON's own, which says enough
        Record.parse(text)


def test_written_record_is_listed_until_it_is_removed(record):
    register.write(record)
    assert list(register.records()) == [record]
    register.remove(record.name)
    register.remove(record.name)
    assert list(register.records()) == []


def test_record_can_be_written_again(record):
    register.write(record)
    changed = dataclasses.replace(record, folders=("/nonexistent/y",))
    register.write(changed)
    assert list(register.records()) == [changed]


def test_other_files_are_left_alone(record, state):
    register.write(record)
    (state / "harness-broken.json").write_text("{")
    (state / "note.txt").write_text("mine")
    assert list(register.records()) == [record]
    assert (state / "harness-broken.json").exists()


def test_register_is_private(record, state):
    register.write(record)
    assert state.stat().st_mode & 0o077 == 0


def test_names_are_not_used_twice():
    assert len({register.new_name() for _ in range(1000)}) == 1000


def test_owner_survives_print_and_parse():
    owner = Owner(4121, 1700000000.25, "a-boot-id-with-dashes:4026531836")
    assert Owner.parse(str(owner)) == owner


def test_this_process_is_alive():
    assert Owner.current().state() == "alive"


def test_number_used_again_is_not_the_same_owner():
    current = Owner.current()
    assert dataclasses.replace(current, started=current.started - 60).state() == "ended"


def test_process_that_is_gone_has_ended():
    child = os.fork()
    if child == 0:
        os._exit(0)
    owner = dataclasses.replace(Owner.current(), pid=child)
    os.waitpid(child, 0)
    assert owner.state() == "ended"


def test_other_places_are_not_guessed_about():
    boot, _, namespace = Owner.current().place.partition(":")
    here = Owner.current()
    assert dataclasses.replace(here, place=f"{boot}:1{namespace}").state() == "elsewhere"
    assert dataclasses.replace(here, place=f"other:{namespace}").state() == "another boot"


def test_a_folder_of_somebody_else_among_the_temporary_ones_is_not_trusted(tmp_path, monkeypatch):
    """Its records would say what to kill and to remove."""
    monkeypatch.delenv("HARNESS_STATE")
    blocked = tmp_path / "no-folder"
    blocked.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    monkeypatch.setattr(register.tempfile, "gettempdir", lambda: str(tmp_path))
    ours = register.folder()
    assert ours == tmp_path / f"harness-state-{os.getuid()}"
    monkeypatch.setattr(register.os, "geteuid", lambda: ours.stat().st_uid + 1)
    with pytest.raises(ServerError, match="no folder is ours to write"):
        register.folder()
