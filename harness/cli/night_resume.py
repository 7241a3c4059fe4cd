"""`harness replay night --resume`: go on with a night that broke off, perhaps from a backup."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from harness.cli.missing import Missing
from harness.cli.options import said_of_servers, server_options, writable
from harness.cli.results import again, console, keep
from harness.clock import now_s
from harness.engines import ENGINES, Engine, Isolation
from harness.errors import UsageError
from harness.jobs.course import Action
from harness.jobs.night import chosen_night
from harness.jobs.rehearsal import NightResult, NightSetting
from harness.jobs.report import (
    digest_lines,
    night_document,
    night_heading,
    night_lines,
    night_verdict,
    verdict_line,
)
from harness.jobs.resume import resume, see_resumable
from harness.planning.restart import Plan
from harness.scenario import choose
from harness.servers.given import adopted
from harness.servers.given_server import GivenServer
from harness.servers.interruption import orderly_exit

RUN = "run.json"
_SEQUENCE = "-in-sequence"
_AT_ONCE = "-at-once"


def add_resume_options(parser: argparse.ArgumentParser) -> None:
    """What is said of a night that is to be gone on with, now or later."""
    group = parser.add_argument_group(
        "a night that breaks off",
        "on a given server: it has to outlive the harness. The ledger, the files and the table "
        "backups lie in the run's folder",
    )
    group.add_argument(
        "--keep", action="store_true", help="leave the tables there, however the night ends"
    )
    group.add_argument(
        "--resume",
        type=Path,
        metavar="LEDGER",
        help="go on with the night of this ledger, as the restart planner says; all else that is "
        "said of the night is taken from its run",
    )
    group.add_argument(
        "--restore",
        metavar="T",
        help="with --resume: first put all tables back to this milestone's backup",
    )


def see_kept(arguments: argparse.Namespace) -> None:
    """See that what is to be kept can be, and that the options fit each other.

    Raises:
        UsageError: they do not.
    """
    if arguments.restore and not arguments.resume:
        raise UsageError("--restore: needs the night's ledger", "--resume LEDGER")
    if arguments.plot and arguments.resume:
        raise UsageError("--plot: draws no night that is gone on with", "leave it out")
    given = server_options(arguments).urls
    for option, wanted in (("--keep", arguments.keep), ("--resume", arguments.resume)):
        if wanted and not given:
            raise UsageError(
                f"{option}: a server that the harness starts is gone afterwards, with its data",
                "name the one that keeps them with --server URL",
            )


def setting_document(setting: NightSetting) -> dict[str, Any]:
    """What a resumed night must know of its beginning."""
    return {
        "night": setting.night.name,
        "placement": setting.network.placement.name,
        "scale": setting.scale,
        "seed": setting.seed,
        "business_date": setting.business_date.isoformat(),
        "actions": {milestone: action.value for milestone, action in setting.actions.items()},
        "sessions": setting.sessions,
        "isolation": setting.isolation.slug,
    }


def read_setting(ledger: Path) -> NightSetting:
    """The setting of the run in whose folder a ledger lies.

    Raises:
        UsageError: the run's document is not there, or tells no night.
    """
    path = ledger.parent / RUN
    try:
        return _setting(json.loads(path.read_text(encoding="utf-8"))["setting"], ledger)
    except OSError:
        raise UsageError(
            f"--resume '{ledger}': beside it lies no '{RUN}' that tells the night",
            "name the ledger in the folder of its run",
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"--resume '{ledger}': '{path}' tells no night: {error}") from None


def _setting(said: Mapping[str, Any], ledger: Path) -> NightSetting:
    night = chosen_night(said["night"])
    levels = {level.slug: level for level in Isolation}
    return NightSetting(
        night=night,
        network=night.network(said["placement"]),
        scale=float(said["scale"]),
        seed=int(said["seed"]),
        business_date=date.fromisoformat(said["business_date"]),
        actions={milestone: Action(action) for milestone, action in said["actions"].items()},
        sessions=1 if ledger.stem.endswith(_SEQUENCE) else int(said["sessions"]),
        isolation=levels[said["isolation"]],
    )


def _engine_of(ledger: Path) -> Engine:
    name = ledger.stem.removesuffix(_AT_ONCE).removesuffix(_SEQUENCE)
    choose("engine", name, ENGINES)
    return ENGINES[name]


def run_resume(arguments: argparse.Namespace) -> int:
    """Go on with a night, and print what came of it; the exit status.

    Raises:
        UsageError, LedgerError: it cannot be gone on with; nothing was changed.
    """
    writable(arguments.json, arguments.runs)
    ledger: Path = arguments.resume
    engine = _engine_of(ledger)
    setting = read_setting(ledger)
    see_resumable(setting.network, ledger, arguments.restore)
    missing = Missing(engines_named=True)
    found: list[tuple[Plan, NightResult]] = []
    with missing.noted(engine):
        found.append(_resumed(arguments, engine, setting))
    results = [result for _, result in found]
    if not results:
        missing.print_alone()
    for plan, result in found:
        _print(arguments, plan, result)
    content = {
        **night_document(results),
        "resumed": str(ledger),
        "restored": arguments.restore,
        "plan": [_plan(plan) for plan, _ in found],
        "setting": setting_document(setting),
        "missing": missing.explained(),
    }
    keep(arguments, ["replay", "night", setting.night.name, "--resume"], content)
    return missing.status([night_verdict(results)] if results else [])


def _resumed(
    arguments: argparse.Namespace, engine: Engine, setting: NightSetting
) -> tuple[Plan, NightResult]:
    started = now_s()
    with _database(arguments, engine) as server:
        plan, left = resume(
            engine, server.url(), setting, arguments.resume, restore=arguments.restore
        )
        result = NightResult(engine, server.version, server.source, setting, left)
        if left.run.finished and not arguments.keep:
            server.stop()
    result.elapsed_s = now_s() - started
    return plan, result


@contextmanager
def _database(arguments: argparse.Namespace, engine: Engine) -> Iterator[GivenServer]:
    """The database as the night left it; let go with all that is in it, unless it was emptied."""
    with orderly_exit():
        server = adopted(engine, server_options(arguments))
        try:
            yield server
        finally:
            server.keep()


def _print(arguments: argparse.Namespace, plan: Plan, result: NightResult) -> None:
    out = console()
    out.print(*night_heading(result.setting), "", sep="\n")
    if arguments.restore:
        out.print(f"tables put back to {arguments.restore}")
    for name in plan.redefine:
        out.print(f"redefined: {result.setting.night.titled(name)}: {plan.reasons[name]}")
    for name in plan.again:
        out.print(f"run again: {result.setting.night.titled(name)}: {plan.reasons[name]}")
    out.print(*(f"caution: {caution}" for caution in plan.cautions), sep="\n")
    out.print(*night_lines(result), "", sep="\n")
    if lines := digest_lines([result]):
        out.print(*lines, "", sep="\n")
    out.print(verdict_line([result]))
    if not result.at_once.run.finished:
        out.print(resume_line(arguments.resume, arguments))


def resume_line(ledger: Path, arguments: argparse.Namespace) -> str:
    """How a night that broke off is gone on with."""
    words = ["replay", "night", "--resume", str(ledger), *said_of_servers(arguments)]
    return again(words).replace("again:", "go on:", 1)


def _plan(plan: Plan) -> dict[str, Sequence[str]]:
    return {
        "redefine": plan.redefine,
        "run_again": plan.again,
        "go_on": plan.resume,
        "cautions": plan.cautions,
    }


def given_only(arguments: argparse.Namespace) -> argparse.Namespace:
    """The same, with servers taken only from the given ones where tables are to be kept."""
    if not arguments.keep:
        return arguments
    return argparse.Namespace(**{**vars(arguments), "source": "given", "sequence": False})
