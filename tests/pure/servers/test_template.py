"""Templates are made once, copied for each start, made anew if damaged, and forgotten if unused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.engines import ENGINES, Profile
from harness.engines.recipe import Installation
from harness.errors import ServerError
from harness.servers import folders, register, template
from harness.servers.account import Account
from harness.servers.programs import Programs

POSTGRESQL = ENGINES["postgresql"]
INITDB = """#!/bin/sh
for argument; do case $argument in --pgdata=*) data=${argument#--pgdata=};; esac; done
echo made >> "$(dirname "$0")/times"
mkdir "$data/base" && echo content > "$data/base/1"
"""


@pytest.fixture
def programs(tmp_path, monkeypatch) -> Programs:
    """A server whose `initdb` counts how often it runs."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("postgres", "#!/bin/sh\n"), ("initdb", INITDB)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    ourselves = Account(os.getuid(), os.getgid(), ours=True)
    return Programs(Installation(folder / "postgres", (18, 1)), ourselves)


@pytest.fixture
def times(programs):
    return lambda: len((programs.installation.server.parent / "times").read_text().split())


def copied(programs, place: Path, profile=Profile.EXPLORING) -> Path:
    template.copy_to(place, POSTGRESQL, programs, profile)
    return place


def entries() -> list[Path]:
    return sorted((folders.cache() / "data").iterdir())


def test_template_is_made_once_and_copied_whole(programs, times, tmp_path):
    for name in ("first", "second"):
        data = copied(programs, tmp_path / name)
        assert (data / "base" / "1").read_text() == "content\n"
        assert "scram-sha-256" in (data / "pg_hba.conf").read_text()
        assert data.stat().st_mode & 0o077 == 0
    assert times() == 1
    assert list(register.records()) == []


def test_copies_share_nothing(programs, tmp_path):
    (copied(programs, tmp_path / "first") / "base" / "1").write_text("changed")
    assert (copied(programs, tmp_path / "second") / "base" / "1").read_text() == "content\n"


def test_profiles_that_are_made_otherwise_have_templates_of_their_own(programs, times, tmp_path):
    for profile in Profile:
        copied(programs, tmp_path / profile.value, profile)
    assert times() == len(entries()) == 2


def test_upgraded_server_gets_a_new_template(programs, times, tmp_path):
    copied(programs, tmp_path / "before")
    programs.installation.server.write_text("#!/bin/sh\n# another version\n")
    copied(programs, tmp_path / "after")
    assert times() == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: (entry / "data" / "base" / "1").write_text("CONTENT\n"),
        lambda entry: (entry / "data" / "base" / "1").unlink(),
        lambda entry: (entry / "data" / "base" / "2").touch(),
        lambda entry: (entry / "contents.json").write_text("{"),
        lambda entry: (entry / "contents.json").unlink(),
    ],
    ids=["changed file", "lost file", "strange file", "broken list", "no list"],
)
def test_damaged_template_is_made_anew(programs, times, tmp_path, damage):
    copied(programs, tmp_path / "first")
    damage(entries()[0])
    data = copied(programs, tmp_path / "second")
    assert [path.name for path in (data / "base").iterdir()] == ["1"]
    assert (data / "base" / "1").read_text() == "content\n"
    assert times() == 2


def test_failed_initialisation_shows_what_was_said_and_leaves_nothing(programs, tmp_path):
    initdb = programs.installation.server.with_name("initdb")
    initdb.write_text("#!/bin/sh\necho note\necho 'initdb: error: no space left' >&2\nexit 1\n")
    with pytest.raises(ServerError) as caught:
        copied(programs, tmp_path / "data")
    assert caught.value.explain() == (
        "postgresql: initdb cannot make a data directory (exit status 1)\n"
        "  hint: it said: initdb: error: no space left"
    )
    assert not (folders.cache() / "data").exists()
    assert list(register.records()) == []


def test_installation_without_its_companions_is_told(programs, tmp_path):
    programs.installation.server.with_name("initdb").unlink()
    with pytest.raises(ServerError, match="initdb: not among the programs of"):
        copied(programs, tmp_path / "data")


def test_template_that_nobody_used_for_a_month_is_forgotten(programs, tmp_path):
    copied(programs, tmp_path / "first")
    [old] = entries()
    os.utime(old / "contents.json", (0, 0))
    copied(programs, tmp_path / "durable", Profile.DURABLE)
    assert old not in entries()
    assert len(entries()) == 1
