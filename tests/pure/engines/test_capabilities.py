import pytest

from harness.engines import ENGINES


@pytest.mark.parametrize(
    ("engine", "version", "refuses"),
    [
        ("mysql", "9.7.4", False),
        ("mariadb", "10.11.6-MariaDB", False),
        ("mariadb", "11.8.0-MariaDB", True),
        ("mariadb", "12.1.2-MariaDB", True),
        ("postgresql", "15.1", True),
    ],
)
def test_who_refuses_stale_writes(engine, version, refuses):
    assert ENGINES[engine].can("refuses stale writes", version) is refuses


def test_every_engine_answers_for_every_capability_with_a_sentence():
    names = {frozenset(engine.capabilities) for engine in ENGINES.values()}
    assert len(names) == 1
    for engine in ENGINES.values():
        for capability in engine.capabilities.values():
            assert len(capability.sentence.split()) > 4


def test_an_unknown_capability_is_a_bug():
    with pytest.raises(KeyError):
        ENGINES["mysql"].can("flies", "9.7.4")
