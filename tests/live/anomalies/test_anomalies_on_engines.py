"""The matrix on live engines, cell by cell, and what it rests on."""

import json

import pytest
from live.anomalies.matrix import EXPECTED, NAMES, STORED, explored_by
from live.anomalies.names import called

from harness.cli import anomalies as command
from harness.cli import main
from harness.engines import Isolation
from harness.report.matrix import news, words_of
from workloads.anomalies import anomalies

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("name", NAMES)
def test_the_matrix_is_the_stored_one(database, row, name):
    answers = row(name)
    captured = STORED["captured"][database.kind]
    told = "\n".join(news(answers, EXPECTED))
    assert not told, f"expected.json was captured on {captured}\n{told}"
    assert words_of(answers)[database.kind][name] == EXPECTED[database.kind][name]
    for answer in answers:
        assert answer.cell.complete
        assert not answer.cell.unknown
        assert bool(answer.prevented_by) is (answer.word == "prevented")
        if answer.word == "possible":
            assert answer.cell.finding.reproduced


@pytest.mark.parametrize("name", NAMES)
def test_a_textbook_case_is_called_by_its_name(database, row, name):
    for level, answer in zip(Isolation, row(name), strict=True):
        if (finding := answer.cell.finding) is None:
            continue
        found = finding.anomaly
        told = (found.name, found.title, found.phenomenon) if found else None
        assert told == called(database.kind, name, level), level.slug


@pytest.mark.parametrize("name", NAMES)
def test_leaving_out_what_commutes_changes_no_answer(database, row, name):
    """Nor the number of interleavings that are possible, and that show the anomaly."""
    (anomaly,) = [anomaly for anomaly in anomalies() if anomaly.name == name]
    for whole, reduced in zip(
        row(name), explored_by(database.target, anomaly, reduction=True), strict=True
    ):
        one, other = whole.cell, reduced.cell
        assert reduced.word == whole.word
        assert (other.possible, other.complete) == (one.possible, True)
        assert other.possible_anomalies == one.possible_anomalies
        assert other.possible_waits == one.possible_waits
        assert other.possible_deadlocks == one.possible_deadlocks
        assert other.outcomes == one.outcomes
        assert other.executions <= one.executions


def test_a_wrong_expectation_is_news_with_both_values(database, row):
    """The negative control: the comparison has been seen to fail."""
    answers = row("p4")
    right = EXPECTED[database.kind]["p4"]
    for level, answer in zip(Isolation, answers, strict=True):
        other = {"prevented": "possible", "possible": "prevented"}[right[level.slug]]
        (line,) = news(answers, {database.kind: {"p4": {**right, level.slug: other}}})
        place = f"p4, {answer.cell.title} {answer.cell.version}, {level.title}"
        assert line.startswith(f"news: {place}: expected {other}, is {right[level.slug]}")


def test_the_command_prints_the_matrix_and_compares_it(database, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "brought_in", lambda _group: [anomalies])
    server = ["--server", database.url.render_as_string(hide_password=False)]
    words = ["anomalies", "--engine", database.kind, "--only", "p4", *server]
    words += ["--isolation", "read-committed", "--isolation", "serializable"]
    words += ["--runs", str(tmp_path / "runs")]
    before = tmp_path / "before.json"
    assert main([*words, "--json", str(before)]) == 0
    printed = capsys.readouterr().out
    assert "  read committed  serializable" in printed
    assert "p4 " in printed
    assert "  possible 12/14  ✓ refusal " in printed
    assert "both read 1 => 10 and committed an update; what stayed is 11" in printed
    assert f"again: harness anomalies --only p4 --engine {database.kind} " in printed

    assert main([*words, "--expect", str(before)]) == 0
    content = json.loads(before.read_text())
    content["matrix"][database.kind]["p4"]["serializable"] = "possible"
    before.write_text(json.dumps(content))
    capsys.readouterr()
    assert main([*words, "--expect", str(before)]) == 1
    assert ": expected possible, is prevented by refusal " in capsys.readouterr().out
