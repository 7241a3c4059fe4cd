"""Which engines a command is about: those named, those of the given servers, or all."""

import pytest

from harness.cli import build_parser
from harness.cli.options import asked_engines
from harness.errors import UsageError


def asked(*words: str) -> list[str]:
    arguments = build_parser().parse_args(["reproduce", "problem-2", *words])
    return [engine.name for engine in asked_engines(arguments)]


# Port 1: nobody listens there, so the URL alone tells.
POSTGRESQL = ("--server", "postgresql://me:secret@127.0.0.1:1/bank")
MYSQL = ("--server", "mysql://me:secret@127.0.0.1:1/bank")


@pytest.mark.parametrize(
    ("words", "engines"),
    [
        ((), ["mysql", "mariadb", "postgresql"]),
        (POSTGRESQL, ["postgresql"]),
        (MYSQL, ["mysql", "mariadb"]),
        ((*POSTGRESQL, *MYSQL), ["mysql", "mariadb", "postgresql"]),
        ((*POSTGRESQL, "--engine", "mariadb"), ["mariadb"]),
        ((*POSTGRESQL, "--source", "docker"), ["mysql", "mariadb", "postgresql"]),
    ],
    ids=["nothing", "postgresql", "mysql-or-mariadb", "two-servers", "named", "other-source"],
)
def test_who_gives_a_server_asks_about_its_engine(words, engines) -> None:
    assert asked(*words) == engines


def test_a_server_in_the_environment_is_one_beside_the_others(monkeypatch) -> None:
    monkeypatch.setenv("HARNESS_SERVER", POSTGRESQL[1])
    assert asked() == ["mysql", "mariadb", "postgresql"]


def test_a_url_that_is_none_is_refused_without_being_told_again() -> None:
    with pytest.raises(UsageError) as refused:
        asked("--server", "secret words")
    assert refused.value.message == "given URL: malformed"
