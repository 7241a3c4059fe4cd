"""`harness plan`: what to do after a crash, how long it takes, what locks and log it needs."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import __version__
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.plan_texts import DESCRIPTION, EPILOG, TEACHING, examples_of
from harness.errors import UsageError
from harness.jobs.ledger import read_ledger
from harness.jobs.network import Network
from harness.jobs.night import Night, chosen_night
from harness.jobs.standing import NightStanding, crash_in, standing_of
from harness.planning import explained
from harness.planning.backup_plan import backup_plan
from harness.planning.calibration import (
    NoLine,
    calibrated_document,
    calibrated_lines,
    read_calibrations,
)
from harness.planning.log_volume import LogModel, log_volumes
from harness.planning.recovery_time import BACK_MS, FORWARD_MS, predict
from harness.planning.restart import NO_LOG_MODES, Failure, Plan, plan_restart
from harness.report import runs

_LOGGED = "logged"

Told = tuple[list[str], dict[str, Any], int]
"""The lines, the document and the exit status."""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "plan", "plan a night and its restart", DESCRIPTION, EPILOG)
    what = parser.add_subparsers(metavar="WHAT", required=True, parser_class=Parser)
    for name, summary, add in (
        ("restart", "what to do after a crash", _add_restart),
        ("recovery-time", "how long the server takes to come back", _add_recovery_time),
        ("lock-memory", "how many locks are held at once", _add_lock_memory),
        ("log-volume", "how much log a day writes", _add_log_volume),
        ("backups", "which tables to back up when", _add_backups),
    ):
        one = add_command(what, name, summary, TEACHING[name], examples_of(name))
        one.add_argument("--night", metavar="NAME", help="default: the first that is installed")
        one.add_argument(
            "--json", type=Path, metavar="FILE", help="write the answer as JSON; - is stdout"
        )
        add(one)


def _runs(parser: Parser, tell: Callable[[argparse.Namespace, Night], Told]) -> None:
    def run(arguments: argparse.Namespace) -> int:
        night = chosen_night(arguments.night)
        lines, document, status = tell(arguments, night)
        print("\n".join(lines))
        if arguments.json is not None:
            runs.write(arguments.json, {"harness": __version__, "night": night.name, **document})
        return status

    parser.set_defaults(run=run)


def _add_placement(parser: Parser) -> None:
    parser.add_argument(
        "--placement",
        metavar="P",
        help="which job runs in which window; an unknown name lists all (default: the first)",
    )


def _add_crash(parser: Parser, default: str | None = None) -> None:
    said = f" (default: {default})" if default else ""
    parser.add_argument(
        "--crash", default=default, metavar="W", help=f"the window: 2, or T2-T3{said}"
    )


def _add_restart(parser: Parser) -> None:
    _add_placement(parser)
    _add_crash(parser)
    parser.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        metavar="T",
        help="a milestone at which a checkpoint was taken; may be repeated",
    )
    for option, what in (("--ended", "had ended"), ("--not-started", "had not begun")):
        parser.add_argument(
            option,
            action="append",
            default=[],
            metavar="JOB",
            help=f"this job of the window {what}; may be repeated (default: all are at work)",
        )
    parser.add_argument(
        "--ledger", type=Path, metavar="FILE", help="how the night stands by its own ledger"
    )
    parser.add_argument(
        "--failure",
        choices=["server", "program"],
        default="server",
        help="what broke: the server, or only the jobs at work (default: server)",
    )
    parser.add_argument(
        "--work-tables",
        choices=[*NO_LOG_MODES, _LOGGED],
        default="exam",
        help="; ".join(f"{m.name}: {m.sentence}" for m in NO_LOG_MODES.values())
        + f"; {_LOGGED}: the mode is cancelled (default: exam)",
    )
    _runs(parser, _restart)


def _restart(arguments: argparse.Namespace, night: Night) -> Told:
    network = night.network(arguments.placement)
    head = [*_heading(night, network), f"work tables: {_mode_sentence(arguments.work_tables)}"]
    failure = Failure.SERVER if arguments.failure == "server" else Failure.PROGRAM
    if arguments.crash is None and arguments.ledger is None:
        return _restart_table(arguments, night, network, failure, head)
    standing, where = _standing(arguments, network)
    plan = _planned(arguments, night, network, standing, failure)
    lines = [
        *head,
        f"{failure.value} {where}",
        *(f"  {line}" for line in explained.moment_lines(night, network, standing)),
        "",
        *explained.plan_lines(night, plan),
        "",
        *(f"not certain: {caution}" for caution in plan.cautions),
        explained.plan_verdict(plan),
    ]
    document = {"placement": network.placement.name, "plan": explained.plan_document(plan)}
    return lines, document, 2 if plan.cautions else 0


def _restart_table(
    arguments: argparse.Namespace,
    night: Night,
    network: Network,
    failure: Failure,
    head: list[str],
) -> Told:
    for option in ("checkpoint", "ended", "not_started"):
        if getattr(arguments, option):
            word = option.replace("_", "-")
            raise UsageError(f"--{word}: says how a crash found the night", "add --crash W")
    plans = []
    for window, checkpoint in explained.crashes(network):
        standing = crash_in(network, window, checkpoints=[checkpoint] if checkpoint else [])
        plan = _planned(arguments, night, network, standing, failure)
        plans.append((window, checkpoint, plan))
    document = {
        "placement": network.placement.name,
        "plans": [
            {"window": window, "checkpoint": checkpoint, **explained.plan_document(plan)}
            for window, checkpoint, plan in plans
        ],
    }
    uncertain = sum(bool(plan.cautions) for *_, plan in plans)
    what = "crashes"
    if failure is Failure.PROGRAM:
        what = f"{failure.value}s"
        head = [*head, f"{what}: the jobs at work in the window died, and the server went on"]
    verdict = (
        f"unknown: {uncertain} of {len(plans)} {what}; see each with --crash and --checkpoint"
        if uncertain
        else f"holds: after all {len(plans)} {what} the night ends as it would have without"
    )
    return (
        [*head, "", *explained.restart_table(network, plans), "", verdict],
        document,
        (2 if uncertain else 0),
    )


def _planned(
    arguments: argparse.Namespace,
    night: Night,
    network: Network,
    standing: NightStanding,
    failure: Failure,
) -> Plan:
    if arguments.work_tables == _LOGGED:
        return plan_restart(network, standing, failure=failure)
    mode = NO_LOG_MODES[arguments.work_tables]
    return plan_restart(network, standing, night.no_log, mode=mode, failure=failure)


def _standing(arguments: argparse.Namespace, network: Network) -> tuple[NightStanding, str]:
    if arguments.ledger is not None:
        if arguments.crash or arguments.checkpoint or arguments.ended or arguments.not_started:
            raise UsageError("--ledger: says by itself how the night stood", "leave --crash out")
        if not arguments.ledger.is_file():
            raise UsageError(
                f"--ledger '{arguments.ledger}': there is no such file",
                "`harness replay night` keeps a night's ledgers in the folder of its run",
            )
        standing = standing_of(network, read_ledger(arguments.ledger))
        return standing, f"as '{arguments.ledger}' has it"
    window = _window(arguments.crash, network)
    standing = crash_in(
        network,
        window,
        checkpoints=arguments.checkpoint,
        ended=arguments.ended,
        not_started=arguments.not_started,
    )
    return standing, f"in {explained.span(network, window)}"


def _window(text: str, network: Network) -> int:
    """The window of '2', 'W2' or 'T2-T3'.

    Raises:
        UsageError: it is none.
    """
    if found := re.fullmatch(r"[Ww]?(\d{1,3})", text):
        return int(found[1])
    first, _, last = text.partition("-")
    pairs = list(zip(network.milestones, network.milestones[1:], strict=False))
    if (first, last) in pairs:
        return pairs.index((first, last)) + 1
    raise UsageError(
        f"--crash '{text}': is no window", f"say 1 to {len(pairs)}, or '{'-'.join(pairs[0])}'"
    )


def _mode_sentence(name: str) -> str:
    if name == _LOGGED:
        return "with a log, as any other table"
    return f"without log; {NO_LOG_MODES[name].sentence}"


def _heading(night: Night, network: Network) -> Iterator[str]:
    yield f"{night.title}: {night.source}"
    yield f"assumed: placement {network.placement.name}, {network.placement.sentence}"


def _add_recovery_time(parser: Parser) -> None:
    _add_placement(parser)
    _add_crash(parser, "5")
    parser.add_argument(
        "--checkpoint", default="T3", metavar="T", help="the last checkpoint (default: T3)"
    )
    for option, default, what in (
        ("--forward-ms", FORWARD_MS, "to roll a row forward"),
        ("--back-ms", BACK_MS, "to roll a row back"),
    ):
        parser.add_argument(
            option, type=float, default=default, metavar="MS", help=f"{what} (default: {default:g})"
        )
    parser.add_argument(
        "--commit-units",
        action="store_true",
        help="of a job that commits in between, roll back one unit and not the whole",
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="FILE",
        help="beside it what servers here would take: what `drill recovery-time --json` wrote",
    )
    _runs(parser, _recovery_time)


def _recovery_time(arguments: argparse.Namespace, night: Night) -> Told:
    for name in ("forward_ms", "back_ms"):
        if not 0 <= getattr(arguments, name) < float("inf"):
            raise UsageError(f"--{name.replace('_', '-')}: must be 0 or more")
    measured = [] if arguments.calibration is None else read_calibrations(arguments.calibration)
    network = night.network(arguments.placement)
    window = _window(arguments.crash, network)
    times = predict(
        network,
        window,
        arguments.checkpoint,
        no_log=night.no_log,
        whole_rollback=not arguments.commit_units,
        forward_ms=arguments.forward_ms,
        back_ms=arguments.back_ms,
    )
    lines = [
        *_heading(night, network),
        f"server failure in {explained.span(network, window)}",
        f"last checkpoint at {arguments.checkpoint}",
        f"{arguments.forward_ms:g} ms a row forward, {arguments.back_ms:g} ms a row back",
        "",
        *explained.time_lines(night, times),
        *([""] if measured else []),
        *calibrated_lines(measured, times),
    ]
    document = {
        "placement": network.placement.name,
        "window": window,
        "checkpoint": arguments.checkpoint,
        "cases": [
            {
                "case": time.case,
                "forward": list(time.forward),
                "forward_rows": time.forward_rows,
                "back": list(time.back),
                "back_rows": time.back_rows,
                "recovery_s": time.seconds,
            }
            for time in times
        ],
        "calibrated": calibrated_document(measured, times),
    }
    return lines, document, 2 if any(isinstance(c.by_rows, NoLine) for c in measured) else 0


def _add_lock_memory(parser: Parser) -> None:
    _add_placement(parser)
    _runs(parser, _lock_memory)


def _lock_memory(arguments: argparse.Namespace, night: Night) -> Told:
    network = night.network(arguments.placement)
    lines = [
        *_heading(night, network),
        "assumed: a row that is added or updated is one lock, held to the commit, and a",
        "table without log is one lock as a whole. A server that keeps row locks in the rows",
        "themselves needs no memory for them",
        "",
        *explained.lock_lines(night, network),
        "",
        *explained.sized_lines(night, network),
    ]
    return lines, explained.lock_document(night, network), 0


def _add_log_volume(parser: Parser) -> None:
    parser.add_argument(
        "--io-per-update",
        type=int,
        choices=[1, 2],
        action="append",
        help="page I/Os of an updated row: the exam does not say (default: both readings)",
    )
    for option, default, what in (
        ("--rows-per-page", 20, "rows on a page"),
        ("--io-ms", 10, "one page I/O"),
        ("--limit-s", 300, "the longest a recovery from the log may take"),
    ):
        parser.add_argument(
            option,
            type=int if option == "--rows-per-page" else float,
            default=default,
            metavar="N",
            help=f"{what} (default: {default})",
        )
    _runs(parser, _log_volume)


def _log_volume(arguments: argparse.Namespace, night: Night) -> Told:
    model = LogModel(arguments.rows_per_page, arguments.io_ms, arguments.limit_s)
    volumes = log_volumes(night, model, arguments.io_per_update or (1, 2))
    return explained.volume_lines(night, volumes), explained.volume_document(volumes), 0


def _add_backups(parser: Parser) -> None:
    _add_placement(parser)
    _runs(parser, _backups)


def _backups(arguments: argparse.Namespace, night: Night) -> Told:
    network = night.network(arguments.placement)
    online = frozenset[str]().union(*(job.writes for job in night.online))
    plan: Mapping[str, frozenset[str]] = backup_plan(network, online, night.no_log)
    lines = [*_heading(night, network), "", *explained.backup_lines(night, network, plan)]
    tables: dict[str, Sequence[str]] = {name: sorted(found) for name, found in plan.items()}
    return lines, {"placement": network.placement.name, "backups": tables}, 0
