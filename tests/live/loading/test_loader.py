"""Data loaded into real servers: all of it, the same on all, and refused where it cannot be."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, Numeric, String, Table, text

from harness.engines import ENGINES
from harness.errors import Refused, ServerError
from harness.loading.loader import driver_connection, load, opened, read_digests
from harness.servers import asking
from schema.dialect import TABLE_OPTIONS, TIMESTAMP
from schema.vehicle_maintenance.generator import generate

pytestmark = pytest.mark.integration

BUSINESS = generate(0.001, 5, date(2024, 10, 15))

# What every engine has said of this business; a generator that draws otherwise shows here.
VEHICLES = "fa1b8002ead5995a"
PROGRESS = "5eade703896b17c3"


class Handmade:
    """Rows of one table, in one block."""

    blocks = 1

    def __init__(self, *rows, columns=None):
        self.metadata = MetaData()
        Table("thing", self.metadata, *(columns or some_columns()), **TABLE_OPTIONS)
        self._rows = list(rows)

    def rows(self):
        yield {"thing": self._rows}


def some_columns():
    return [
        Column("thing_no", Integer, primary_key=True, autoincrement=False),
        Column("name", String(20)),
        Column("price", Numeric(9, 2)),
        Column("made_on", Date),
        Column("seen_at", TIMESTAMP),
    ]


def nobody(_blocks, _rows):
    """Watches nothing."""


def loaded_into(database, generated):
    return load(ENGINES[database.kind], database.url, generated, nobody)


def test_every_table_holds_what_was_sent_and_the_same_on_every_engine(filled):
    seen = []
    kind = ENGINES[filled.kind]
    loaded = load(kind, filled.url, BUSINESS, lambda blocks, rows: seen.append((blocks, rows)))
    assert loaded.held == loaded.sent
    assert seen == [(1, sum(digest.rows for digest in loaded.sent.values()))]
    assert (str(loaded.held["vehicle"]), str(loaded.held["progress"])) == (VEHICLES, PROGRESS)


def test_texts_arrive_as_they_are(filled):
    seen_at = datetime.fromisoformat("2024-10-15 11:40:00.000007")
    rows = [
        (1, "tab\tline\nback\\slash\r", Decimal("0.5"), date(2024, 2, 29), seen_at),
        (2, "車検 ", Decimal(-3), None, None),
        (3, "", None, date(9999, 12, 31), seen_at.replace(microsecond=0)),
        (4, None, None, None, None),
        (5, r"\N", None, None, None),
    ]
    loaded = loaded_into(filled, Handmade(*rows))
    assert loaded.held == loaded.sent
    with filled.engine.connect() as connection:
        found = connection.execute(text("SELECT * FROM thing ORDER BY thing_no")).all()
    assert [tuple(row) for row in found] == rows


def test_a_row_changed_afterwards_shows_in_its_table_only(filled):
    loaded = loaded_into(filled, BUSINESS)
    with filled.engine.begin() as connection:
        connection.execute(text("UPDATE vehicle SET seating_capacity = 9 WHERE vehicle_no = 1"))
    _, held = read_digests(ENGINES[filled.kind], filled.url, BUSINESS.metadata)
    assert [name for name in held if held[name] != loaded.sent[name]] == ["vehicle"]


def test_a_row_lost_afterwards_shows(filled):
    loaded = loaded_into(filled, BUSINESS)
    with filled.engine.begin() as connection:
        connection.execute(text("DELETE FROM customer_report WHERE report_line_no = 1"))
    _, held = read_digests(ENGINES[filled.kind], filled.url, BUSINESS.metadata)
    assert held["customer_report"].rows < loaded.sent["customer_report"].rows


@pytest.mark.parametrize(
    "rows",
    [
        [(1, "a", None, None, None), (1, "b", None, None, None)],
        [(1, "more than twenty characters", None, None, None)],
        [(None, "a", None, None, None)],
    ],
    ids=["a key twice", "too long", "no key"],
)
def test_a_row_that_the_server_would_skip_or_change_is_an_error(filled, rows):
    with pytest.raises(ServerError, match=f"{filled.kind}: .*(refused|did not take all rows)"):
        loaded_into(filled, Handmade(*rows))


def test_a_row_without_the_row_it_refers_to_is_an_error(filled, tmp_path):
    """The server checks foreign keys while it loads."""
    loaded_into(filled, BUSINESS)
    kind, path = ENGINES[filled.kind], tmp_path / "rows.tsv"
    Path(path).write_bytes(b"999999\t1\t1\n")
    columns = ["contract_no", "planned_points", "actual_points"]
    with opened(kind, filled.url) as database, driver_connection(database) as connection:
        with pytest.raises(Exception, match="fk_inspection_sheet_contract"):
            kind.loading.load(connection, "inspection_sheet", columns, path)
        connection.rollback()


def test_tables_that_are_there_are_refused_and_left_alone(filled):
    loaded_into(filled, Handmade((1, "a", None, None, None)))
    with pytest.raises(Refused) as caught:
        loaded_into(filled, Handmade((2, "b", None, None, None)))
    assert caught.value.explain() == (
        f"{filled.kind}: the database has 1 of the tables already: thing\n"
        "  hint: give an empty database: data are loaded into new tables only"
    )
    with filled.engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM thing")).scalars().all() == ["a"]


def test_digests_of_tables_that_are_not_there_are_unknown(filled):
    with pytest.raises(ServerError, match="the database has no table") as caught:
        read_digests(ENGINES[filled.kind], filled.url, BUSINESS.metadata)
    assert caught.value.exit_status == 2


@pytest.mark.engines("mysql", "mariadb")
def test_a_server_that_takes_no_files_says_how_it_would(filled):
    kind = ENGINES[filled.kind]
    asking.tell(kind, filled.url, ["SET GLOBAL local_infile = OFF"])
    try:
        with pytest.raises(Refused) as caught:
            loaded_into(filled, BUSINESS)
    finally:
        asking.tell(kind, filled.url, ["SET GLOBAL local_infile = ON"])
    assert caught.value.explain() == (
        f"{filled.kind}: the server takes no files: its variable local_infile is OFF\n"
        "  hint: SET GLOBAL local_infile = ON allows it"
    )


def test_a_server_of_another_engine_is_told_apart(filled):
    other = {"mysql": "mariadb", "mariadb": "mysql"}.get(filled.kind)
    if other is None:
        pytest.skip("no other engine speaks its protocol")
    url = filled.url.set(drivername=ENGINES[other].driver)
    if filled.kind == "mysql":  # that dialect refuses a server of the other maker by itself
        pytest.skip("its dialect connects to no other maker's server")
    assert read_digests(ENGINES[other], url, BUSINESS.metadata) is None
