"""What is printed, kept and drawn."""

import io
import json

import pytest
from pure.measure.made import ASKED, KILLED, RETURNED, Made, answer, job, measured, result, stream
from rich.console import Console

from harness.errors import UsageError
from harness.measure.picture import draw, see_can_be_drawn
from harness.measure.report import document, print_answer, print_verdict

SOUND = result(measured((job(RETURNED),)), variant="mended")
LOST = result(measured((job(RETURNED),), broken=("7 points are lost",)), breaks=True)
NEWS = result(measured((job(RETURNED),), broken=("7 points are lost",)), variant="mended")
OPEN = result(measured((job(RETURNED),), unknown=("nobody answered",)), variant="mended")


def printed(*answers):
    out = io.StringIO()
    console = Console(file=out, width=200, highlight=False, markup=False, soft_wrap=True)
    for one in answers:
        print_answer(Made(), one, console)
    print_verdict(answers, console)
    return [" ".join(line.split()) for line in out.getvalue().splitlines() if line.strip()]


def test_a_table_has_a_row_for_each_case_and_says_what_was_lost():
    assert printed(answer(LOST, SOUND)) == [
        "MySQL 9.7.4 (docker)",
        "variant seconds nothing verdict",
        "current 2 jobs 2.5 - violated",
        "mended 2 jobs 2.5 - holds",
        "violated: current 2 jobs: 7 points are lost",
        "violated: 1 of 2 cases, all in variants known to break",
        "holds: 1 of 2 cases",
    ]


def test_what_is_news_and_what_is_unknown_is_counted_as_such():
    assert printed(answer(NEWS, OPEN, missing="mysql: gone"))[4:] == [
        "violated: mended 2 jobs: 7 points are lost",
        "unknown: mended 2 jobs: nobody answered",
        "unknown: not measured: mysql: gone",
        "violated: 1 of 2 cases, 1 of them unexpectedly",
        "unknown: 1 of 2 cases",
    ]


def test_a_document_has_the_keys_of_a_cell_and_survives_print_and_parse():
    found = result(measured((job(KILLED, RETURNED),), (stream(0.25, 0.5),)))
    told = document(Made(), ASKED, [answer(found, missing="mysql: gone")], ["mariadb: none"])
    assert json.loads(json.dumps(told)) == told
    (cell,) = told["cells"]
    assert {"scenario", "variant", "engine", "version", "isolation", "verdict"} <= cell.keys()
    assert cell["figures"] == {"elapsed_s": 2.5, "nothing": None}
    trial = cell["trials"]["t0"]
    assert trial["jobs"][0]["attempts"] == ["killed after 3 statements", "returned"]
    assert (trial["locked_rows"], trial["lock_memory_bytes"]) == (20, 1136)
    assert trial["streams"][0]["wait_s_max"] == pytest.approx(0.5, rel=1e-3)
    assert told["missing"] == ["mariadb: none", "mysql: gone"]


def test_a_picture_is_the_same_each_time_and_crosses_what_is_broken(tmp_path):
    panels = Made().panels([answer(LOST)])
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    draw(one, "made by hand", panels)
    draw(two, "made by hand", panels)
    text = one.read_text("utf-8")
    assert text == two.read_text("utf-8")
    assert "made by hand" in text
    assert "MySQL 9.7.4" in text


def test_a_picture_that_cannot_be_written_is_refused_before_work_is_done(tmp_path):
    see_can_be_drawn(None)
    see_can_be_drawn(tmp_path / "x.svg")
    with pytest.raises(UsageError, match=r"is no \.svg"):
        see_can_be_drawn(tmp_path / "x.png")
    with pytest.raises(UsageError, match="its folder does not exist"):
        see_can_be_drawn(tmp_path / "no" / "x.svg")
