"""The deletion replaced, as `harness drill steps` kills the server in each of its steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection

from harness.engines.engine import Engine
from harness.loading.dataset import Generated
from harness.recovery.stepwise import Stepwise, Watch, Way
from schema.billing.generator import generate
from schema.billing.generator.business import MEMBERS_AT_SCALE_1
from schema.billing.partitioned import partitioned
from workloads.billing.batch.bulk_deletion import bulk_deletion
from workloads.billing.measurements.month import MONTH_END
from workloads.billing.replacement.partitioned_tables import month_ranges
from workloads.billing.replacement.partitions import ExchangeStep, PartitionExchange
from workloads.billing.replacement.steps import (
    IN_PLACE_STEPS,
    SWAP_STEPS,
    UNLOGGED_STEPS,
    Replacement,
    Step,
)

Run = Callable[[Replacement], object]


def _run(engine: Engine, url: URL, folder: Path, watch: Watch, run: Run) -> object:
    def told(step: Step) -> None:
        watch(step.value)

    return run(Replacement(engine, url, MONTH_END, folder, told))


def _recover(engine: Engine, url: URL, folder: Path) -> bool:
    return Replacement(engine, url, MONTH_END, folder).recover()


def _plainly(connection: Connection) -> object:
    return bulk_deletion(connection, MONTH_END)


def _data(rows: int) -> Generated:
    """Two months of bills of so many members: as many bills go as there are rows."""
    return generate(rows / MEMBERS_AT_SCALE_1, 1, MONTH_END.processing_date)


def _unlogged(replacement: Replacement) -> object:
    return replacement.swap(unlogged=True)


def _way(
    name: str,
    steps: Sequence[Step],
    run: Run,
    offered: Callable[[Engine], bool] = lambda _engine: True,
) -> Way:
    return Way(name, [step.value for step in steps], partial(_run, run=run), offered)


def _exchange(engine: Engine, url: URL, _folder: Path, watch: Watch) -> object:
    def told(step: ExchangeStep) -> None:
        watch(step.value)

    return PartitionExchange(engine, url, MONTH_END, told).run()


def _recover_exchange(engine: Engine, url: URL, _folder: Path) -> bool:
    return PartitionExchange(engine, url, MONTH_END).recover()


def _data_in_partitions(rows: int) -> Generated:
    made = generate(rows / MEMBERS_AT_SCALE_1, 1, MONTH_END.processing_date)
    # This month's bills have the numbers behind those of last month's, one for each member.
    return replace(made, metadata=partitioned(month_ranges(MONTH_END, made.members + 1)))


REPLACEMENT: Final = Stepwise(
    name="billing-replacement",
    title="bulk deletion (請求一括削除) replaced by exam table 1's steps",
    data=_data,
    ways=(
        _way("in place", IN_PLACE_STEPS, Replacement.in_place),
        _way("swap", SWAP_STEPS, Replacement.swap),
        _way(
            "swap, unlogged",
            UNLOGGED_STEPS,
            _unlogged,
            lambda engine: engine.replacing.unlogged is not None,
        ),
    ),
    recover=_recover,
    plainly=_plainly,
)


PARTITIONS: Final = Stepwise(
    name="billing-partitions",
    title="bulk deletion (請求一括削除) replaced by an exchange of partitions",
    data=_data_in_partitions,
    ways=(Way("partitions", [step.value for step in ExchangeStep], _exchange),),
    recover=_recover_exchange,
    plainly=_plainly,
)


def stepwise() -> Sequence[Stepwise]:
    """What the entry point brings."""
    return REPLACEMENT, PARTITIONS
