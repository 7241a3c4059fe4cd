"""What the work-table drill concludes: a server that is gone has refused nothing."""

import socket
from types import SimpleNamespace

import pytest
from sqlalchemy import URL

from harness.checks.verdict import Verdict
from harness.cli.drill_work_tables import _Answer, _document, _last_line
from harness.engines import ENGINES
from harness.recovery.work_tables import Observed, Seen, WorkTableDrill


@pytest.mark.parametrize("name", ENGINES)
def test_a_server_that_is_gone_is_not_what_a_table_did(name):
    engine = ENGINES[name]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = URL.create(engine.driver, "somebody", "secret", "127.0.0.1", port, "drill")
    drill = WorkTableDrill(SimpleNamespace(engine=engine), url)
    with pytest.raises(engine.driver_error):
        drill._counted("drill_logged")


def test_a_drill_that_broke_off_does_not_hold():
    obeyed = Observed("rollback", "", Seen("0 rows"), Seen("0 rows"), "0 rows")
    kept = Observed("rollback", "", Seen("9 rows"), Seen("0 rows"), "0 rows")
    whole, broken, wrong = (
        _Answer(ENGINES["mysql"], "docker", "9.7.4", [seen], whole=whole)
        for seen, whole in ((obeyed, True), (obeyed, False), (kept, False))
    )
    assert [one.verdict for one in (whole, broken, wrong)] == [
        Verdict.HOLDS,
        Verdict.UNKNOWN,
        Verdict.VIOLATED,
    ]
    assert [c["complete"] for c in _document([whole, broken])["cells"]] == [True] * 2 + [False] * 2
    assert _last_line(broken).startswith("unknown: MySQL 9.7.4: ")
    assert _last_line(broken).endswith("; the rest was not tried")
