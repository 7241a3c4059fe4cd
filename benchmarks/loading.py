r"""Loading large data: the harness beside the engine's own client, on the same files and server.

The files of a dataset are written once and copied beside the server. In each round both sides load
them into a database of their own with all tables, keys and indexes in place, every file in the same
order, with one commit at the end, and take turns at being first. The harness sends its files from
here over TCP; the client (`psql` with \copy, `mysql` and `mariadb` with LOAD DATA LOCAL) runs in
the server's container and uses its socket. What it takes to start the client for nothing is taken
off its time. Beside it stands the whole `harness data load`: rows made, loaded and compared.

Exit status: 0 all goals reached, 1 not, 2 a server is not to be had.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath

import docker

from harness.engines import ENGINES, Engine, Profile
from harness.errors import HarnessError
from harness.loading.dataset import Generated, datasets
from harness.loading.loader import driver_connection, load, load_files, opened
from harness.loading.spool import Spool, Spooler
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose, start
from harness.servers.options import ServerOptions
from harness.servers.register import LABEL_ID
from harness.servers.server import Inspectable, Server

GOAL = 0.7
"""Of the client's speed."""
DATASET = "vehicle-maintenance"
BUSINESS_DATE = date(2024, 10, 15)
BESIDE = PurePosixPath("/tmp/loading")  # noqa: S108 - inside the container, which is ours


@dataclass
class Side:
    """What was measured on one engine, in rounds."""

    name: str
    version: str
    rows: int
    ours_s: list[float] = field(default_factory=list)
    client_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The harness's speed as a part of the client's, the median of the rounds."""
        return statistics.median(
            client / ours for client, ours in zip(self.client_s, self.ours_s, strict=True)
        )


def lines(engine: Engine, spool: Spool) -> list[str]:
    """What the client is told: every file."""
    return [
        engine.loading.client_line(file.table.name, file.columns, Path(BESIDE, file.path.name))
        for file in spool.files
    ]


def put_beside(server: Server, spool: Spool) -> None:
    """Copy the files into the server's container."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for file in spool.files:
            archive.add(file.path, f"{BESIDE.name}/{file.path.name}")
    client = docker.from_env()
    try:
        (container,) = [
            one
            for one in client.containers.list(filters={"label": LABEL_ID})
            if str(server.url().port) in str(one.ports)
        ]
        container.put_archive(str(BESIDE.parent), made.getvalue())
    finally:
        client.close()


def client_s(server: Server, engine: Engine, generated: Generated, spool: Spool) -> float:
    """How long the client takes for the files, without its own start."""
    assert isinstance(server, Inspectable), "a container's tools can be run"
    with fresh_database(server) as url, opened(engine, url) as database:
        generated.metadata.create_all(database)
        taken = []
        for told in (["SELECT 1"], lines(engine, spool)):
            words = engine.loading.client(str(url.database), told)
            began = time.perf_counter()
            server.run_tool(engine.client.program, *words)
            taken.append(time.perf_counter() - began)
    return taken[1] - taken[0]


def ours_s(server: Server, engine: Engine, generated: Generated, spool: Spool) -> float:
    """How long the harness takes for the files."""
    with fresh_database(server) as url, opened(engine, url) as database:
        generated.metadata.create_all(database)
        with driver_connection(database) as connection:
            began = time.perf_counter()
            load_files(engine, connection, spool)
            return time.perf_counter() - began


def whole_s(server: Server, engine: Engine, generated: Generated) -> float:
    """How long it takes to make the rows, load them and compare the digests."""
    with fresh_database(server) as url:
        began = time.perf_counter()
        loaded = load(engine, url, generated, lambda _blocks, _rows: None)
        assert loaded.sent == loaded.held, f"{engine.name}: not all rows arrived"
        return time.perf_counter() - began


def measure(engine: Engine, generated: Generated, spool: Spool, repeat: int) -> Side:
    """Take turns at loading, on one server.

    Raises:
        HarnessError: the server cannot be had or refused.
    """
    options = ServerOptions.from_environment(source="docker")
    settings = engine.loading.settings
    with start(choose(engine, options), Profile.DURABLE, settings=settings) as server:
        put_beside(server, spool)
        side = Side(engine.name, server.version, sum(file.rows for file in spool.files))
        for number in range(repeat):
            if number % 2:
                side.ours_s.append(ours_s(server, engine, generated, spool))
            side.client_s.append(client_s(server, engine, generated, spool))
            if not number % 2:
                side.ours_s.append(ours_s(server, engine, generated, spool))
            print(".", end="", flush=True, file=sys.stderr)
        side.whole_s.append(whole_s(server, engine, generated))
    return side


def report(sides: Sequence[Side]) -> list[dict[str, object]]:
    """Print the table; the figures."""
    print(
        "\nengine             rows   client rows/s     ours  ratio  goal     made, loaded, compared"
    )
    figures: list[dict[str, object]] = []
    for side in sides:
        ours, client, whole = (
            side.rows / statistics.median(taken)
            for taken in (side.ours_s, side.client_s, side.whole_s)
        )
        print(
            f"{side.name:11} {side.rows:11,}  {client:14,.0f} {ours:8,.0f}  {side.ratio:5.2f}"
            f"  >= {GOAL}  {whole:12,.0f} rows/s   {side.version}"
        )
        figures.append(
            {
                "name": side.name,
                "version": side.version,
                "rows": side.rows,
                "client_rows_per_s": round(client),
                "ours_rows_per_s": round(ours),
                "whole_rows_per_s": round(whole),
                "ratio": round(side.ratio, 3),
                "ratios": [
                    round(c / o, 3) for c, o in zip(side.client_s, side.ours_s, strict=True)
                ],
                "goal": GOAL,
                "reached": side.ratio >= GOAL,
            }
        )
    return figures


def main() -> int:
    """Run the benchmark."""
    made = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    made.add_argument("--scale", type=float, default=0.1, help="of the dataset (default 0.1)")
    made.add_argument("--repeat", type=int, default=3, help="rounds of each engine (default 3)")
    made.add_argument(
        "--engine", action="append", choices=list(ENGINES), help="only this one; may be repeated"
    )
    made.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = made.parse_args()
    generated = datasets()[DATASET](arguments.scale, 1, BUSINESS_DATE)
    with tempfile.TemporaryDirectory(prefix="loading-") as folder:
        spool = Spooler(generated, Path(folder), blocks=generated.blocks).write()
        assert spool is not None, "every scale has a block"
        try:
            sides = [
                measure(ENGINES[name], generated, spool, arguments.repeat)
                for name in arguments.engine or ENGINES
            ]
        except HarnessError as error:
            print(error.explain(), file=sys.stderr)
            return error.exit_status
    figures = report(sides)
    reached = all(side.ratio >= GOAL for side in sides)
    if arguments.json:
        arguments.json.write_text(json.dumps({"sides": figures, "reached": reached}, indent=2))
    print(f"\n{'reached' if reached else 'missed'}: at least {GOAL} of the client's speed")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
