"""The ledger keeps what it was told, through crashes of its writer."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.jobs.ledger import Entry, Event, Ledger, LedgerError, read_ledger

TIMES = st.datetimes(timezones=st.just(UTC))


@given(
    st.builds(
        Entry,
        st.integers(1),
        TIMES,
        st.sampled_from(Event),
        st.text(st.characters(codec="utf-8")),
        st.integers(0),
        st.text(st.characters(codec="utf-8")),
    )
)
def test_every_entry_survives_its_line(entry):
    assert "\n" not in entry.line()
    assert Entry.parse(entry.line()) == entry


def test_entries_are_read_back_and_gone_on_with(tmp_path):
    path = tmp_path / "ledger.jsonl"
    with Ledger(path) as ledger:
        ledger.record(Event.STARTED, "a")
        ledger.record(Event.COMMITTED, "a", unit=1)
    with Ledger(path) as ledger:
        assert [entry.event for entry in ledger.entries] == [Event.STARTED, Event.COMMITTED]
        ledger.record(Event.ENDED, "a", detail="完了")
    found = read_ledger(path)
    assert [(e.no, e.event, e.unit, e.detail) for e in found] == [
        (1, Event.STARTED, 0, ""),
        (2, Event.COMMITTED, 1, ""),
        (3, Event.ENDED, 0, "完了"),
    ]


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_line_that_a_crash_cut_off_is_passed_over_and_then_removed(tmp_path, cut):
    path = tmp_path / "ledger.jsonl"
    with Ledger(path) as ledger:
        ledger.record(Event.STARTED, "a")
        ledger.record(Event.ENDED, "a")
    os.truncate(path, path.stat().st_size - cut)
    assert [entry.event for entry in read_ledger(path)] == [Event.STARTED]
    with Ledger(path) as ledger:
        ledger.record(Event.FAILED, "a")
    assert [entry.event for entry in read_ledger(path)] == [Event.STARTED, Event.FAILED]


def test_an_entry_is_told_once_it_is_in_the_file(tmp_path):
    path = tmp_path / "ledger.jsonl"
    seen = []
    with Ledger(path, lambda entry: seen.append(read_ledger(path)[-1] == entry)) as ledger:
        ledger.record(Event.STARTED, "a")
    assert seen == [True]


def test_threads_do_not_mix_their_lines(tmp_path):
    path = tmp_path / "ledger.jsonl"
    with Ledger(path) as ledger:

        def write(name):
            for unit in range(20):
                ledger.record(Event.COMMITTED, name, unit=unit)

        threads = [Thread(target=write, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(read_ledger(path)) == 80


def whole_line(no):
    return Entry(no, datetime.now(UTC), Event.STARTED, "a").line()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["no json"], "line 1 is no entry"),
        (['{"no": 1}'], "line 1 is no entry"),
        ([whole_line(1), whole_line(3)], "line 2 has number 3"),
        ([whole_line(1).replace("started", "begun")], "line 1 is no entry"),
        (["[1]"], "line 1 is no entry"),
    ],
)
def test_a_file_that_cannot_be_relied_on_is_unknown(tmp_path, lines, said):
    path = tmp_path / "ledger.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for use in (read_ledger, Ledger):
        with pytest.raises(LedgerError, match=said) as refused:
            use(path)
        assert refused.value.exit_status == 2


def test_a_file_that_is_not_there_cannot_be_read(tmp_path):
    with pytest.raises(LedgerError, match="cannot be read: No such file"):
        read_ledger(tmp_path / "none")
    with pytest.raises(LedgerError, match="cannot be written: No such file"):
        Ledger(tmp_path / "none" / "ledger")
