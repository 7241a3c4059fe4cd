"""Exam table 4 as data: it spells the letters of the source, and names programs that exist."""

import pytest

from schema.vehicle_maintenance import metadata
from workloads.vehicle_maintenance import day, table_4

PROGRAMS = list(table_4.TITLES)
each_program = pytest.mark.parametrize("program", PROGRAMS)


@each_program
def test_cells_from_left_to_right_spell_the_letters_of_the_source(program):
    assert "".join(table_4.table_4(program).values()) == table_4.PRESCRIBED[program]


def test_there_are_fourteen_programs_and_the_day_runs_each(tmp_path):
    assert len(PROGRAMS) == 14
    assert set(PROGRAMS) == set(table_4.PRESCRIBED) == set(table_4.CERTAIN)
    assert set(day.runs(tmp_path)) == set(PROGRAMS)


def test_the_columns_are_the_tables_beside_the_batch_programs_own():
    assert {*table_4.COLUMNS, "batch_run"} == set(metadata.tables)


@each_program
def test_every_write_is_certain(program):
    for table, letters in table_4.table_4(program).items():
        certain = set(table_4.CERTAIN[program].get(table, ""))
        assert set(letters) - certain <= {"R"}


def test_no_read_is_both_certain_and_taken():
    for program, tables in table_4.TAKEN.items():
        for table in tables:
            assert "R" not in table_4.CERTAIN[program].get(table, "")


def test_what_the_exam_does_not_show_is_not_in_its_table():
    for program, cells in table_4.BEYOND.items():
        assert not set(cells) & set(table_4.table_4(program))
