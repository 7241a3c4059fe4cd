"""Servers listen on 127.0.0.1 only, and their passwords are told to nobody else."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from live.servers import evidence

from harness.servers import asking

pytestmark = pytest.mark.integration


def test_server_listens_on_the_loopback_address_only(running):
    assert evidence.listening_addresses(running.server.url().port) == {"127.0.0.1"}


def test_server_cannot_be_reached_by_another_address_of_this_machine(running):
    for address in evidence.other_addresses():
        with socket.socket() as client:
            client.settimeout(2)
            assert client.connect_ex((address, running.server.url().port)) != 0, address


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_nobody_gets_in_without_the_password(running, host):
    for password in ("", "wrong"):
        url = running.server.url().set(password=password, host=host)
        with pytest.raises(running.engine.driver_error):
            asking.ask(running.engine, url, "SELECT 1")


def test_other_users_without_password_do_not_exist(running):
    for user in ("", "root", "mysql", "postgres", "mariadb.sys", "nobody"):
        url = running.server.url().set(password="", username=user)
        with pytest.raises(running.engine.driver_error):
            asking.ask(running.engine, url, "SELECT 1")


def test_password_is_in_no_argument_of_any_process(running):
    password = running.server.url().password
    assert not [line for line in evidence.command_lines() if password in line]


def test_password_is_in_no_log(running):
    assert running.server.url().password not in running.server.log()


def test_password_is_in_no_representation(running):
    password = running.server.url().password
    shown = f"{running.server.url()!r} {running.server.url()} {running.server!r}"
    assert password not in shown
    assert password not in running.server._guard.record.as_json()


def test_password_is_not_in_the_description_of_the_container(running, docker_engine):
    if running.source != "docker":
        pytest.skip("not a container")
    container = running.server._wrapped()
    container.reload()
    assert running.server.url().password not in str(container.attrs)


def test_folders_of_the_server_are_closed_to_other_users(running):
    for folder in running.server._guard.record.folders:
        assert Path(folder).stat().st_mode & 0o077 == 0


def test_server_never_runs_as_root(running):
    for folder in running.server._guard.record.folders:
        for process in evidence.processes.inside(folder):
            assert process.uids().effective != 0, process
