"""The table of verdicts that the nightly run compares has every cell of every scenario."""

from pathlib import Path

from harness.engines import ENGINES
from harness.report.expected import read_expected
from harness.scenario import scenarios

ROOT = Path(__file__).parents[3]
STORED = ROOT / "tests" / "live" / "expected" / "verdicts.json"
NIGHTLY = ROOT / "docs" / "nightly.md"
LEFT_OUT: dict[str, str] = {}
"""Scenarios of which nothing is stored, each with its reason."""


def test_what_is_left_out_is_there_and_has_a_reason() -> None:
    for name, reason in LEFT_OUT.items():
        assert name in scenarios()
        assert len(reason.split()) > 4
        assert f"--without {name}" in NIGHTLY.read_text(encoding="utf-8")


def test_every_cell_is_in_the_table_and_no_other() -> None:
    cells = {
        (scenario.name, variant, engine, level.slug)
        for scenario in scenarios().values()
        if scenario.name not in LEFT_OUT
        for variant in scenario.variants
        for level in scenario.isolations
        for engine in ENGINES
    }
    stored = read_expected(STORED).cells
    missing, left_over = sorted(cells - set(stored)), sorted(set(stored) - cells)
    again = f"the command in {NIGHTLY.name} makes it anew"
    assert not missing, f"{again}: {missing}"
    assert not left_over, f"{again}: {left_over}"


def test_the_table_says_what_the_scenarios_expect_and_nothing_unknown() -> None:
    stored = read_expected(STORED).cells
    for (name, variant, engine, level), cell in stored.items():
        scenario = scenarios()[name]
        expected = scenario.variants[variant].expected
        (isolation,) = [one for one in scenario.isolations if one.slug == level]
        place = (name, variant, engine, level)
        assert cell["verdict"] in ("holds", "violated"), place
        if expected is not None:
            known = expected(ENGINES[engine], cell["version"], isolation)
            assert cell["verdict"] == known.value, place
