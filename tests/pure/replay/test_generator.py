"""Which cores the processes of a generator keep to, and how their threads take turns."""

import os

import pytest

from harness.replay.generator import GeneratorProcess, cores_for

OURS = sorted(os.sched_getaffinity(0))


class SaysWhere:
    """Work that tells on which cores it may run, and how it is scheduled."""

    def connect(self):
        pass

    def told(self, *, whole):
        return {"cores": sorted(os.sched_getaffinity(0)), "scheduling": os.sched_getscheduler(0)}


@pytest.fixture(params=[OURS[-1], None], ids=["kept", "free"])
def core(request):
    return request.param


def test_a_process_keeps_to_its_core_and_to_none_if_it_has_none(core):
    process = GeneratorProcess(SaysWhere, core=core)
    try:
        process.ready()
        assert process.last.values["cores"] == (OURS if core is None else [core])
    finally:
        process.end()


def test_its_threads_do_not_interrupt_each_other_and_ours_are_left_as_they_were():
    before = os.sched_getscheduler(0)
    process = GeneratorProcess(SaysWhere)
    try:
        process.ready()
        assert process.last.values["scheduling"] == os.SCHED_BATCH
        assert os.sched_getscheduler(0) == before
    finally:
        process.end()


def test_each_process_has_a_core_of_its_own_or_none_has():
    assert list(cores_for(1)) == OURS[:1]
    assert list(cores_for(len(OURS))) == OURS
    assert list(cores_for(len(OURS) + 1)) == [None] * (len(OURS) + 1)
