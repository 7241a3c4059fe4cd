"""What is to be seen of a server from outside: processes, containers, folders, sockets."""

from __future__ import annotations

import socket
from pathlib import Path

import psutil

from harness.servers import docker_engine, processes, register
from harness.servers.register import LABEL_ID


def remains_of(name: str, folders: list[Path]) -> list[str]:
    """Everything that is still there of a thing with this name."""
    left = [str(folder) for folder in folders if folder.exists()]
    left += [str(process) for folder in folders for process in processes.inside(folder)]
    left += [record.name for record in register.records() if record.name == name]
    return left + containers_of(name)


def containers_of(name: str) -> list[str]:
    """Containers and volumes with this label; none if there is no Docker engine."""
    try:
        with docker_engine.connected() as client:
            wanted = {"label": f"{LABEL_ID}={name}"}
            found = client.containers.list(all=True, filters=wanted, ignore_removed=True)
            return [one.name for one in (*found, *client.volumes.list(filters=wanted))]
    except docker_engine.SourceUnavailable:
        return []


def listening_addresses(port: int) -> set[str]:
    """The addresses on which somebody on this machine listens on a port."""
    return {
        connection.laddr.ip
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    }


def other_addresses() -> list[str]:
    """This machine's addresses beside the loopback ones."""
    return [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]


def command_lines() -> list[str]:
    """The arguments and, where we may read them, the variables of every process."""
    found = []
    for process in psutil.process_iter():
        try:
            found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found
