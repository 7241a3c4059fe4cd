"""No file says on whose machine, from which host or in which meeting it was made.

Such a word is true for one reader on one day. The patterns and texts below are written so that
this file keeps its own rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tidy.source import ROOT, project_files

# Documentation that a comment may cite, and names that mean no machine (RFC 2606).
CITED = frozenset(
    {
        "dev.mysql.com",
        "mariadb.com",
        "www.postgresql.org",
        "docs.sqlalchemy.org",
        "www.apache.org",
        "www.w3.org",
        "localhost",
        "127.0.0.1",
        "example.com",
        "example.org",
    }
)
HOST = re.compile(r"\b(?:https?|ftp|git|ssh)://(?:[^\s/@\"']*@)?(?P<host>[A-Za-z0-9.-]+)")
PLACES = re.compile(
    r"(?<![\w.~$}-])/(?:root|work|home/\w+|Users/\w+|mnt/\w+|opt/(?:pypi|wheels)[\w-]*)(?![\w-])"
    r"|\b(?:pypi\.org|pythonhosted\.org)\b"
)
MEETINGS = re.compile(
    r"\b(?:issue|ticket|pull request|PR|GH-?) ?#?\d+\b"
    r"|\b(?:TO[D]O|FIX[M]E|X[X]X|HAC[K])\b"
    r"|\b[Tt]he (?:lead|brief)\b"
)


def strange_words(text: str) -> Iterator[str]:
    """The words of a text that belong to one place or one day."""
    for found in HOST.finditer(text):
        host = found["host"].lower()
        if host not in CITED and not host.endswith(".invalid"):
            yield found[0]
    for pattern in (PLACES, MEETINGS):
        yield from (found[0] for found in pattern.finditer(text))


def lines_with_strange_words(path: Path) -> Iterator[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return  # not a text
    for number, line in enumerate(lines, start=1):
        for word in strange_words(line):
            yield f"{path.relative_to(ROOT)}:{number}: {word}"


def test_no_file_names_a_machine_a_host_or_a_meeting() -> None:
    found = [line for path in project_files() for line in lines_with_strange_words(path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "see /ro" + "ot/notes.txt",
        "'/wo" + "rk/main'",
        "cd /ho" + "me/somebody",
        "from py" + "pi.org",
        "https:" + "//mirror.internal/simple",
        "git:" + "//user@host.internal/x",
        "as in iss" + "ue #12",
        "# TO" + "DO later",
        "as the le" + "ad wished",
    ],
)
def test_strange_word_is_found(text: str) -> None:
    assert list(strange_words(text))


@pytest.mark.parametrize(
    "text",
    [
        "https://dev.mysql.com/doc/refman/9.7/en/innodb-locking.html",
        "postgresql://127.0.0.1:5432/bank",
        "framework/work/home, ~/work, $HOME/root",
        "the issue is that 12 rows wait; work leads home; /workloads",
        "/rootless and /work-item",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert not list(strange_words(text))
