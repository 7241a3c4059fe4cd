"""The job queue on every engine that runs here."""

from workqueue import setup, take_job, take_job_skipping


def test_two_workers_may_take_the_same_job(explore):
    assert explore(take_job, take_job, setup=setup).violated


def test_skipping_what_is_locked_gives_each_worker_its_own(explore):
    assert explore(take_job_skipping, take_job_skipping, setup=setup).holds
