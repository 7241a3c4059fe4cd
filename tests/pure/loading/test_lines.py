"""Lines of files and their digests; verdicts over them."""

import random
from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
)

from harness.checks.verdict import Verdict
from harness.engines import ENGINES
from harness.errors import UsageError
from harness.loading.digest import Digest, digest_query
from harness.loading.lines import Lines
from harness.loading.report import Answer, Answers

THING = Table(
    "thing",
    MetaData(),
    Column("thing_no", Integer, primary_key=True),
    Column("name", String(20)),
    Column("price", Numeric(9, 2)),
    Column("made_on", Date),
    Column("seen_at", DateTime),
)
ROWS = [
    (
        1,
        "a\tb\\c\nd\re",
        Decimal("1.5"),
        date(2024, 2, 29),
        datetime.fromisoformat("2024-02-29 09:05"),
    ),
    (2, "", None, None, datetime.fromisoformat("2024-01-01 00:00:00.000007")),
    (3, "車検", Decimal(7), date(987, 6, 5), None),
]


def digest_of(rows):
    lines = Lines(THING)
    lines.of(rows)
    return Digest(lines.rows, lines.total)


def test_a_row_is_one_line_of_the_text_format():
    assert Lines(THING).of(ROWS).decode() == (
        "1\ta\\tb\\\\c\\nd\\re\t1.50\t2024-02-29\t2024-02-29 09:05:00.000000\n"
        "2\t\t\\N\t\\N\t2024-01-01 00:00:00.000007\n"
        "3\t車検\t7.00\t0987-06-05\t\\N\n"
    )


def test_no_rows_are_no_lines():
    assert Lines(THING).of([]) == b""


def test_a_row_with_a_value_too_few_is_a_bug():
    with pytest.raises(ValueError, match="shorter"):
        Lines(THING).of([(1, "a")])


def test_the_digest_does_not_depend_on_the_order_or_the_portions():
    shuffled = random.Random(1).sample(ROWS, len(ROWS))
    portions = Lines(THING)
    for row in shuffled:
        portions.of([row])
    assert digest_of(ROWS) == digest_of(shuffled) == Digest(portions.rows, portions.total)


@pytest.mark.parametrize(
    "other",
    [
        ROWS[:2],
        [*ROWS, ROWS[0]],
        [ROWS[0], (2, None, None, None, ROWS[1][4]), ROWS[2]],
        [ROWS[0], ROWS[1], (3, "車検 ", *ROWS[2][2:])],
    ],
    ids=["a row less", "a row twice", "NULL for an empty text", "a blank more"],
)
def test_other_rows_have_another_digest(other):
    assert digest_of(other) != digest_of(ROWS)


@pytest.mark.parametrize("unfit", [Float(), JSON(), Numeric(asdecimal=False)])
def test_a_type_whose_text_differs_between_engines_is_refused(unfit):
    table = Table("odd", MetaData(), Column("odd", unfit))
    with pytest.raises(UsageError, match="has no text that is the same on all engines"):
        Lines(table)
    for engine in ENGINES.values():
        with pytest.raises(UsageError):
            digest_query(engine, table)


def answer(held, sent=None):
    return Answer(ENGINES["mysql"], "9.7.4", "docker", held, sent)


FULL, EMPTY, OTHER = Digest(3, 77), Digest(0, 0), Digest(3, 78)


@pytest.mark.parametrize(
    ("held", "sent", "verdict"),
    [
        ({"a": FULL}, {"a": FULL}, Verdict.HOLDS),
        ({"a": FULL, "b": EMPTY}, {"a": FULL, "b": EMPTY}, Verdict.HOLDS),
        ({"a": OTHER}, {"a": FULL}, Verdict.VIOLATED),
        ({"a": EMPTY}, {"a": FULL}, Verdict.VIOLATED),
        ({"a": FULL}, {"a": FULL, "b": FULL}, Verdict.VIOLATED),
        ({"a": FULL}, None, Verdict.HOLDS),
        ({"a": EMPTY}, {"a": EMPTY}, Verdict.UNKNOWN),
        ({"a": EMPTY}, None, Verdict.UNKNOWN),
    ],
)
def test_verdict_of_one_engine(held, sent, verdict):
    assert answer(held, sent).verdict is verdict


def test_verdict_of_several_engines():
    assert Answers("", []).verdict is Verdict.UNKNOWN
    assert Answers("", [answer({"a": FULL}), answer({"a": FULL})]).verdict is Verdict.HOLDS
    differing = Answers("", [answer({"a": FULL}), answer({"a": OTHER})])
    assert differing.verdict is Verdict.VIOLATED
    assert differing.differing == ["a"]
