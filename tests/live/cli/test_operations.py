"""`harness operations watch`: a server in use is watched and left as it is."""

import json

import pytest
from sqlalchemy import text

pytestmark = pytest.mark.integration


def test_a_server_in_use_is_watched_and_nothing_on_it_is_changed(here, database, tmp_path) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("create table precious (id int primary key)"))
        connection.execute(text("insert into precious values (1), (2)"))
    result = tmp_path / "seen.json"
    said = here(*("operations", "watch", "--for", "1.5s", "--every", "0.5"), "--json", str(result))
    assert said.status == 0, said.err
    head = said.out.splitlines()[0]
    assert head.startswith(f"{database.target.engine.title} {database.target.version}, ")
    assert "log written" in said.out
    assert "log: not available: the log of a given server is out of reach" in said.out
    assert database.url.password not in said.out + said.err + result.read_text("utf-8")
    stored = json.loads(result.read_text("utf-8"))
    assert stored["complete"]
    assert stored["operations"]["cost"]["samples"] >= 3
    assert stored["operations"]["spells"] == [{"from_s": 0.0, "state": "answers", "words": ""}]
    (kept,) = [x.removeprefix("stored: ") for x in said.err.splitlines() if "stored" in x]
    assert json.loads((here.folder / kept).read_text("utf-8"))["operations"]
    with database.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from precious")) == 2


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize(
    ("words", "status", "text_"),
    [
        (("--every", "0.1"), 64, "0.1 s between two"),
        (("--every", "soon"), 64, "'soon' is not a number of seconds"),
        (("--engine", "mysql"), 64, "is none of MySQL"),
        (("--server", "nonsense"), 64, "given URL: malformed"),
        (("--server", "mysql://me:word@127.0.0.1:1/mysql"), 2, "does not answer"),
    ],
)
def test_what_cannot_be_watched_is_said(here, database, words, status, text_) -> None:
    said = here("operations", "watch", "--for", "1s", *words)
    assert (said.status, said.out) == (status, "")
    assert text_ in said.err
    assert "word" not in said.err.replace("password", "")
    assert "Traceback" not in said.err
