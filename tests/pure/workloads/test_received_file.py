"""The file of work results is taken whole or not at all, and each bad line is named."""

from decimal import Decimal

import pytest

from schema.vehicle_maintenance.fixture import NOTIFIED_SCHEDULE, SERVICE_SCHEDULE
from workloads.vehicle_maintenance import day
from workloads.vehicle_maintenance.batch.received_file import (
    COLUMNS,
    Fault,
    ReceivedFileError,
    ReceivedReport,
    WorkItem,
    read_reports,
)

HEAD = ",".join(COLUMNS)
GOOD = dict(
    zip(
        COLUMNS,
        ["W01", "1001", "3", "2024-10-10", "41", "8", "good", "oil", "3.50", "1200", "4200"],
        strict=True,
    )
)


def line(**changes):
    return ",".join({**GOOD, **changes}.values())


def written(folder, *lines):
    path = folder / "received.csv"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def faults(path):
    with pytest.raises(ReceivedFileError) as caught:
        read_reports(path)
    return caught.value.faults


def test_a_good_file_is_read_into_reports(tmp_path):
    service, inspection = read_reports(day.write_received_file(tmp_path))
    assert (service.schedule, inspection.schedule) == (SERVICE_SCHEDULE, NOTIFIED_SCHEDULE)
    assert [item.line_no for item in service.items] == [2, 3]
    assert service.items[0] == WorkItem(
        2, 41, 8, "good", "oil, l", Decimal("3.50"), Decimal(1200), Decimal(4200)
    )


def test_lines_of_one_contractor_and_schedule_are_one_report_wherever_they_stand(tmp_path):
    path = written(tmp_path, HEAD, line(), line(contract_no="1002"), "", line(work_item_no="42"))
    reports = read_reports(path)
    assert all(isinstance(report, ReceivedReport) for report in reports)
    assert [(r.schedule.contract_no, [i.line_no for i in r.items]) for r in reports] == [
        (1001, [2, 5]),
        (1002, [3]),
    ]
    assert [report.line_no for report in reports] == [2, 3]


def test_a_file_with_the_first_line_only_holds_no_report(tmp_path):
    assert read_reports(written(tmp_path, HEAD)) == []


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    path = written(tmp_path, HEAD, line())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_reports(path)) == 1


@pytest.mark.parametrize("first", ["", HEAD.replace("points,", ""), HEAD.upper(), line()])
def test_a_file_that_does_not_name_its_columns_is_refused(tmp_path, first):
    assert faults(written(tmp_path, first, line())) == (
        Fault(1, f"does not name the columns {HEAD}"),
    )


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "empty.csv"
    path.touch()
    assert [fault.line_no for fault in faults(path)] == [1]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"contractor_code": ""}, "contractor_code '': is empty"),
        ({"contractor_code": "W12345678"}, "'W12345678': is longer than 8 characters"),
        ({"contract_no": "0"}, "contract_no '0': is not between 1 and 2147483647"),
        ({"contract_no": "2147483648"}, "is not between 1 and 2147483647"),
        ({"contract_no": "1_000"}, "contract_no '1_000': is not a whole number"),
        ({"order_no": "-1"}, "order_no '-1': is not a whole number"),
        ({"order_no": "１"}, "order_no '１': is not a whole number"),
        ({"planned_start_date": "10/10/2024"}, "is not a date such as 2024-10-15"),
        ({"planned_start_date": "2024-02-30"}, "is not a date such as 2024-10-15"),
        ({"points": "1.5"}, "points '1.5': is not a whole number"),
        ({"result": "x" * 21}, "is longer than 20 characters"),
        ({"work_description": "x" * 201}, "is longer than 200 characters"),
        ({"quantity": "many"}, "quantity 'many': is not a number"),
        ({"quantity": "NaN"}, "quantity 'NaN': is not a number"),
        ({"quantity": "Infinity"}, "quantity 'Infinity': is not a number"),
        ({"quantity": "1e3"}, "quantity '1e3': is not a number"),
        ({"quantity": "1_0"}, "quantity '1_0': is not a number"),
        ({"quantity": "9" * 60}, "has more than 7 digits before the point"),
        ({"quantity": "0." + "0" * 60 + "1"}, "has more than 2 decimal places"),
        ({"contract_no": "9" * 5000}, f"contract_no '{'9' * 40}…': "),
        ({"planned_start_date": "20241010"}, "is not a date such as 2024-10-15"),
        ({"planned_start_date": "2024-W41-4"}, "is not a date such as 2024-10-15"),
        ({"quantity": "1.005"}, "has more than 2 decimal places"),
        ({"quantity": "10000000"}, "has more than 7 digits before the point"),
        ({"unit_price": "0.5"}, "has more than 0 decimal places"),
        ({"amount": "-1"}, "amount '-1': is below 0"),
    ],
)
def test_a_value_that_the_table_could_not_hold_is_named(tmp_path, changes, sentence):
    (fault,) = faults(written(tmp_path, HEAD, line(), line(work_item_no="9", **changes)))
    assert fault.line_no == 3
    assert sentence in fault.sentence


def test_every_bad_line_and_every_bad_value_is_named_at_once(tmp_path):
    path = written(tmp_path, HEAD, line(points="x", amount="y"), "one,two", line())
    assert [fault.line_no for fault in faults(path)] == [2, 2, 3]


def test_a_work_item_told_twice_in_a_report_is_named_with_its_first_line(tmp_path):
    path = written(tmp_path, HEAD, line(), line(contract_no="1002"), line(points="9"))
    assert faults(path) == (Fault(4, "work item 41 of this report stands on line 2 already"),)


def test_a_quotation_that_never_ends_is_named(tmp_path):
    (fault,) = faults(written(tmp_path, HEAD, line(), '"W01' + line()))
    assert fault.sentence.startswith("is not CSV")


def test_bytes_that_are_not_utf_8_are_named(tmp_path):
    path = written(tmp_path, HEAD, line())
    path.write_bytes(path.read_bytes() + "W01,1001,点検".encode("shift_jis"))
    assert any("is not UTF-8" in fault.sentence for fault in faults(path))


def test_a_long_list_of_faults_is_cut_in_the_text_only(tmp_path):
    path = written(tmp_path, HEAD, *["one,two"] * 25)
    with pytest.raises(ReceivedFileError, match="and 5 faults more") as caught:
        read_reports(path)
    assert len(caught.value.faults) == 25
    assert str(caught.value).startswith(f"{path}: 25 lines cannot be taken\n  {path}:2: has 2")


def test_a_file_that_is_not_there_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_reports(tmp_path / "nowhere.csv")
