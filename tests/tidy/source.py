"""Source text as the tidy rules see it: a path, a text, and what it imports and calls.

Terms: a *rule* is a function from a `Source` to *complaints*; it never looks at a disk, so that
a test can show it a broken text. Paths are relative to the project, with forward slashes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST_PYTHON = (3, 11)
PACKAGES = ("harness/", "schema/", "workloads/")
PYTHON_FOLDERS = ("harness", "schema", "workloads", "tests", "benchmarks", "docker")
NOT_OURS = frozenset({".git", "runs", "build", "dist", "__pycache__"})


@dataclass(frozen=True)
class Complaint:
    """What is wrong, and where."""

    path: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed text; empty where `syntax_error` says why."""
        try:
            return ast.parse(self.text, filename=self.path, feature_version=OLDEST_PYTHON)
        except SyntaxError:
            return ast.Module(body=[], type_ignores=[])

    @cached_property
    def syntax_error(self) -> SyntaxError | None:
        """Why the oldest Python that we promise cannot read this."""
        try:
            ast.parse(self.text, filename=self.path, feature_version=OLDEST_PYTHON)
        except SyntaxError as error:
            return error
        return None

    def complain(self, line: int, sentence: str) -> Complaint:
        return Complaint(self.path, line, sentence)

    def is_inside(self, *folders: str) -> bool:
        return self.path.startswith(folders)

    def imports(self) -> Iterator[tuple[int, str]]:
        """Everything imported, as dotted names: `from os import kill` is 'os.kill'."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
            elif isinstance(node, ast.Call) and (name := _imported_by_call(node)):
                yield node.lineno, name

    def uses(self) -> Iterator[tuple[int, str]]:
        """The imports, and attributes reached through them: `o.kill` after `import os as o`."""
        yield from self.imports()
        known = dict(self._local_names())
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and (dotted := _dotted(node)):
                head, _, rest = dotted.partition(".")
                if head in known:
                    yield node.lineno, f"{known[head]}.{rest}"

    def _local_names(self) -> Iterator[tuple[str, str]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    whole = alias.name if alias.asname else alias.name.partition(".")[0]
                    yield alias.asname or whole, whole
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield alias.asname or alias.name, f"{node.module}.{alias.name}"


Rule = Callable[[Source], Iterator[Complaint]]


def _imported_by_call(node: ast.Call) -> str:
    """The module named by `import_module("x")` or `__import__("x")`; empty for other calls."""
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name not in {"import_module", "__import__"} or not node.args:
        return ""
    first = node.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def is_part_of(name: str, *modules: str) -> bool:
    """Whether a dotted name is one of the modules or lives in one of them."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def python_sources() -> list[Source]:
    """Every Python file of the project."""
    paths = sorted(
        path
        for folder in PYTHON_FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "__pycache__" not in path.parts
    )
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in paths
    ]


def project_files() -> list[Path]:
    """Every file that is ours: neither made by a tool nor by the harness."""
    return sorted(_ours(ROOT))


def _ours(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        made_by_tool = path.name.startswith(".venv") or path.name.endswith((".egg-info", "_cache"))
        if path.name in NOT_OURS or made_by_tool or path.name == ".hypothesis":
            continue
        if path.is_dir():
            yield from _ours(path)
        elif path.is_file():
            yield path
