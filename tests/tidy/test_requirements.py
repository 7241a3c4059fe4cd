"""What is installed is locked, hashed, from nowhere in particular, and each has its reason."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tidy.source import ROOT, Source, python_sources

OWN = ("harness", "schema", "workloads", "tidy")

LOCKED = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)(?P<rest>[^\n]*\n( +--hash[^\n]*\n)*)",
    re.MULTILINE,
)
PLACE = re.compile(r"://|^\s*--?(?!hash=)[a-z]|\bfile:|@", re.MULTILINE)  # fmt: skip


def faults(lock: str) -> list[str]:
    """Packages without a hash, and lines that name a place to install from."""
    bare = [
        entry["name"] for entry in LOCKED.finditer(lock) if "--hash=sha256:" not in entry["rest"]
    ]
    return [*bare, *(lock[place.start() :].split("\n", 1)[0] for place in PLACE.finditer(lock))]


@pytest.fixture(scope="module")
def lock() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def direct() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    texts = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    return [Requirement(text) for text in [*texts, *(one for extra in extras for one in extra)]]


def test_lock_has_a_hash_for_everything_and_names_no_place(lock: str) -> None:
    assert len(LOCKED.findall(lock)) > 20
    assert not faults(lock)


@pytest.mark.parametrize(
    "broken",
    [
        "pytest==9.0\n    # via harness\n",
        "--index-url https://example.org/simple\n",
        "--find-links wheels\n",
        "pytest @ file:///wheels/pytest.whl\n",
        "-e .\n",
    ],
)
def test_lock_without_a_hash_or_with_a_place_is_found(broken: str) -> None:
    sound = "rich==14.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n    # via harness\n"
    assert not faults(sound)
    assert faults(sound + broken)


def test_lock_is_in_step_with_the_project(lock: str, direct: list[Requirement]) -> None:
    locked = {entry["name"]: entry["version"] for entry in LOCKED.finditer(lock)}
    for requirement in direct:
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not locked; docs/decisions.md says how to lock"
        assert requirement.specifier.contains(version), f"{requirement} is locked as {version}"


def test_every_dependency_has_its_reason(direct: list[Requirement]) -> None:
    decisions = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    for requirement in direct:
        assert f"`{requirement.name}`" in decisions, f"why {requirement.name}?"


def undeclared(sources: list[Source], declared: set[str]) -> list[str]:
    """Imports of packages that come only because another package needs them."""
    known = packages_distributions()
    return [
        f"{source.path}:{line}: {name}"
        for source in sources
        for line, name in source.imports()
        if (top := name.partition(".")[0]) not in {*sys.stdlib_module_names, *OWN, *beside(source)}
        if not declared & {canonicalize_name(one) for one in known.get(top, ())}
    ]


def beside(source: Source) -> set[str]:
    """Modules and folders of the tests and benchmarks, and those in the file's own folder."""
    if source.path.startswith(("harness/", "schema/", "workloads/")):
        return set()
    folders = (ROOT / source.path).parent, ROOT / "tests"
    return {found.stem for folder in folders if folder.is_dir() for found in folder.iterdir()}


def test_every_import_is_of_a_declared_dependency(direct: list[Requirement]) -> None:
    declared = {canonicalize_name(requirement.name) for requirement in direct}
    assert not undeclared(python_sources(), declared)


def test_undeclared_import_is_found() -> None:
    text = "import pytest, os, harness.clock\nimport pluggy.hooks\n"
    assert undeclared([Source("harness/x.py", text)], {"pytest"}) == [
        "harness/x.py:2: pluggy.hooks"
    ]


def test_every_suppressed_warning_and_lint_rule_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    exceptions = re.findall(r'^    "(?:[A-Z]+[0-9]*|ignore:.*)",.*$', text, re.MULTILINE)
    lone = [line for line in exceptions if line.count(",") == 1]
    assert len(lone) > 10
    assert not [line for line in lone if not re.search(r"# \w+ \w+", line)]
