"""Who has seen whose version, told from the answers of made-up executions."""

from collections.abc import Sequence

import pytest

from harness.checks.anomaly import anomaly_of
from harness.checks.dependencies import Evidence
from harness.checks.state import Row, State, TableShape
from harness.engines import ENGINES
from harness.interleave.execution import Execution, Turn
from harness.interleave.history import Setting, evidence_in
from harness.outcome import Refusal
from harness.sessions.step import AUTOCOMMIT, Effect, Step, StepError, StepKind

ENGINE = ENGINES["postgresql"]
SHAPE = TableShape("t", ("id", "v"), ("id",))
REFUSED = Refusal("serialization", "40001", retryable=True, ends_transaction=True)
READ_1 = "select v from t where id = 1"


def setting(shape: TableShape = SHAPE) -> Setting:
    rows = State({shape.name: ((1, 10), (2, 20))})
    return Setting([shape], rows, ENGINE.sql_dialect, ENGINE.client.literal)


def execution(*steps: tuple[str, object, object]) -> Execution:
    """Steps as (session, text, answer): rows for a query, a number for a change."""
    turns = []
    for number, (session, text, answer) in enumerate(steps, start=1):
        kinds = {"commit": StepKind.COMMIT, "rollback": StepKind.ROLLBACK}
        kind = kinds.get(str(text), StepKind.STATEMENT)
        step = text if isinstance(text, Step) else Step(kind, str(text))
        turns.append(Turn(number, session, step, (), effect=effect_of(answer), settled_in=number))
    return Execution(turns)


def effect_of(answer: object) -> Effect | None:
    if isinstance(answer, int):
        return Effect(rowcount=answer)
    if isinstance(answer, Refusal):
        return Effect(error=StepError("Error", "refused", answer))
    if answer is None:
        return None
    rows = list(answer)  # type: ignore[call-overload]
    return Effect(rowcount=len(rows), columns=[f"c{n}" for n, _ in enumerate(rows[0])], rows=rows)


def evidences(run: Execution, *rows: Row, of: Setting | None = None) -> Sequence[Evidence]:
    return evidence_in(run, of or setting(), State({"t": rows}))


def name_in(run: Execution, *rows: Row) -> str | None:
    (name,) = {found.title if (found := anomaly_of(e)) else None for e in evidences(run, *rows)}
    return name


def lost(read: int = 10) -> Execution:
    return execution(
        ("T1", READ_1, [(10,)]),
        ("T2", READ_1, [(read,)]),
        ("T2", "update t set v = 12 where id = 1", 1),
        ("T2", "commit", None),
        ("T1", "update t set v = 11 where id = 1", 1),
        ("T1", "commit", None),
    )


def test_a_lost_update_is_seen():
    assert name_in(lost(), (1, 11), (2, 20)) == "lost update"


def test_who_read_after_the_other_committed_has_lost_nothing():
    run = execution(
        ("T1", READ_1, [(10,)]),
        ("T1", "update t set v = 11 where id = 1", 1),
        ("T1", "commit", None),
        ("T2", READ_1, [(11,)]),
        ("T2", "update t set v = 12 where id = 1", 1),
        ("T2", "commit", None),
    )
    assert name_in(run, (1, 12), (2, 20)) is None


def test_an_increment_loses_nothing():
    run = execution(
        ("T1", "update t set v = v + 1 where id = 1", 1),
        ("T1", "commit", None),
        ("T2", "update t set v = v + 1 where id = 1", 1),
        ("T2", "commit", None),
    )
    assert name_in(run, (1, 12), (2, 20)) is None


def test_tables_that_the_server_left_otherwise_prove_nothing():
    assert name_in(lost(), (1, 99), (2, 20)) is None


def test_a_number_of_rows_that_the_server_contradicts_proves_nothing():
    run = lost()
    run.turns[4].effect = Effect(rowcount=2)
    assert name_in(run, (1, 11), (2, 20)) is None


def test_an_answer_that_no_view_gives_proves_nothing():
    run = lost()
    run.turns[0].effect = effect_of([(77,)])
    found = [d for e in evidences(run, (1, 11), (2, 20)) for d in e.dependencies]
    assert not [d for d in found if d.source == "T1" and d.kind.value == "rw"]


def test_what_could_have_been_read_from_either_is_not_known():
    """T2 writes what was there: from the value nobody can tell which version T1 read."""
    run = execution(
        ("T2", "update t set v = 10 where id = 1", 1),
        ("T1", READ_1, [(10,)]),
        ("T2", "commit", None),
        ("T1", "commit", None),
    )
    assert [e.dependencies for e in evidences(run, (1, 10), (2, 20))] == [[], []]


def test_a_refused_transaction_has_not_happened():
    run = execution(
        ("T1", READ_1, [(10,)]),
        ("T2", "update t set v = 12 where id = 1", 1),
        ("T2", "commit", None),
        ("T1", "update t set v = 11 where id = 1", REFUSED),
    )
    assert name_in(run, (1, 12), (2, 20)) is None


def test_reading_what_was_rolled_back_is_an_aborted_read():
    run = execution(
        ("T1", "update t set v = 12 where id = 1", 1),
        ("T2", READ_1, [(12,)]),
        ("T2", "commit", None),
        ("T1", "rollback", None),
    )
    assert name_in(run, (1, 10), (2, 20)) == "aborted read"


def test_each_statement_in_autocommit_is_a_transaction():
    """Otherwise what is read, and then written, would be a lost update."""
    run = lost()
    for place in (0, 4):
        turn = run.turns[place]
        turn.step = Step(StepKind.STATEMENT, turn.step.text, None, AUTOCOMMIT)
    del run.turns[5]
    (names, _) = [e.committed for e in evidences(run, (1, 11), (2, 20))]
    assert names == {"T1.1", "T1.2", "T2"}
    assert name_in(run, (1, 11), (2, 20)) is None


@pytest.mark.parametrize(
    "text",
    [
        "call surprise()",
        "savepoint a",
        "rollback to savepoint a",
        "select 1 from elsewhere",
        "select 1; update t set v = 1",
    ],
)
def test_what_cannot_be_read_leaves_nothing_known(text):
    run = lost()
    step = Step.of_statement(text, None)
    run.turns.insert(1, Turn(0, "T1", step, (), effect=Effect(rowcount=0), settled_in=1))
    known = text == "savepoint a"  # it changes nothing by itself
    assert bool(evidences(run, (1, 11), (2, 20))) is known


def test_too_many_rows_are_not_worked_out():
    many = State({"t": tuple((n, 10) for n in range(3_000))})
    of = Setting([SHAPE], many, ENGINE.sql_dialect, ENGINE.client.literal)
    assert evidences(lost(), (1, 11), of=of) == []


def test_a_table_without_a_key_has_rows_all_the_same():
    keyless = TableShape("t", ("id", "v"))
    found = evidence_in(lost(), setting(keyless), State({"t": ((1, 11), (2, 20))}))
    assert {d.item for e in found for d in e.dependencies} == {"a row of table t"}


def test_a_long_batch_is_given_up_in_time():
    """More views and rows than can be tried: what is known by then stays, the rest is left."""
    steps = []
    for n in range(60):
        steps += [("T2", f"update t set v = v + 1 where id = {n}", 1), ("T2", "commit", None)]
        steps += [("T1", "select sum(v) from t", [(600 + n + 1,)])]
    many = State({"t": tuple((n, 10) for n in range(60))})
    of = Setting([SHAPE], many, ENGINE.sql_dialect, ENGINE.client.literal)
    run = execution(*steps, ("T1", "commit", None))
    left = State({"t": tuple((n, 11) for n in range(60))})
    found = evidence_in(run, of, left)
    assert {d.kind.value for d in found[0].dependencies} >= {"rw", "wr"}
