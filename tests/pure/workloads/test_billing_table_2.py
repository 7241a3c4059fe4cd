"""Exam table 2 as data: it names programs that are run, and tables that exist."""

from schema.billing import metadata
from workloads.billing import table_2


def test_every_program_has_cells_and_is_run(tmp_path):
    assert set(table_2.TITLES) == set(table_2.CERTAIN) == set(table_2.runs(tmp_path))


def test_the_columns_are_the_tables_and_every_cell_is_in_one():
    assert set(table_2.COLUMNS) == set(metadata.tables)
    for cells in table_2.CERTAIN.values():
        assert set(cells) <= set(table_2.COLUMNS)


def test_no_read_is_both_certain_and_taken():
    for program, tables in table_2.TAKEN.items():
        for table in tables:
            assert "R" not in table_2.CERTAIN[program][table]
