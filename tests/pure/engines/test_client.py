"""Values as each engine's client takes them, and what cannot be written."""

from datetime import date
from decimal import Decimal

import pytest

from harness.engines import ENGINES, Isolation

QUOTED = {
    "mysql": r"'it\'s \\ 口座'",
    "mariadb": r"'it\'s \\ 口座'",
    "postgresql": r"E'it''s \\ 口座'",
}


@pytest.fixture(params=ENGINES)
def engine(request):
    return ENGINES[request.param]


def test_a_text_is_quoted_as_its_driver_quotes_it(engine):
    assert engine.client.literal("it's \\ 口座") == QUOTED[engine.name]


@pytest.mark.parametrize(("value", "text"), [(None, "NULL"), (5, "5"), (Decimal("1.50"), "1.50")])
def test_numbers_and_nothing_stand_as_they_are(engine, value, text):
    assert engine.client.literal(value) == text


def test_a_date_is_a_date(engine):
    assert engine.client.literal(date(2024, 10, 15)).startswith("'2024-10-15'")


def test_what_the_driver_does_not_know_cannot_be_written(engine):
    with pytest.raises(TypeError):
        engine.client.literal({"a": 1})


def test_a_client_is_told_the_level_and_the_database(engine):
    assert engine.client.isolation(Isolation.REPEATABLE_READ).endswith("REPEATABLE READ")
    assert engine.client.connect("bank")[-1] == "bank"
