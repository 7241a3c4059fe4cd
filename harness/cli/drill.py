"""`harness drill`: rehearsals with a verdict, on servers that are killed for it."""

from __future__ import annotations

from harness.cli import (
    drill_crash,
    drill_list,
    drill_lock_memory,
    drill_log_space,
    drill_program,
    drill_recovery_time,
    drill_steps,
    drill_work_tables,
)
from harness.cli.parser import Parser, Subparsers, add_command

_DESCRIPTION = """\
Break something on purpose on a server of the harness's own, and see what is left. A given server
(--server) is never killed."""

_EPILOG = """\
examples:
  harness drill crash --kills 12
  harness drill work-tables
  harness drill list"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command with its drills."""
    parser = add_command(
        subparsers, "drill", "kill servers, and see what is left", _DESCRIPTION, _EPILOG
    )
    drills = parser.add_subparsers(metavar="DRILL", required=True, parser_class=Parser)
    for drill in (
        drill_crash,
        drill_recovery_time,
        drill_steps,
        drill_program,
        drill_work_tables,
        drill_lock_memory,
        drill_log_space,
        drill_list,
    ):
        drill.add_parser(drills)
