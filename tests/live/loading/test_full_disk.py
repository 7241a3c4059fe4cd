"""A disk that is really full: the server's, and that of the files to be loaded."""

from __future__ import annotations

import subprocess
from datetime import date

import pytest

from harness.engines import ENGINES, Profile
from harness.errors import ServerError, SourceUnavailable
from harness.loading.loader import load
from harness.loading.spool import Spooler
from harness.servers import asking, ladder
from harness.servers.container import DockerServer
from harness.servers.docker import version_of
from harness.servers.offer import Wanted
from harness.servers.options import ServerOptions
from schema.vehicle_maintenance.generator import generate

pytestmark = pytest.mark.integration

TODAY = date(2024, 10, 15)
# Some 80,000 rows; the room that is left holds a part of them.
BUSINESS = generate(0.02, 1, TODAY)
ROOM_MB = 4
SMALL = "/small"


class SmallServer(DockerServer):
    """A server in a container that has a small disk, in memory, beside its own or instead."""

    disk = SMALL
    size_mb = 6

    def _new_container(self):
        container = super()._new_container()
        return container.with_tmpfs_mount(self.disk, f"size={self.size_mb}m,mode=1777")

    def run_inside(self, *words: str) -> None:
        done = self._wrapped().exec_run(list(words), user="root")
        assert done.exit_code == 0, done.output


class SmallDataServer(SmallServer):
    """The whole data directory is on the small disk."""

    disk = "/var/lib/mysql"
    size_mb = 500


def with_a_full_data_directory(server: SmallDataServer) -> str:
    """Fill the disk but for a little; where to connect."""
    fill = f"dd if=/dev/zero of={server.disk}/ballast bs=1M; truncate -s -{ROOM_MB}M"
    server.run_inside("sh", "-c", f"{fill} {server.disk}/ballast")
    return ""


def with_a_small_tablespace(server: SmallServer) -> str:
    """A place for tables on the small disk; a full disk of the log would end the server."""
    server.run_inside("install", "-d", "-o", "postgres", f"{SMALL}/tables")
    asking.tell(server.engine, server.url(), [f"CREATE TABLESPACE small LOCATION '{SMALL}/tables'"])
    return " TABLESPACE small"


KINDS = {
    "mysql": (SmallDataServer, with_a_full_data_directory),
    "mariadb": (SmallDataServer, with_a_full_data_directory),
    "postgresql": (SmallServer, with_a_small_tablespace),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_full_disk_of_the_server_is_said_and_its_answer_is_unknown(name):
    engine = ENGINES[name]
    options = ServerOptions.from_environment(source="docker")
    try:
        offer = ladder.choose(engine, options)
    except SourceUnavailable as error:
        pytest.skip(error.explain())
    made, prepare = KINDS[name]
    wanted = Wanted(Profile.EXPLORING, dict(engine.loading.settings))
    server = made(engine, engine.recipe.container.image, version_of(offer.version), wanted)
    server.open(port_is_fixed=False)
    try:
        suffix = prepare(server)
        asking.tell(engine, server.url(), [f"CREATE DATABASE full_one{suffix}"])
        with pytest.raises(ServerError) as caught:
            load(engine, server.url("full_one"), BUSINESS, lambda _blocks, _rows: None)
    finally:
        server.stop()
    assert caught.value.message == f"{name}: the server's disk is full"
    assert caught.value.hints[1] == "make room, or load a smaller --scale"
    assert caught.value.exit_status == 2


def test_no_room_for_the_files_is_said(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be made: {mounted.stderr.strip()}")
    try:
        with pytest.raises(ServerError) as caught:
            Spooler(BUSINESS, tmp_path).write()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert caught.value.explain() == (
        f"folder {tmp_path}: no room left for the files to be loaded\n"
        "  hint: name another folder for temporary files in TMPDIR"
    )
