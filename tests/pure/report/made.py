"""Cells and executions made by hand, as an exploration would leave them."""

from collections import Counter

from harness.checks.anomaly import Anomaly
from harness.checks.dependencies import Dependency, Kind
from harness.checks.verdict import Verdict
from harness.engines.engine import Isolation
from harness.interleave.cell import Cell, Finding
from harness.interleave.execution import Deadlock, Execution, Turn
from harness.locks import Wait
from harness.outcome import Refusal
from harness.programs import Returned, ServerRefused
from harness.sessions.step import Effect, Step, StepError, StepKind

BOTH = ("T1", "T2")
TITLES = {"T1": "withdraw", "T2": "close account"}
DEADLOCK = Refusal("deadlock", "40P01", retryable=True, ends_transaction=True)

LOST_UPDATE = Anomaly(
    "P4",
    "lost update",
    "G-single",
    "Berenson et al. 1995, 4.1",
    (
        Dependency(Kind.RW, "T1", "T2", "account", "id = 1", 1, 3),
        Dependency(Kind.WW, "T2", "T1", "account", "id = 1", 3, 5),
    ),
)


def read(text: str, *row: object) -> tuple[Step, Effect]:
    columns = [f"c{place}" for place, _ in enumerate(row)]
    return Step(StepKind.STATEMENT, text), Effect(rowcount=1, columns=columns, rows=[row])


def write(text: str) -> tuple[Step, Effect]:
    return Step(StepKind.STATEMENT, text), Effect(rowcount=1)


def commit() -> tuple[Step, None]:
    return Step(StepKind.COMMIT, "commit"), None


def turns(*taken: tuple[str, tuple[Step, Effect | None]]) -> list[Turn]:
    """Turns that were answered at once."""
    return [
        Turn(number, session, step, BOTH, effect=effect, settled_in=number)
        for number, (session, (step, effect)) in enumerate(taken, start=1)
    ]


def execution_with_a_wait() -> Execution:
    """T2 waits in turn 3 and goes on in turn 4."""
    taken = turns(
        ("T1", read("select balance from account where id = 1 for update", 100)),
        ("T1", write("update account set balance = 30 where id = 1")),
        ("T2", write("delete from account where id = 1")),
        ("T1", commit()),
        ("T2", commit()),
    )
    taken[2].wait = Wait("T2", ("T1",), "row of account, id = 1")
    taken[2].settled_in = 4
    return Execution(taken, {"T1": Returned("paid", 1), "T2": Returned(None, 1)})


def execution_with_a_deadlock() -> Execution:
    """T1 waits in turn 3; T2 closes the cycle in turn 4, and the server gives T1 up."""
    taken = turns(
        ("T1", write("update account set balance = 1 where id = 1")),
        ("T2", write("update account set balance = 2 where id = 2")),
        ("T1", write("update account set balance = 1 where id = 2")),
        ("T2", write("update account set balance = 2 where id = 1")),
        ("T2", commit()),
    )
    taken[2].wait = Wait("T1", ("T2",), "row of account, id = 2")
    taken[2].settled_in = 4
    taken[2].effect = Effect(error=StepError("Error", "deadlock detected", DEADLOCK))
    lines = ("T1 waits for T2: row of account", "T2 waits for T1: row of account")
    return Execution(
        taken,
        {"T1": ServerRefused(DEADLOCK), "T2": Returned(None, 1)},
        [Deadlock(4, "T1", DEADLOCK, BOTH, lines)],
    )


def cell(
    verdict: Verdict,
    *,
    engine: str = "postgresql",
    isolation: Isolation = Isolation.READ_COMMITTED,
    variant: str = "current",
    **known: object,
) -> Cell:
    """A cell of a scenario 'bank'; it was explored to the end unless it is unknown."""
    title, version = {"postgresql": ("PostgreSQL", "18.6"), "mysql": ("MySQL", "9.7.4")}[engine]
    made = Cell("bank", variant, engine, title, version, f"docker {engine}", isolation, verdict)
    made.programs = dict(TITLES)
    made.executions, made.possible, made.outcomes, made.elapsed_s = 6, 14, 3, 0.25
    made.complete = verdict is not Verdict.UNKNOWN
    for name, value in known.items():
        setattr(made, name, value)
    return made


def violated(**known: object) -> Cell:
    finding = Finding(
        "not serializable",
        ("Had T1 run before T2, account.balance would be 30, and it is -40.",),
        execution_with_a_wait(),
        reproduced=True,
    )
    values = {
        "anomalies": 4,
        "possible_anomalies": 12,
        "executions_with_waits": 3,
        "possible_waits": 8,
        "aborts": Counter({"40P01": 2, "40001": 1}),
        "deadlocks": 2,
        "possible_deadlocks": 5,
        "finding": finding,
    }
    return cell(Verdict.VIOLATED, **(values | known))


def unknown(reason: str, **known: object) -> Cell:
    return cell(Verdict.UNKNOWN, unknown=[reason], executions=3, possible=3, outcomes=0, **known)
