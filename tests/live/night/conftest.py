"""Small nights on each engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from live.loading.conftest import filled, harness, here  # noqa: F401 - fixtures

from harness.engines import ENGINES, Isolation
from harness.jobs.course import Action
from harness.jobs.digests import night_digests
from harness.jobs.ledger import Ledger, read_ledger
from harness.jobs.rehearsal import NightSetting
from harness.jobs.runner import run_night
from harness.jobs.standing import standing_of
from harness.loading.loader import load
from harness.planning.restart import plan_restart
from workloads.vehicle_maintenance.night import VEHICLE_MAINTENANCE as NIGHT

TODAY = date(2024, 10, 15)


def setting_of(placement=None, sessions=4):
    network = NIGHT.network(placement)
    actions = dict.fromkeys(network.milestones, Action.NOTHING)
    return NightSetting(
        NIGHT, network, 0.001, 3, TODAY, actions, sessions, Isolation.READ_COMMITTED
    )


class OneNight:
    """A loaded database, a ledger, and the programs; some of them may be changed."""

    def __init__(self, database, folder):
        self.engine, self.url = ENGINES[database.kind], database.url
        self.setting = setting_of()
        self.network = self.setting.network
        self.prepared = self.setting.prepared(folder)
        self.path = folder / "ledger.jsonl"
        load(self.engine, self.url, self.prepared.dataset, lambda *_: None)

    def change(self, name, wrap):
        """Have `wrap(program)` run instead of a program."""
        programs = {**self.prepared.programs, name: wrap(self.prepared.programs[name])}
        self.prepared = replace(self.prepared, programs=programs)

    def run(self, watch=None, plan=None):
        with Ledger(self.path, watch) as ledger:
            course = self.setting.course(self.setting.sessions)
            return run_night(self.engine, self.url, self.prepared, course, ledger, plan=plan)

    def plan(self):
        """What the planner says of the ledger; the work tables have a log here."""
        return plan_restart(self.network, standing_of(self.network, read_ledger(self.path)))

    def digests(self):
        return night_digests(self.engine, self.url, NIGHT.metadata)


@pytest.fixture
def night(filled, tmp_path):  # noqa: F811 - asks for the fixture
    """One night whose data are loaded."""
    return OneNight(filled, tmp_path)
