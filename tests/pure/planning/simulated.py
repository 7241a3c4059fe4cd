"""A server of the exam's kind in a few lines: jobs write, it crashes, a plan is carried out.

A table holds one token for each job that wrote it, and a token depends on all that the job read. So
tables are equal only if every job ran once, and each on what it would have read without the crash.
"""

from __future__ import annotations

from harness.jobs.standing import NightStanding, Standing
from harness.planning.restart import plan_restart


class WentWrongError(Exception):
    """A job found a table that it cannot use, or its own work."""


class Simulated:
    """The tables; None is one that cannot be used."""

    def __init__(self, network, no_log):
        self.network = network
        self.no_log = frozenset(no_log)
        names = {t for job in network.jobs.values() for t in job.reads | job.writes}
        self.tables = {name: frozenset() for name in sorted(names | self.no_log)}

    def run(self, name, *, done_before=False):
        """Run a job; with `done_before` its own work makes it stop and not fail."""
        job = self.network.jobs[name]
        for table in job.reads | job.writes:
            if self.tables[table] is None:
                raise WentWrongError(f"{name} cannot use {table}")
        own = [t for t in sorted(job.writes) if any(who == name for who, _ in self.tables[t])]
        if own:
            if done_before:
                return
            raise WentWrongError(f"{name} finds its own work in {own[0]}")
        read = tuple((table, self._seen(table, name)) for table in sorted(job.reads))
        for table in job.writes:
            self.tables[table] |= {(name, hash(read))}

    def _seen(self, table, reader):
        """The tokens of those that disturb the reader."""
        found = self.tables[table]
        return frozenset(t for t in found if self.network.disturbs(t[0], table, reader))

    def crash(self, moment, mode):
        """What a crash does to the tables without log; the others keep what was committed."""
        for table in self.no_log:
            writers = [n for n in self.network.jobs if table in self.network.jobs[n].writes]
            at_work = any(moment.jobs[n] is Standing.STARTED for n in writers)
            ended = [n for n in writers if moment.jobs[n] is Standing.ENDED]
            if not mode.checkpoint_saves:
                self.tables[table] = frozenset()
            elif at_work or any(n not in moment.checkpointed for n in ended):
                self.tables[table] = None


def undisturbed(network, no_log):
    """The tables after a night in which nothing happens."""
    server = Simulated(network, no_log)
    for name in network.job_order:
        server.run(name)
    return server.tables


def crash_and_go_on(network, no_log, moment, mode, rules, arrived=frozenset()):
    """The plan, and the tables after a crash and what the plan says.

    `arrived` are jobs at work whose commit had arrived.

    Raises:
        WentWrongError: a job could not run.
    """
    server = Simulated(network, no_log)
    for name in network.job_order:
        if moment.jobs[name] is Standing.ENDED or name in arrived:
            server.run(name)
    server.crash(moment, mode)
    plan = plan_restart(network, moment, no_log, mode=mode, rules=rules)
    for table in plan.redefine:
        server.tables[table] = frozenset()
    for name in plan.again:
        server.run(name, done_before=name in arrived)
    for name in plan.resume:
        server.run(name)
    return plan, server.tables


def moment_of_sets(network, ended, started, checkpointed):
    """A moment from sets of names."""
    jobs = dict.fromkeys(network.job_order, Standing.NOT_STARTED)
    jobs |= dict.fromkeys(started, Standing.STARTED)
    jobs |= dict.fromkeys(ended, Standing.ENDED)
    return NightStanding(jobs, frozenset(checkpointed))
