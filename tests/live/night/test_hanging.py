"""A job that does not end leaves the night unknown, and nobody waiting for ever."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from harness.errors import DeadlineExceeded
from harness.jobs.ledger import Ledger
from harness.jobs.runner import run_night

pytestmark = pytest.mark.integration


@pytest.mark.engines("postgresql")
def test_a_job_that_hangs_is_told_and_not_waited_for(night) -> None:
    def hanging(_program):
        return lambda _connection: over.wait(60)

    over = threading.Event()
    for name in ("inspection_extraction", "shaken_extraction_1"):
        night.change(name, hanging)
    course = replace(night.setting.course(2), job_limit_s=0.5)
    try:
        with (
            Ledger(night.path) as ledger,
            pytest.raises(DeadlineExceeded, match=r"none of .+ ended within 0\.5 s") as raised,
        ):
            run_night(night.engine, night.url, night.prepared, course, ledger)
        assert not over.is_set()
        assert raised.value.exit_status == 2
    finally:
        over.set()
