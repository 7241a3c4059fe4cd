"""Wrong words to `harness replay`: one clear text, status 64, nothing started."""

import pytest
from pure.cli.conftest import harness, state  # noqa: F401 - fixtures


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["nightday"],
            "day 'nightday': unknown; known are billing, billing-mended, vehicle-maintenance",
        ),
        (
            ["--programs", "vehicle_inquiri"],
            (
                "program 'vehicle_inquiri': unknown; known are contract_registration, "
                "vehicle_registration, vehicle_inquiry, document_issue, reservation_registration\n"
                "  hint: did you mean 'vehicle_inquiry'?"
            ),
        ),
        (["--scale", "0"], "scale 0: must be from 0.0002 to 100"),
        (["--trace", "none.csv"], "--trace 'none.csv': cannot be read: No such file or directory"),
        (["--plot", "there/x.svg"], "--plot 'there/x.svg': its folder does not exist"),
        (["--plot", "x.doc"], "--plot 'x.doc': ends in none of .svg, .png and .pdf"),
        (["--plot", "x.svg"], "--plot: draws one replay"),
        (["--engine", "db2"], "engine 'db2': unknown; known are mysql, mariadb, postgresql"),
    ],
)
def test_wrong_words_are_refused(harness, state, words, said):  # noqa: F811 - asks for fixtures
    found = harness("replay", "day", *words)
    assert (found.status, found.out) == (64, "")
    assert found.err.startswith(said)
    assert not state.exists()


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--speed", "0", "'0' is not a number above 0"),
        ("--speed", "-3", "'-3' is not a number above 0"),
        ("--speed", "fast", "'fast' is not a number above 0"),
        ("--duration", "0s", "'0s' is no duration above 0: 20ms, 90s, 5m"),
        ("--lag-bound", "soon", "'soon' is no duration above 0: 20ms, 90s, 5m"),
        ("--processes", "0", "'0' is not a whole number of 1 or more"),
        ("--processes", "65", "'65' is above 64, the most that are begun"),
        ("--connections", "257", "'257' is above 256, the most that are begun"),
        ("--batch", "sometimes", "invalid choice: 'sometimes'"),
        ("--date", "today", "'today' is not a date: YYYY-MM-DD"),
    ],
)
def test_wrong_values_are_refused(harness, state, option, value, said):  # noqa: F811 - as above
    found = harness("replay", "day", f"{option}={value}")
    assert found.status == 64
    assert f"argument {option}: {said}" in found.err
    assert not state.exists()


def test_a_malformed_trace_is_refused_by_its_line(harness, state, tmp_path):  # noqa: F811
    (tmp_path / "t.csv").write_text("9:00:00,vehicle_inquiry\nnine,vehicle_inquiry\n", "utf-8")
    found = harness("replay", "day", "--trace", "t.csv")
    assert found.status == 64
    assert found.err.startswith("--trace 't.csv', line 2: 'nine,vehicle_inquiry' is no time")
    assert not state.exists()
