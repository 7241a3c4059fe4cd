"""One anomaly: the programs that could show it, and the rule that sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.checks.state import State
from harness.engines.engine import Isolation
from harness.interleave.execution import Execution
from harness.programs import Program, ProgramEnd, Returned
from harness.scenario import Scenario, Variant
from workloads.anomalies.orders import Order, all_orders, without_control
from workloads.anomalies.prevention import prevented_by
from workloads.anomalies.script import Script
from workloads.anomalies.table import TEST, load, metadata

Values = Mapping[int, int]
"""Rows of the table: id -> value."""

Reads = Mapping[str, Sequence[Values]]
"""What each program that came to its end had read, query by query."""

Rule = Callable[[Reads, Values], str | None]
"""Sees the anomaly in what the programs read and in the table as they left it.

None, or one sentence with the values that show it. Pure; its docstring cites the definition.
"""


@dataclass(frozen=True)
class Anomaly:
    """Programs of two or three sessions, and the rule that sees the anomaly.

    A program that the server refused counts as not having run, and an anomaly is one of committed
    transactions: without those that it `needs` (all, if none are named) it did not occur.
    """

    name: str
    title: str
    rule: Rule
    scripts: Mapping[str, Script]
    needs: tuple[str, ...] = ()

    def seen(self, ends: Mapping[str, ProgramEnd], state: State) -> str | None:
        """What shows the anomaly in one execution, or None."""
        reads = {
            name: [dict(rows) for rows in end.value]
            for name, end in ends.items()
            if isinstance(end, Returned) and isinstance(end.value, list)
        }
        if not reads.keys() >= set(self.needs or self.scripts):
            return None
        rows = {row[0]: row[1] for row in state.tables[TEST.name]}
        return self.rule(reads, rows)  # type: ignore[arg-type] # a row is (id, value), both numbers

    @cached_property
    def scenario(self) -> Scenario:
        """What an exploration takes: the results alone decide."""
        programs = {
            name: Program(script.title, script.run) for name, script in self.scripts.items()
        }
        return Scenario(
            name=self.name,
            title=self.title,
            question="does any interleaving show it?",
            metadata=metadata,
            load=load,
            variants={"current": Variant("current", "as in Hermitage", programs)},
            serial_equivalence=False,
            results_check=self.seen,
            isolations=tuple(Isolation),
        )

    @cached_property
    def dangerous_orders(self) -> frozenset[Order]:
        """The orders that show the anomaly where there is no concurrency control."""
        return frozenset(
            order
            for order in all_orders(self.scripts)
            if self.seen(*without_control(self.scripts, order)) is not None
        )

    def prevented_by(self, executions: Sequence[Execution]) -> Mapping[str, int]:
        """What hindered the dangerous orders, with their number; see `prevention`.

        `executions` are all that are possible, and none of them shows the anomaly.
        """
        return prevented_by(self.dangerous_orders, executions)
