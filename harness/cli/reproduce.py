"""`harness reproduce SCENARIO`: what happens, and which fix holds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from harness.checks.verdict import Verdict
from harness.cli.options import (
    add_cell_options,
    add_search_options,
    add_server_options,
    writable,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.results import say_beside
from harness.cli.search import Search, run_searches
from harness.engines import Engine
from harness.errors import UsageError
from harness.report import runs
from harness.report.expected import Key, expected_document, read_expected
from harness.scenario import Scenario, Variant, choose, scenarios

_DESCRIPTION = """\
Run a scenario's programs on real servers through every possible interleaving and say, for each
engine, isolation level and variant, whether it holds. 'current' is the arrangement as it is; the
other variants are fixes. The shortest execution that breaks it is drawn, with the command that runs
it again. 'all' runs every scenario, one server of each engine for all of them.

With --expect the run is compared with a stored one, cell by cell: the verdict, and the counts of
executions, outcomes, anomalies, deadlocks and refusals that are stored. Each value that is another
now is printed with both. Cells that were not asked for are left alone."""

_EPILOG = """\
examples:
  harness reproduce problem-2
  harness reproduce problem-2 --engine postgresql --isolation repeatable-read
  harness reproduce problem-2 --variant current --variant locking-read --json result.json
  harness reproduce all --write-expected verdicts.json     (then change a program, or a server)
  harness reproduce all --expect verdicts.json             what that changed

exit status: 0 as expected, 1 a verdict is news or differs from what is stored, 2 unknown, or not
             everything could be compared, 64 wrong usage, 70 the harness failed"""

ALL = "all"


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "reproduce", "try a scenario on every engine", _DESCRIPTION, _EPILOG
    )
    parser.add_argument(
        "scenario",
        metavar="SCENARIO",
        help=f"for instance problem-2; '{ALL}' for every one; an unknown name lists them",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="SCENARIO",
        help=f"with '{ALL}': leave this one out, for it takes too long; may be repeated",
    )
    add_cell_options(parser)
    parser.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="V",
        help="'current' or a fix by name; an unknown name lists them; may be repeated "
        "(default: all)",
    )
    parser.add_argument(
        "--expect",
        type=Path,
        metavar="FILE",
        help="the --json or --write-expected of an earlier run: what is otherwise now is news",
    )
    parser.add_argument(
        "--write-expected",
        type=Path,
        metavar="FILE",
        help="write verdicts and counts, without findings and times, for a later --expect",
    )
    add_search_options(parser)
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explore the cells of one scenario, or of all, and compare them if that is wanted.

    Raises:
        UsageError: a name is unknown, or a file cannot be read or written.
    """
    known = scenarios()
    choose("scenario", arguments.scenario, {**known, ALL: None})
    for name in arguments.without:
        choose("scenario", name, known)
    everything = arguments.scenario == ALL
    if arguments.without and not everything:
        raise UsageError(f"--without: leaves scenarios out of '{ALL}'")
    names = [name for name in known if name not in arguments.without]
    chosen = [known[name] for name in (names if everything else [arguments.scenario])]
    if not chosen:
        raise UsageError("--without: no scenario is left")
    searches = [
        Search(["reproduce", scenario.name], scenario, variants, arguments)
        for scenario in chosen
        if (variants := _variants(scenario, arguments.variant, elsewhere=chosen))
    ]
    stored = None if arguments.expect is None else read_expected(arguments.expect)
    if stored is not None and arguments.schedule is not None:
        raise UsageError("--expect: a search is compared, and --schedule makes none")
    if arguments.write_expected is not None:
        writable(arguments.write_expected, arguments.runs, "--write-expected")

    def conclude(
        content: Mapping[str, Any], engines: Sequence[Engine], not_run: Mapping[str, str]
    ) -> Verdict:
        if arguments.write_expected is not None and content["cells"]:
            runs.write(arguments.write_expected, expected_document(content))
            say_beside(f"written: {arguments.write_expected}")
        if stored is None:
            return Verdict.HOLDS
        comparison = stored.compare(content["cells"], _asked(searches, engines), not_run)
        print(f"\ncompared with {arguments.expect}:")
        print(*comparison.lines(), sep="\n")
        return comparison.verdict

    return run_searches(["reproduce", arguments.scenario], searches, conclude)


def _variants(
    scenario: Scenario, names: Sequence[str], elsewhere: Sequence[Scenario]
) -> Sequence[Variant]:
    """The variants named, or all; none if only another of the scenarios has them.

    Raises:
        UsageError: no scenario has a variant of that name.
    """
    known = {name: variant for one in elsewhere for name, variant in one.variants.items()}
    for name in names:
        choose("variant", name, known)
    wanted = list(dict.fromkeys(names)) or list(scenario.variants)
    return [scenario.variants[name] for name in wanted if name in scenario.variants]


def _asked(searches: Sequence[Search], engines: Sequence[Engine]) -> Iterator[Key]:
    """Every cell that the run was to explore."""
    for search in searches:
        for engine, level, variant in product(engines, search.levels(), search.variants):
            yield search.scenario.name, variant.name, engine.name, level.slug
