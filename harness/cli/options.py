"""Options that several commands share: which engines and levels, and where servers come from."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from harness.engines import ENGINES, Engine, Isolation
from harness.errors import ServerError, UsageError
from harness.interleave.sampled import METHODS
from harness.operations.target import leads_to
from harness.report import runs
from harness.scenario import choose
from harness.servers.given_url import GivenUrl, scheme_of
from harness.servers.options import SOURCE_NAMES, ServerOptions

_GIVEN = (
    "use this server, and no other engine unless --engine names it; its database must be empty or "
    "ours (HARNESS_SERVER gives one beside the other engines' own)"
)


def add_server_options(parser: argparse.ArgumentParser, given: str | None = _GIVEN) -> None:
    """Where servers come from; `given` says what --server means, None that it is refused."""
    group = parser.add_argument_group("servers")
    group.add_argument(
        "--server",
        action="append",
        default=[],
        metavar="URL",
        help=argparse.SUPPRESS if given is None else given,
    )
    sources = [name for name in SOURCE_NAMES if name != "given" or given is not None]
    group.add_argument(
        "--source",
        choices=SOURCE_NAMES,
        metavar=f"{{{','.join(sources)}}}",
        help="take servers only from here (default: the first of these that has one)",
    )
    group.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="ENGINE=IMAGE",
        help="Docker image to use for an engine (also HARNESS_MYSQL_IMAGE, …)",
    )
    group.add_argument(
        "--local-servers",
        action="append",
        default=[],
        metavar="DIR",
        type=Path,
        help="a folder with unpacked server packages (also HARNESS_LOCAL_SERVERS)",
    )
    group.add_argument("--port", type=_port, help="the port our server listens on, on 127.0.0.1")


def server_options(arguments: argparse.Namespace) -> ServerOptions:
    """What was said about servers.

    Raises:
        UsageError: a value cannot be understood.
    """
    for image in arguments.image:
        choose("engine", image.partition("=")[0].lower(), ENGINES)
    return ServerOptions.from_environment(
        source=arguments.source,
        urls=tuple(arguments.server),
        images=tuple(arguments.image),
        folders=tuple(arguments.local_servers),
        port=arguments.port,
    )


def said_of_servers(arguments: argparse.Namespace) -> list[str]:
    """The options about servers that were given, without passwords, to say them again."""
    words = [] if arguments.source is None else ["--source", arguments.source]
    for url in arguments.server:
        words += ["--server", make_url(url).render_as_string(hide_password=True)]
    for image in arguments.image:
        words += ["--image", image]
    for folder in arguments.local_servers:
        words += ["--local-servers", str(folder)]
    return words


def add_engine_option(parser: argparse.ArgumentParser) -> None:
    """Which engines."""
    parser.add_argument(
        "--engine",
        action="append",
        default=[],
        metavar="E",
        help=f"one of {', '.join(ENGINES)}; may be repeated (default: all that can be started)",
    )


def add_result_options(parser: argparse.ArgumentParser) -> None:
    """Where the results go."""
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the results as JSON; - is stdout"
    )
    parser.add_argument(
        "--runs",
        type=Path,
        default=runs.default_folder(),
        metavar="DIR",
        help="where runs are kept (default: runs, also HARNESS_RUNS)",
    )


def add_cell_options(parser: argparse.ArgumentParser) -> None:
    """Which engines and isolation levels."""
    add_engine_option(parser)
    parser.add_argument(
        "--isolation",
        action="append",
        default=[],
        metavar="L",
        help=f"one of {', '.join(level.slug for level in Isolation)}; may be repeated",
    )


def add_bound_options(parser: argparse.ArgumentParser) -> None:
    """What to do when there are too many interleavings."""
    too_big = parser.add_argument_group(
        "when there are too many interleavings",
        "the verdict is then at best unknown, never 'holds'",
    )
    too_big.add_argument(
        "--budget",
        type=duration,
        metavar="60s",
        help="begin no new execution after so long, for each cell: 90s, 5m",
    )
    too_big.add_argument(
        "--preemptions",
        type=_count,
        metavar="N",
        help="search with 0, 1, … up to N preemptions: turns taken from who could have gone on",
    )
    too_big.add_argument(
        "--sample", choices=METHODS, help="draw executions by lot, or with random priorities (pct)"
    )
    too_big.add_argument(
        "--seed", type=int, default=0, metavar="N", help="repeats a sample (default: 0)"
    )


def add_search_options(parser: argparse.ArgumentParser) -> None:
    """How to search, and what to keep."""
    parser.add_argument(
        "--schedule",
        metavar='"T1 T1 T2 …"',
        help="run this one schedule again instead of searching",
    )
    parser.add_argument(
        "--attempts",
        type=positive,
        default=1,
        metavar="N",
        help="run a program that the server refused up to N times (default: 1)",
    )
    parser.add_argument(
        "--step-deadline",
        type=_seconds,
        default=15.0,
        metavar="SECONDS",
        help="a step that neither ends nor waits for so long is unknown (default: 15)",
    )
    parser.add_argument(
        "--max-executions",
        type=positive,
        default=100_000,
        metavar="N",
        help="stop after so many; the verdict is then at best unknown (default: 100000)",
    )
    parser.add_argument(
        "--reduction",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="leave out interleavings that only exchange steps which commute (default: yes)",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        default=min(4, os.cpu_count() or 1),
        metavar="N",
        help="processes that share a search with --no-reduction, each with a database of its own "
        "(default: one for each core, at most 4)",
    )
    parser.add_argument(
        "--stress",
        type=_count,
        default=50,
        metavar="ROUNDS",
        help="free-running rounds after a search that holds, for what overlaps inside statements "
        "(default: 50)",
    )
    add_bound_options(parser)
    _add_kept(parser)


def _add_kept(parser: argparse.ArgumentParser) -> None:
    """What is written, and where."""
    add_result_options(parser)
    parser.add_argument(
        "--script",
        type=Path,
        metavar="DIR",
        help="write each finding as SQL to be typed into the engine's own client, one terminal "
        "for each session",
    )


def chosen_engines(names: Sequence[str]) -> list[Engine]:
    """The engines named, or all.

    Raises:
        UsageError: a name is unknown.
    """
    for name in names:
        choose("engine", name, ENGINES)
    return [ENGINES[name] for name in dict.fromkeys(names)] or list(ENGINES.values())


def asked_engines(arguments: argparse.Namespace) -> list[Engine]:
    """The engines named; else those to which --server leads; else all.

    Who names a server asks about that one: no others are started beside it.

    Raises:
        UsageError: a name is unknown, or a URL malformed.
    """
    if arguments.engine or not arguments.server or arguments.source not in (None, "given"):
        return chosen_engines(arguments.engine)
    given = {engine.name for url in arguments.server for engine in _led_to(GivenUrl(url))}
    return [engine for engine in ENGINES.values() if engine.name in given]


def _led_to(given: GivenUrl) -> list[Engine]:
    """The engine at a URL; of a server that does not answer, each that it may be."""
    try:
        return [leads_to(given, list(ENGINES.values()))[0]]
    except ServerError:
        scheme = scheme_of(make_url(given.text.strip()))
        return [engine for engine in ENGINES.values() if scheme in engine.recipe.schemes]


def chosen_isolations(names: Sequence[str], default: Sequence[Isolation]) -> list[Isolation]:
    """The levels named, or the default ones.

    Raises:
        UsageError: a name is unknown.
    """
    by_slug = {level.slug: level for level in Isolation}
    for name in names:
        choose("isolation level", name, by_slug)
    return [by_slug[name] for name in dict.fromkeys(names)] or list(default)


def writable(json: Path | None, folder: Path, option: str = "--json") -> None:
    """See that the results can be written before work is done for them.

    Raises:
        UsageError: a folder does not exist, or cannot be written.
    """
    if json is not None:
        if not json.absolute().parent.is_dir():
            raise UsageError(
                f"{option} '{json}': its folder does not exist", "make the folder first"
            )
        if json.is_dir():
            raise UsageError(f"{option} '{json}': is a folder", "name a file in it")
        if not os.access(json if json.exists() else json.absolute().parent, os.W_OK):
            raise UsageError(f"{option} '{json}': cannot be written", "is it yours?")
    if not runs.can_be_made(folder):
        raise UsageError(
            f"--runs '{folder}': cannot be written", "name another folder, also in HARNESS_RUNS"
        )


def positive(text: str) -> int:
    """A whole number of 1 or more; argparse's own error for anything else."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of 1 or more")
    return int(text)


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text}: must be 0 or more")
    return number


def duration(text: str) -> float:
    """Seconds from '90', '90s' or '5m'; argparse's own error for anything else.

    >>> duration("90s"), duration("5m")
    (90.0, 300.0)
    """
    factor = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:])
    return _seconds(text[:-1]) * factor if factor else _seconds(text)


def above_zero(text: str, *, of: str = "", most: float = math.inf) -> float:
    """A number above 0, `of` something, `most` so high; argparse's own error for anything else.

    >>> above_zero("0.5")
    0.5
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf or number > most:
        bound = "" if most == math.inf else f", at most {most:g}"
        raise argparse.ArgumentTypeError(f"'{text}' is not a number{of} above 0{bound}")
    return number


_seconds = partial(above_zero, of=" of seconds")


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port: a number from 1 to 65535")
    return int(text)
