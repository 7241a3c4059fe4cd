"""Every program, stopped anywhere and run again, is right or refused, on every engine."""

import pytest
from live.schema.stopping import content, killed_before, reload
from sqlalchemy.exc import IntegrityError

from workloads.vehicle_maintenance import day
from workloads.vehicle_maintenance.refusals import AlreadyDoneError

pytestmark = pytest.mark.integration

# program -> what refuses each of its requests after it was committed; None: running again is right
AGAIN = {
    "contract_registration": [IntegrityError, None],
    "vehicle_registration": [IntegrityError, None],
    "vehicle_inquiry": [None],
    "reservation_registration": [IntegrityError],
    "inspection_extraction": [IntegrityError],
    "shaken_extraction_1": [IntegrityError],
    "shaken_extraction_2": [IntegrityError],
    "result_registration": [AlreadyDoneError],
    "schedule_creation": [IntegrityError],
    "document_issue": [None],
    "progress_update": [None],
    "request_creation": [None],
    "inspection_rate_update": [AlreadyDoneError],
    "report_creation": [None],
}


def test_every_program_of_the_day_is_named(tmp_path):
    assert {name: len(runs) for name, runs in day.runs(tmp_path).items()} == {
        name: len(refusals) for name, refusals in AGAIN.items()
    }


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def prepare(engine, folder, until, number):
    """The day as it stands when the program's run of that number is about to begin."""
    reload(engine)
    for name, runs in day.runs(folder).items():
        with engine.connect() as connection:
            for run in runs[: number if name == until else None]:
                run(connection)
        if name == until:
            return runs[number]
    raise AssertionError(until)


def undisturbed(engine, run):
    with engine.connect() as connection:
        run(connection)
        assert not connection.in_transaction(), "the program has left its transaction open"
    with engine.connect() as connection:
        return content(connection)


@pytest.mark.parametrize(
    ("program", "number"), [(p, n) for p, refusals in AGAIN.items() for n in range(len(refusals))]
)
def test_stopped_before_any_step_and_run_again_it_ends_the_same(
    vehicle_engine, tmp_path, program, number
):
    expected = undisturbed(vehicle_engine, prepare(vehicle_engine, tmp_path, program, number))
    expected_files = files(tmp_path)
    step = 0
    while True:
        run = prepare(vehicle_engine, tmp_path, program, number)
        with vehicle_engine.connect() as connection, killed_before(connection, step) as killed:
            run(connection)
        if not killed:
            break
        assert undisturbed(vehicle_engine, run) == expected, f"stopped before step {step + 1}"
        assert files(tmp_path) == expected_files
        step += 1
    assert step >= 2  # a statement and a commit at the least


@pytest.mark.parametrize(
    ("program", "number"), [(p, n) for p, refusals in AGAIN.items() for n in range(len(refusals))]
)
def test_stopped_after_its_commit_and_run_again_it_is_right_or_refused(
    vehicle_engine, tmp_path, program, number
):
    """The commit was done, and the answer never came: whoever waits for it runs it again."""
    run = prepare(vehicle_engine, tmp_path, program, number)
    once = undisturbed(vehicle_engine, run)
    once_files = files(tmp_path)
    refusal = AGAIN[program][number]
    with vehicle_engine.connect() as connection:
        if refusal is None:
            run(connection)
        else:
            with pytest.raises(refusal):
                run(connection)
            connection.rollback()
        assert content(connection) == once
    assert files(tmp_path) == once_files
