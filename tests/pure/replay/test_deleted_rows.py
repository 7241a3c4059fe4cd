"""Rows that a batch program deletes: a column where there are any."""

from pure.replay.test_report import result, rows  # noqa: F401 - a fixture

from harness.replay.day import RowCounts


def test_deleted_rows_have_a_column_only_where_there_are_some(result):  # noqa: F811
    head = next(row for row in rows(result) if row[:2] == ["batch", "program"])
    assert "deleted" not in head
    result.replayed.jobs[0]["deleted"] = 7
    result.day.expected_rows["count"] = RowCounts(100, 40, 30)  # and the scale is a half
    head = next(row for row in rows(result) if row[:2] == ["batch", "program"])
    assert head[-5:] == ["deleted", "expected", "retries", "log", "bytes"]
    found = ["count", "(2", "jobs)", "committed", "1.0", "3.00", "6", "50", "0", "20"]
    assert [*found, "7", "15", "0", "-"] in rows(result)
