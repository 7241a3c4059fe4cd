"""A measurement on one live server: load, keep, and one case after the other from equal rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from harness.engines.engine import Engine, Isolation
from harness.errors import DeadlineExceeded, ServerError
from harness.loading.loader import load
from harness.measure.conduct import Conductor
from harness.measure.crew import Crew
from harness.measure.measurement import Answer, Asked, Measurement, Result
from harness.measure.original import Original
from harness.measure.trial import Case, Measured
from harness.measure.worker import connection_to
from harness.sessions.trouble import told

Watch = Callable[[str, int, int], None]
"""Told what is done now, how many trials are done, and how many there are."""


def measure(measurement: Measurement, asked: Asked, url: URL, answer: Answer, watch: Watch) -> None:
    """Measure in an empty database and add the results to the answer, each when it is there.

    Raises:
        ServerError: the server refused the data, or went away in the middle.
        HarnessError: a process of ours ended, or the jobs did not end.
    """
    engine = answer.engine
    watch("loading", 0, 0)
    generated = measurement.data(asked)
    loaded = load(engine, url, generated, lambda *_: None)
    if loaded.held != loaded.sent:
        raise ServerError(f"{engine.name}: the tables do not hold what was sent")
    capability = engine.capabilities["shows lock memory"]
    if not capability.present:
        answer.notes.append(f"lock memory: not available: {capability.sentence}")
    try:
        original = Original(engine, url, generated.metadata, measurement.changed)
        original.keep()
        with connection_to(engine, url, Isolation.READ_COMMITTED) as connection:
            cases = measurement.cases(asked, connection)
    except (DBAPIError, engine.driver_error) as error:
        raise _gone(engine, error) from error
    most = max(len(trial.jobs) for case in cases for trial in case.trials.values())
    total = sum(len(case.trials) for case in cases)
    with Crew(most) as crew:
        conductor = Conductor(engine, url, asked.isolation, crew, asked.seed)
        for case in cases:
            done = sum(len(result.measured) for result in answer.results)
            told = partial(_tell, watch, done, total)
            _measure_case(case, conductor, original, answer, told)


def _measure_case(
    case: Case,
    conductor: Conductor,
    original: Original,
    answer: Answer,
    tell: Callable[[str, int], None],
) -> None:
    measured: dict[str, Measured] = {}
    answer.results.append(Result(case, measured))
    for name, trial in case.trials.items():
        tell(f"{case.variant} {case.setting}, {name}", len(measured))
        try:
            original.put_back()
            measured[name] = conductor.conduct(trial)
        except DBAPIError as error:
            raise _gone(answer.engine, error) from error
        except DeadlineExceeded as error:
            raise ServerError(f"{answer.engine.name}: {case.variant}: {error}") from error


def _tell(watch: Watch, before: int, total: int, what: str, done: int) -> None:
    watch(what, before + done, total)


def _gone(engine: Engine, error: BaseException) -> ServerError:
    return ServerError(f"{engine.name}: {told(engine, error)}")
