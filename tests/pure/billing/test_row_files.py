"""Files of rows that stay: a whole one is believed, a damaged one is refused whole, by its line."""

import pytest

from harness.loading.digest import Digest
from harness.loading.lines import Lines
from harness.loading.row_file import file_digest
from schema.billing import bill, bill_line
from schema.billing.fixture import rows
from workloads.billing.replacement.rows import (
    DamagedFileError,
    Note,
    RowFile,
    forget_note,
    read_note,
    see_whole,
    write_note,
)


@pytest.fixture
def file(tmp_path):
    lines = Lines(bill)
    path = tmp_path / "bill.tsv"
    path.write_bytes(lines.of([tuple(row.values()) for row in rows()["bill"]]))
    return RowFile(bill, path, Digest(lines.rows, lines.total))


def test_a_file_as_it_was_written_is_whole_and_has_the_digest_of_its_rows(file):
    assert file_digest(file.path) == file.digest
    see_whole(file)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("2\t2\t2024-09-07", "2\t2", "bill.tsv: line 2: has 5 values, not 6"),
        (
            "2\t2\t2024-09-07",
            "2\t2\t2024-09-97",
            "bill.tsv: line 2: billed_date is '2024-09-97', which is no date",
        ),
        (
            "3\t3\t2024",
            "x3\t3\t2024",
            "bill.tsv: line 3: bill_no is 'x3', which is no number",
        ),
        (
            "3\t3\t2024-09-14\t2",
            "3\t3\t2024-09-14\t\\N",
            "bill.tsv: line 3: line_count is '\\\\N', which is no number",
        ),
        ("\\N\n", "\\N", "has no end; the file was cut"),
    ],
    ids=["a value less", "no such day", "no number", "empty where it may not be", "cut"],
)
def test_a_line_that_is_no_row_is_told_by_its_number(file, old, new, says):
    text = file.path.read_text()
    changed = text.replace(old, new, 1) if new != "\\N" else text[:-1]
    file.path.write_text(changed)
    with pytest.raises(DamagedFileError) as told:
        see_whole(file)
    assert says in str(told.value)
    assert "nothing was loaded" in told.value.hints[0]


def test_a_value_that_is_another_one_is_told_by_the_digest(file):
    file.path.write_text(file.path.read_text().replace("2024-09-14", "2024-09-15"))
    with pytest.raises(DamagedFileError, match="written were 8 with"):
        see_whole(file)


def test_a_file_that_is_gone_or_is_no_text_is_told(file):
    file.path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(DamagedFileError, match="is no text"):
        see_whole(file)
    file.path.unlink()
    with pytest.raises(DamagedFileError, match="is not there"):
        see_whole(file)


def test_a_note_survives_writing_and_reading_and_can_be_forgotten(file, tmp_path):
    lines = tmp_path / "bill_line.tsv"
    lines.write_bytes(b"")
    note = Note([file, RowFile(bill_line, lines, Digest(0, 0))], 17)
    assert read_note(tmp_path, [bill, bill_line]) is None
    write_note(tmp_path, note)
    assert read_note(tmp_path, [bill, bill_line]) == note
    forget_note(tmp_path)
    forget_note(tmp_path)
    assert read_note(tmp_path, [bill, bill_line]) is None
