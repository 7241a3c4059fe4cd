"""Who interrupts a drill while its server is dead is heard: the status says so, and all ends."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from harness import cli
from harness.cli import drill_crash, drill_work_tables
from harness.servers.databases import fresh_database

pytestmark = pytest.mark.integration


def interrupted():
    raise KeyboardInterrupt


def used(server, *deeds) -> None:
    with fresh_database(server):
        for deed in deeds:
            deed()


def test_what_ended_the_body_is_not_replaced_by_the_dead_servers_refusal(mortal) -> None:
    with pytest.raises(KeyboardInterrupt):
        used(mortal, mortal.kill, interrupted)
    mortal.restart()
    with pytest.raises(KeyboardInterrupt):
        used(mortal, interrupted)
    # Where nothing else is to be told, that is.
    with pytest.raises(mortal.engine.driver_error):
        used(mortal, mortal.kill)
    mortal.restart()


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (drill_crash, ("crash", "--kills", "2", "--at", "commit")),
        (drill_work_tables, ("work-tables",)),
    ],
    ids=["crash", "work-tables"],
)
@pytest.mark.engines("postgresql")
def test_a_drill_that_is_interrupted_between_kill_and_restart_says_so(
    mortal, tmp_path, monkeypatch, capsys, module, words
) -> None:
    """`mortal` only tells whether this engine can be had; the one that dies is another."""
    killed = []

    @contextmanager
    def start(*said, **options):
        with really_start(*said, **options) as server:

            def kill() -> None:
                really_kill()
                killed.append(server)
                # Once it is dead: the next thing that the drill does is to start it again.
                monkeypatch.setattr(server, "restart", interrupted)

            really_kill = server.kill
            monkeypatch.setattr(server, "kill", kill)
            yield server

    really_start = module.start
    monkeypatch.setattr(module, "start", start)
    name = mortal.engine.name
    status = cli.main(["drill", *words, "--engine", name, "--runs", str(tmp_path / "runs")])
    said = capsys.readouterr()
    assert killed
    assert status == cli.INTERRUPTED, said.out + said.err
    assert "interrupted: everything that was started has been ended" in said.err
    assert said.out == ""
