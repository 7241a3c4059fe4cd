"""Bad situations end in one clear error, and leave nothing."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest
from live.servers.conftest import offered, options

from harness.engines import ENGINES, Profile
from harness.errors import NotReady, ServerError, SourceUnavailable
from harness.servers import folders, ladder, register
from harness.servers.offer import Missing

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))
    yield
    assert list(register.records()) == []


@pytest.fixture
def wrong_setting(offer):
    return {"shared_buffers" if offer.engine.name == "postgresql" else "no_such_option": "wrong"}


def test_server_that_ends_while_starting_shows_its_last_words(offer, wrong_setting):
    with (
        pytest.raises(ServerError, match="ended while starting") as caught,
        ladder.start(offer, Profile.EXPLORING, settings=wrong_setting),
    ):
        pytest.fail("started")
    assert "exit status" in caught.value.message
    assert any(hint.startswith("its log says: ") for hint in caught.value.hints)
    assert next(iter(wrong_setting)).replace("_", "-") in caught.value.explain().replace("_", "-")


def test_server_that_is_not_ready_in_time_says_so(offer):
    hurried = options(start_limit_s=0.001)
    with (
        pytest.raises(NotReady, match=r"not ready after 0\.0 s \(") as caught,
        ladder.start(offer, Profile.EXPLORING, options=hurried),
    ):
        pytest.fail("started")
    assert "hint: the last attempt to connect said: " in caught.value.explain()


def test_given_port_is_used(offer):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with ladder.start(offer, Profile.EXPLORING, options=options(port=port)) as server:
        assert server.url().port == port


def test_given_port_that_is_taken_is_an_error(offer):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = options(port=other.getsockname()[1])
        with (
            pytest.raises(ServerError, match=rf"port {taken.port} is taken"),
            ladder.start(offer, Profile.EXPLORING, options=taken),
        ):
            pytest.fail("started")


def test_free_port_that_is_taken_meanwhile_is_replaced(offer, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        from harness.servers import ports

        really_free = ports.free
        answers = iter([taken])
        monkeypatch.setattr(ports, "free", lambda: next(answers, None) or really_free())
        with ladder.start(offer, Profile.EXPLORING) as server:
            assert server.url().port != taken


def test_image_that_cannot_be_had_is_unavailable_with_a_hint(docker_engine):
    missing = options("docker", images=("mysql=harness-no-such-image:1",))
    with pytest.raises(SourceUnavailable) as caught:
        ladder.choose(ENGINES["mysql"], missing)
    assert caught.value.message.startswith("image harness-no-such-image:1: not on this machine")
    assert "docker/prepare" in caught.value.explain()


def test_image_that_vanished_after_the_probe_is_unavailable(docker_engine):
    from harness.servers.container import open_container
    from harness.servers.offer import Wanted

    with pytest.raises(ServerError, match="harness-no-such-image"):
        open_container(ENGINES["mysql"], "harness-no-such-image:1", None, Wanted(Profile.EXPLORING))


@pytest.mark.parametrize("engine", list(ENGINES))
def test_machine_without_docker_says_so_and_offers_the_next_source(monkeypatch, engine):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    answer = ladder.LADDER["docker"](ENGINES[engine], options())
    assert isinstance(answer, Missing)
    assert answer.reason.startswith("Docker: no engine answers (")
    assert answer.error is None
    with pytest.raises(SourceUnavailable, match="no engine answers"):
        ladder.choose(ENGINES[engine], options("docker"))


def test_docker_socket_of_others_is_forbidden(tmp_path, monkeypatch):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(path))
        if os.geteuid() != 0:
            path.chmod(0)
            monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
            answer = ladder.LADDER["docker"](ENGINES["mysql"], options())
            assert answer.reason == "Docker: its socket is forbidden to this user"
        else:
            pytest.skip("root may open every socket")


def test_damaged_template_is_made_anew(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path_factory.mktemp("cache")))
    offer = offered("postgresql", "local")
    with ladder.start(offer, Profile.EXPLORING):
        pass
    [entry] = (folders.cache() / "data").iterdir()
    control = entry / "data" / "global" / "pg_control"
    for damage in (b"\0" * control.stat().st_size, b""):
        control.write_bytes(damage)
        with ladder.start(offer, Profile.EXPLORING) as server:
            assert server.version


def let_others_enter(place):
    """As root, servers run as another user, who must be able to enter every folder above."""
    for folder in (place, *place.parents):
        if folder.stat().st_mode & 0o001 == 0:
            folder.chmod(folder.stat().st_mode | 0o001)


def test_full_disk_is_an_error_that_says_so(tmp_path, monkeypatch):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=1777", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk")
    let_others_enter(disk)
    offer = offered("postgresql", "local")
    with ladder.start(offer, Profile.EXPLORING):
        pass  # the template is there now, on another disk
    try:
        monkeypatch.setenv("TMPDIR", str(disk))
        monkeypatch.setattr("tempfile.tempdir", None)
        with (
            pytest.raises(ServerError, match=r"(?i)no space left"),
            ladder.start(offer, Profile.EXPLORING),
        ):
            pytest.fail("started")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_temporary_folder_closed_to_the_servers_user_is_replaced(tmp_path, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("TMPDIR", str(closed))
    monkeypatch.setattr("tempfile.tempdir", None)
    with ladder.start(offered("postgresql", "local"), Profile.EXPLORING) as server:
        [folder, *_] = server._guard.record.folders
        assert Path(folder).is_relative_to(closed) == (os.geteuid() != 0)


def test_long_temporary_folder_is_no_obstacle_for_sockets(tmp_path, monkeypatch):
    long = Path("/tmp") / ("harness-test-" + "x" * 100)
    long.mkdir(mode=0o755, exist_ok=True)
    try:
        monkeypatch.setenv("TMPDIR", str(long))
        monkeypatch.setattr("tempfile.tempdir", None)
        with ladder.start(offered("postgresql", "local"), Profile.EXPLORING) as server:
            assert server.version
        assert list(long.iterdir()) == []
    finally:
        long.rmdir()


def test_wheel_in_a_closed_home_is_copied_to_where_servers_reach_it(monkeypatch, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("an ordinary user's servers run as that user")
    offered("postgresql", "wheel")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    let_others_enter(tmp_path)
    from harness.servers import wheel
    from harness.servers.account import Account

    reaches = Account.reaches
    monkeypatch.setattr(
        Account,
        "reaches",
        lambda account, path: "site-packages" not in str(path) and reaches(account, path),
    )
    monkeypatch.setattr(folders, "shared_cache", lambda _account: tmp_path)
    with ladder.start(wheel.offer(ENGINES["postgresql"], options()), Profile.EXPLORING) as server:
        assert server._programs.installation.server.is_relative_to(tmp_path)
