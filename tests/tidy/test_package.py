"""What is installed elsewhere is whole: entry points lead somewhere, no file is missing."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
import zipfile

import pytest
from tidy.source import PACKAGES, ROOT, project_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENTRIES = {
    f"{group}: {name}": target
    for group, entries in [("scripts", PROJECT["scripts"]), *PROJECT["entry-points"].items()]
    for name, target in entries.items()
}


@pytest.mark.parametrize("target", ENTRIES.values(), ids=ENTRIES.keys())
def test_entry_point_leads_somewhere(target: str) -> None:
    module, _, attribute = target.partition(":")
    found = importlib.import_module(module)
    assert not attribute or hasattr(found, attribute)


def test_front_page_is_part_of_the_package() -> None:
    assert PROJECT.get("readme") == "README.md"


def test_pytest_finds_the_plugin() -> None:
    assert ENTRIES.get("pytest11: harness") == "harness.pytest_plugin"


@pytest.mark.parametrize("package", PACKAGES)
def test_package_says_that_it_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


def test_wheel_has_every_file_of_the_packages(tmp_path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    ours = {path.relative_to(ROOT).as_posix() for path in project_files()}
    assert {path for path in ours if path.startswith(PACKAGES)} <= inside
    assert any(path.endswith("/licenses/LICENSE") for path in inside)
