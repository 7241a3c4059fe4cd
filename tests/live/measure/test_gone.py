"""A server goes away in the middle of a trial: what was measured stands, the rest is unknown."""

from __future__ import annotations

import threading

import pytest
from live.measure.conftest import ASKED

from harness.checks.verdict import Verdict
from harness.clock import Deadline, poll
from harness.engines import ENGINES, Profile
from harness.errors import ServerError
from harness.measure.measurement import Answer
from harness.measure.measuring import measure
from harness.servers import ladder
from harness.servers.databases import fresh_database
from harness.servers.options import ServerOptions
from harness.servers.server import Killable
from workloads.vehicle_maintenance.measurements.problem_1 import Problem1

pytestmark = pytest.mark.integration


def test_a_server_that_is_killed_leaves_an_unknown(live_server, live_engine):
    kind = ENGINES[live_engine]
    options = ServerOptions.from_environment()
    offer = ladder.choose(kind, options)
    settings = dict(kind.loading.settings)
    with ladder.start(offer, Profile.EXPLORING, settings=settings, options=options) as server:
        if not isinstance(server, Killable):
            pytest.skip("a given server is not ours to kill")
        answer = Answer(kind, server.version, offer.description)
        seen = []
        at_work = threading.Event()

        def watch(what, done, total):
            seen.append(what)
            if len(seen) > 2:
                at_work.set()

        def kill():
            at_work.wait(60)
            # In the middle of a trial: rows are put back, and the streams have begun.
            for passed in poll(Deadline.after(5), "some requests"):
                if passed > 0.3:
                    break
            server.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            with fresh_database(server) as url, pytest.raises(ServerError) as found:
                measure(Problem1(), ASKED, url, answer, watch)
        except kind.driver_error:
            pass  # its database cannot be dropped any more
        finally:
            killer.join()
    assert "gone" in str(found.value) or "went away" in str(found.value)
    assert answer.results
    assert answer.results[-1].verdict is not Verdict.HOLDS
