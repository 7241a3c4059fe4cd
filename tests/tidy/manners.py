"""Rules about the form of a file: its size and name, its docstrings, what it catches."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tidy.source import PACKAGES, Complaint, Source

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60
NAMES_OF_NOTHING = re.compile(r"(^|_)(utils?|helpers?|commons?|misc|managers?)(_|$)")
BROAD = frozenset({"Exception", "BaseException"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def oldest_python_can_read_it(source: Source) -> Iterator[Complaint]:
    """Every file is Python 3.11, the oldest that pyproject.toml promises."""
    if (error := source.syntax_error) is not None:
        yield source.complain(error.lineno or 1, f"not Python 3.11: {error.msg}")


def files_fit_in_a_head(source: Source) -> Iterator[Complaint]:
    """A file longer than 400 lines is two nouns."""
    lines = len(source.text.splitlines())
    if lines > LINES_OF_A_FILE:
        yield source.complain(lines, f"{lines} lines; at most {LINES_OF_A_FILE}")


def functions_fit_on_a_screen(source: Source) -> Iterator[Complaint]:
    """A function has at most 60 lines, its docstring included."""
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LINES_OF_A_FUNCTION:
                sentence = f"{node.name}() has {lines} lines; at most {LINES_OF_A_FUNCTION}"
                yield source.complain(node.lineno, sentence)


def files_are_nouns(source: Source) -> Iterator[Complaint]:
    """A file is named after what it holds; 'utils' holds anything."""
    for part in source.path.removesuffix(".py").split("/"):
        if NAMES_OF_NOTHING.search(part):
            yield source.complain(1, f"'{part}' names nothing; what does it hold?")


def public_names_are_explained(source: Source) -> Iterator[Complaint]:
    """Every module, public class, public function and public method has a docstring.

    A method may do without in two cases: its body is one statement, which explains itself, or
    it overrides one that is explained.
    """
    if not source.is_inside(*PACKAGES) or source.syntax_error:
        return
    if source.text.strip() and ast.get_docstring(source.tree) is None:
        yield source.complain(1, "the module has no docstring")
    yield from _unexplained(source, source.tree)


def _unexplained(source: Source, parent: ast.Module | ast.ClassDef) -> Iterator[Complaint]:
    for node in parent.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None and not _explains_itself(node, parent):
            yield source.complain(node.lineno, f"'{node.name}' has no docstring")
        if isinstance(node, ast.ClassDef):
            yield from _unexplained(source, node)


def _explains_itself(node: Function | ast.ClassDef, parent: ast.AST) -> bool:
    if isinstance(node, ast.ClassDef):
        return False
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    if decorators & {"override", "overload", "setter", "deleter"}:
        return True
    one_statement = len(node.body) == 1 and not isinstance(
        node.body[0], ast.If | ast.For | ast.While | ast.With | ast.Try | ast.Match
    )
    return isinstance(parent, ast.ClassDef) and one_statement


def nothing_is_swallowed(source: Source) -> Iterator[Complaint]:
    """No bare except and no `except Exception`, except to raise again at the end."""
    if not source.is_inside(*PACKAGES):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
            if not isinstance(node.body[-1], ast.Raise):
                caught = "everything" if node.type is None else ast.unparse(node.type)
                yield source.complain(node.lineno, f"catches {caught} and does not raise it again")
        elif isinstance(node, ast.Call) and _suppresses_broadly(node):
            yield source.complain(node.lineno, f"{ast.unparse(node)} swallows bugs")


def no_reader_of_stderr_is_relied_on(source: Source) -> Iterator[Complaint]:
    """Nothing is printed on stderr by itself: who read it may have left, and the result stays."""
    if not source.is_inside(*PACKAGES):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and any(map(_is_stderr, node.keywords)):
            yield source.complain(node.lineno, "say_beside() and console() print on stderr")


def _is_stderr(keyword: ast.keyword) -> bool:
    return keyword.arg == "file" and ast.unparse(keyword.value) in {"sys.stderr", "stderr"}


def _suppresses_broadly(node: ast.Call) -> bool:
    return ast.unparse(node.func).endswith("suppress") and any(map(_is_broad, node.args))


def _is_broad(caught: ast.expr | None) -> bool:
    match caught:
        case None:
            return True
        case ast.Tuple(elts=kinds):
            return any(_is_broad(kind) for kind in kinds)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in BROAD
        case _:
            return False
