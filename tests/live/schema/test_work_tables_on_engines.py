"""The work tables are redefined whole, and a night can then begin again, on every engine."""

import pytest
from live.schema.stopping import content
from sqlalchemy import inspect

from schema.vehicle_maintenance import metadata, vehicle, wk1, wk2
from schema.vehicle_maintenance.work_tables import redefine
from workloads.vehicle_maintenance import day
from workloads.vehicle_maintenance.batch.extraction import (
    inspection_extraction,
    shaken_extraction_1,
    shaken_extraction_2,
)

pytestmark = pytest.mark.integration


def extract(connection):
    inspection_extraction(connection, day.INSPECTIONS_DUE)
    shaken_extraction_1(connection, day.SHAKENS_DUE)
    shaken_extraction_2(connection)


def test_both_tables_are_empty_and_the_others_are_untouched(connection):
    before = content(connection)
    connection.commit()
    extract(connection)
    redefine(connection)
    assert not connection.in_transaction()
    assert content(connection) == before


def test_the_extractions_run_again_and_find_the_same(connection):
    extract(connection)
    before = content(connection)
    connection.commit()
    redefine(connection)
    extract(connection)
    assert content(connection) == before


def test_one_table_alone_can_be_redefined(connection):
    extract(connection)
    before = content(connection)
    connection.commit()
    redefine(connection, [wk1])
    assert content(connection) == before | {"wk1": []}


def test_a_table_that_is_away_comes_back(connection):
    wk2.drop(connection)
    connection.commit()
    redefine(connection)
    assert {"wk1", "wk2"} <= set(inspect(connection).get_table_names())
    comments = {c["name"]: c["comment"] for c in inspect(connection).get_columns("wk2")}
    assert comments == {c.name: c.comment for c in metadata.tables["wk2"].columns}


def test_no_other_table_is_dropped(connection):
    with pytest.raises(ValueError, match="table 'vehicle': is no work table"):
        redefine(connection, [wk1, vehicle])
    assert len(content(connection)["vehicle"]) == 4
