"""Programs count only if they run; unpacked trees run by their own loader."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.engines import ENGINES
from harness.servers import installations, unpacked
from harness.servers.account import Account
from harness.servers.installations import Unusable
from harness.servers.programs import Programs

POSTGRESQL = ENGINES["postgresql"]


@pytest.fixture(autouse=True)
def only_ourselves(monkeypatch, tmp_path):
    """Fake programs lie in folders that other users cannot enter."""
    ourselves = Account(os.getuid(), os.getgid(), ours=True)
    monkeypatch.setattr(Account, "for_server", lambda _name: ourselves)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))


def program(folder: Path, script: str, name: str = "postgres") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def found(root: Path) -> list[Programs | Unusable]:
    inside = []
    for one in installations.find(POSTGRESQL, (root,)):
        path = one.path if isinstance(one, Unusable) else one.origin or one.installation.server
        if path.is_relative_to(root):
            inside.append(one)
    return inside


def test_newest_of_several_versions_comes_first(tmp_path):
    for version in ("9", "18", "17"):
        folder = tmp_path / "usr/lib/postgresql" / version / "bin"
        program(folder, f"echo 'postgres (PostgreSQL) {version}.1'")
    versions = [
        one.installation.version if isinstance(one, Programs) else one.reason
        for one in found(tmp_path)
    ]
    oldest = POSTGRESQL.oldest_supported[0]
    assert versions == [(18, 1), (17, 1), f"is version 9.1; the oldest supported is {oldest}"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "--version ended with exit status 3 ()"),
        ("echo 'libfoo.so is missing' >&2; exit 127", "(libfoo.so is missing)"),
    ],
)
def test_program_that_does_not_run_is_unusable_with_its_reason(tmp_path, script, reason):
    program(tmp_path / "bin", script)
    [one] = found(tmp_path)
    assert isinstance(one, Unusable)
    assert one.reason.endswith(reason)


def test_program_that_cannot_be_executed_here_is_unusable(tmp_path):
    (tmp_path / "bin").mkdir()
    path = tmp_path / "bin" / "postgres"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    [one] = found(tmp_path)
    assert isinstance(one, Unusable)
    assert "cannot be run as user" in one.reason


def test_program_of_another_engine_does_not_count(tmp_path):
    program(tmp_path / "bin", "echo 'mysqld  Ver 9.7.2 for Linux on x86_64'")
    assert found(tmp_path) == []


def test_unpacked_packages_get_their_libraries_by_the_environment(tmp_path):
    libraries = tmp_path / "usr/lib/x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    (libraries / "libz.so.1").touch()
    program(tmp_path / "bin", 'echo "postgres (PostgreSQL) 18.1 ($LD_LIBRARY_PATH)"')
    [one] = found(tmp_path)
    assert isinstance(one, Programs)
    assert one.variables()["LD_LIBRARY_PATH"] == str(libraries)


def test_whole_tree_runs_by_its_own_loader_in_a_mirror(tmp_path):
    root = tmp_path / "tree"
    # A loader that says what it was asked to do, in place of doing it.
    program(root / "lib64", 'echo "postgres (PostgreSQL) 18.1 [$*]"', "ld-linux-x86-64.so.2")
    folder = root / "usr/lib/postgresql/18/bin"
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_bytes(b"\x7fELF")
        (folder / name).chmod(0o755)
    program(folder, "echo a script", "pg_wrapper")
    (root / "usr/share").mkdir()
    (root / "usr/share/file").touch()

    [one] = found(root)
    assert isinstance(one, Programs)
    assert str(one) == f"local {folder / 'postgres'}"
    mirror = one.installation.server
    assert mirror.is_relative_to(tmp_path / "cache")
    assert mirror.parts[-6:] == (*folder.parts[-5:], "postgres")
    for name in ("postgres", "initdb"):
        text = (mirror.parent / name).read_text()
        assert f'--argv0 "$0" {folder / name} "$@"' in text
    assert (mirror.parent / "pg_wrapper").is_symlink()
    assert (mirror.parents[4] / "share/file").exists()
    assert unpacked.mirrored(root, folder / "postgres", one.account) == mirror
