"""The planners' answers in words: lines for a terminal, and values for a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len

from harness.engines import ENGINES
from harness.jobs.network import Network
from harness.jobs.night import Night
from harness.jobs.standing import NightStanding, Standing
from harness.planning.lock_memory import job_locks, settings_for_rows, window_locks
from harness.planning.log_volume import LogVolume
from harness.planning.recovery_time import RecoveryTime
from harness.planning.restart import Plan

_GAP = "  "


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Rows in columns; those whose numbers are in `right` end at the same place.

    >>> aligned([["job", "rows"], ["契約", "5"]], right=[1])
    ['job   rows', '契約     5']
    """
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            room + text if place in right else text + room
            for place, text in enumerate(row)
            for room in [" " * (widths[place] - cell_len(text))]
        ]
        lines.append(_GAP.join(cells).rstrip())
    return lines


def span(network: Network, window: int) -> str:
    """A window by its milestones: 'window 2 (T2 to T3)'."""
    first, last = network.milestones[window - 1 : window + 1]
    return f"window {window} ({first} to {last})"


def moment_lines(night: Night, network: Network, moment: NightStanding) -> Iterator[str]:
    """How the night stands."""
    for standing in (Standing.ENDED, Standing.STARTED):
        names = [name for name in network.job_order if moment.jobs[name] is standing]
        word = "at work" if standing is Standing.STARTED else standing.value
        yield f"{word}: {', '.join(map(night.titled, names)) or 'none'}"
    ended = set(moment.those(Standing.ENDED))
    if ended and moment.checkpointed == ended:
        yield "on the disk by a checkpoint: all that ended"
    elif ended:
        saved = [name for name in network.job_order if name in moment.checkpointed]
        yield f"on the disk by a checkpoint: {', '.join(saved) or 'none of them'}"


def plan_lines(night: Night, plan: Plan) -> list[str]:
    """The steps, numbered, each with its reason; then what comes after them."""
    steps = [("redefine", table) for table in plan.redefine]
    steps += [("run again", job) for job in plan.again]
    rows = [
        [f"{number:>3}", what, night.titled(name), plan.reasons.get(name, "")]
        for number, (what, name) in enumerate(steps, start=1)
    ]
    lines = aligned(rows) if rows else ["nothing to redefine, nothing to run again"]
    lines += [
        f"lost, and needed no more: {night.titled(table)}; redefine it before the next night"
        for table in plan.unneeded
    ]
    if plan.resume:
        lines.append(f"then go on with {', '.join(map(night.titled, plan.resume))}")
    return lines


def plan_verdict(plan: Plan) -> str:
    """The last paragraph."""
    steps = f"{len(plan.redefine)} to redefine, {len(plan.again)} to run again"
    if plan.cautions:
        return f"unknown: {steps}; the night may end otherwise than without the failure"
    return f"holds: {steps}; then the night ends as it would have without the failure"


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as values."""
    return {
        "failure": plan.failure.value,
        "redefine": list(plan.redefine),
        "again": list(plan.again),
        "resume": list(plan.resume),
        "reasons": dict(plan.reasons),
        "unneeded": list(plan.unneeded),
        "cautions": list(plan.cautions),
    }


def crashes(network: Network) -> Iterator[tuple[int, str | None]]:
    """Every window with every last checkpoint that there can be before it; None for none."""
    for window in range(1, len(network.milestones)):
        yield window, None
        for milestone in network.milestones[1:window]:
            yield window, milestone


def restart_table(network: Network, plans: Sequence[tuple[int, str | None, Plan]]) -> list[str]:
    """The plans after a server failure in every window, with all its jobs at work."""
    rows = [["crash in", "checkpoint", "redefine", "run again, in this order"]]
    for window, checkpoint, plan in plans:
        again = ", ".join(plan.again) + (" (not certain)" if plan.cautions else "")
        where = span(network, window)
        rows.append([where, checkpoint or "none", ", ".join(plan.redefine) or "-", again])
    return aligned(rows)


def time_lines(night: Night, times: Sequence[RecoveryTime]) -> Iterator[str]:
    """The two cases of a recovery time."""
    for time in times:
        forward = ", ".join(map(night.titled, time.forward)) or "none"
        back = ", ".join(map(night.titled, time.back)) or "none"
        yield f"{time.case} case: {time.seconds:g} s"
        yield f"  rolled forward: {forward}"
        yield f"    {time.forward_rows:,} rows, one after the other"
        yield f"  rolled back: {back}"
        if time.back:
            yield f"    {time.back_rows:,} rows of the largest; the others beside it"


def lock_lines(night: Night, network: Network) -> list[str]:
    """Locks of each job, and at once in each window."""
    rows = [["window", "job", "no-log mode", "mode cancelled"]]
    for window in window_locks(network, night.no_log):
        for name in network.jobs_in(window.window):
            locks = job_locks(network.jobs[name], night.no_log)
            rows.append(["", night.titled(name), f"{locks.without_log:,}", f"{locks.with_log:,}"])
        at_once = [f"{window.without_log:,}", f"{window.with_log:,}"]
        rows.append([span(network, window.window), "at once, at most", *at_once])
    return aligned(rows, right=[2, 3])


def sized_lines(night: Night, network: Network) -> list[str]:
    """What that asks of each engine's memory for locks."""
    rows = max(window.with_log for window in window_locks(network, night.no_log))
    lines = [f"{rows:,} rows locked at once, were each in a page of its own, ask for"]
    for engine in ENGINES.values():
        settings = settings_for_rows(engine.lock_memory, rows)
        said = ", ".join(f"{name} of {value} or more" for name, value in settings.items())
        lines.append(f"  {engine.title}: {said or f'nothing: {engine.lock_memory.sentence}'}")
    return lines


def lock_document(night: Night, network: Network) -> dict[str, Any]:
    """The same as values."""
    return {
        "placement": network.placement.name,
        "jobs": {
            job.name: {"no_log_locks": locks.without_log, "logged_locks": locks.with_log}
            for job in night.jobs
            for locks in [job_locks(job, night.no_log)]
        },
        "windows": [
            {
                "window": window.window,
                "no_log_locks": window.without_log,
                "logged_locks": window.with_log,
                "held_by": list(window.held_by),
            }
            for window in window_locks(network, night.no_log)
        ],
        "settings": {
            engine.name: dict(
                settings_for_rows(
                    engine.lock_memory,
                    max(window.with_log for window in window_locks(network, night.no_log)),
                )
            )
            for engine in ENGINES.values()
        },
    }


def volume_lines(night: Night, volumes: Sequence[LogVolume]) -> list[str]:
    """Each reading of what an update costs."""
    one = volumes[0]
    model = one.model
    head = ["I/Os an update", "I/Os of adds", "of updates", "seconds", "backups", "longest part"]
    rows = [
        [
            str(volume.model.io_per_update),
            f"{volume.add_ios:,}",
            f"{volume.update_ios:,}",
            f"{volume.seconds:,.0f} s",
            str(volume.backups),
            f"{volume.longest_part_s:.1f} s",
        ]
        for volume in volumes
    ]
    return [
        f"{night.title}: {night.source}",
        f"a day writes log of {one.added_rows:,} added and {one.updated_rows:,} updated rows;",
        f"{one.unlogged_rows:,} of them into work tables, whose no-log mode is cancelled",
        f"{model.rows_per_page} rows a page, {model.io_ms:g} ms a page I/O",
        f"at most {model.limit_s:g} s to recover from the log",
        "assumed: an added page is written once and not read; how many I/Os an updated row costs",
        "is a column; the backup of the evening before is the first part's beginning",
        "",
        *aligned([head, *rows], right=range(6)),
    ]


def volume_document(volumes: Sequence[LogVolume]) -> dict[str, Any]:
    """The same as values."""
    return {
        "readings": [
            {
                "io_per_update": volume.model.io_per_update,
                "added_rows": volume.added_rows,
                "updated_rows": volume.updated_rows,
                "unlogged_rows": volume.unlogged_rows,
                "add_ios": volume.add_ios,
                "update_ios": volume.update_ios,
                "recovery_s": volume.seconds,
                "backups": volume.backups,
                "longest_part_s": volume.longest_part_s,
            }
            for volume in volumes
        ]
    }


def backup_lines(night: Night, network: Network, plan: Mapping[str, frozenset[str]]) -> list[str]:
    """Table 5: a mark for each table that is backed up at a milestone."""
    tables = [name for name in night.table_order if name not in night.no_log]
    head = ["", *(night.table_titles.get(name, name) for name in tables)]
    rows = [
        [milestone, *("○" if table in plan[milestone] else "." for table in tables)]
        for milestone in network.milestones
    ]
    marks = sum(len(found) for found in plan.values())
    return [*aligned([head, *rows]), "", f"{marks} backups of one table each"]
