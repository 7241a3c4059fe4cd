"""The scripts around Docker: they can be run, bash can read them, and they keep their promises.

No server is started here; that the images work is shown by the live tests, which use them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tidy.source import ROOT

DOCKER = ROOT / "docker"
ENTRY_POINTS = {name: DOCKER / name / "entrypoint" for name in ("mysql", "mariadb", "postgresql")}
SCRIPTS = [ROOT / ".ci" / "run", DOCKER / "prepare", *ENTRY_POINTS.values()]
# What the official images document, as far as ours promise it; docker/README.md lists the same.
VARIABLES = {
    "mysql": {
        "MYSQL_ROOT_PASSWORD",
        "MYSQL_RANDOM_ROOT_PASSWORD",
        "MYSQL_ALLOW_EMPTY_PASSWORD",
        "MYSQL_ROOT_HOST",
        "MYSQL_DATABASE",
        "MYSQL_USER",
        "MYSQL_PASSWORD",
    },
    "mariadb": {
        "MARIADB_ROOT_PASSWORD",
        "MARIADB_RANDOM_ROOT_PASSWORD",
        "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
        "MYSQL_ALLOW_EMPTY_PASSWORD",
        "MARIADB_ROOT_HOST",
        "MARIADB_DATABASE",
        "MARIADB_USER",
        "MARIADB_PASSWORD",
    },
    "postgresql": {
        "POSTGRES_PASSWORD",
        "POSTGRES_USER",
        "POSTGRES_DB",
        "POSTGRES_INITDB_ARGS",
        "POSTGRES_HOST_AUTH_METHOD",
        "PGDATA",
    },
}
HOST = re.compile(
    r"\b(?:https?|ftp|rsync)://[^\s'\"]+|\b(?:[a-z0-9-]+\.)+(?:debian|ubuntu)\.(?:org|com|net)\b"
)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("script", SCRIPTS, ids=relative)
def test_script_can_be_executed(script: Path) -> None:
    assert os.access(script, os.X_OK), f"chmod +x {relative(script)}"


@pytest.mark.parametrize("script", SCRIPTS, ids=relative)
def test_bash_can_read_the_script(script: Path) -> None:
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS, ids=relative)
def test_shellcheck_finds_nothing(script: Path) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("script", [DOCKER / "prepare", *ENTRY_POINTS.values()], ids=relative)
def test_script_ends_at_its_first_failure(script: Path) -> None:
    assert "\nset -euo pipefail\n" in script.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", VARIABLES)
def test_entry_point_knows_every_promised_variable(name: str) -> None:
    text = ENTRY_POINTS[name].read_text(encoding="utf-8")
    assert {variable for variable in VARIABLES[name] if variable not in text} == set()


@pytest.mark.parametrize("name", VARIABLES)
def test_every_promised_variable_is_in_the_readme(name: str) -> None:
    text = (DOCKER / "README.md").read_text(encoding="utf-8")
    assert {variable for variable in VARIABLES[name] if f"`{variable}`" not in text} == set()


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(DOCKER.rglob("*")) if path.is_file()] + [ROOT / ".ci" / "run"],
    ids=relative,
)
def test_no_mirror_is_named(path: Path) -> None:
    assert HOST.findall(path.read_text(encoding="utf-8")) == []


def test_help_names_every_image() -> None:
    done = subprocess.run(
        [DOCKER / "prepare", "--help"], capture_output=True, text=True, check=True
    )
    assert [
        word for word in ("mysql:9.7", "mariadb:11.8", "postgres:18") if word not in done.stdout
    ] == []


def test_unknown_argument_is_wrong_usage() -> None:
    done = subprocess.run(
        [DOCKER / "prepare", "--chekc"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 64
    assert done.stderr.endswith("docker/prepare: unknown argument '--chekc'\n")


def fake_commands(folder: Path, **scripts: str) -> dict[str, str]:
    """An environment in which these commands come first."""
    for name, script in scripts.items():
        command = folder / name
        command.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        command.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "HARNESS_CACHE": str(folder)}


def test_check_says_when_docker_does_not_answer(tmp_path: Path) -> None:
    environment = fake_commands(tmp_path, docker="exit 1")
    done = subprocess.run(
        [DOCKER / "prepare", "--check"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.split("s  ")[-1]) == (1, "Docker does not answer\n")


def test_unreachable_docker_host_is_not_replaced_by_a_daemon_of_our_own(tmp_path: Path) -> None:
    environment = fake_commands(tmp_path, docker="exit 1", dockerd=f"touch {tmp_path}/started")
    done = subprocess.run(
        [DOCKER / "prepare"],
        env={**environment, "DOCKER_HOST": "tcp://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "docker/prepare: no Docker answers at DOCKER_HOST='tcp://127.0.0.1:1'\n"
        "  hint: start it, or unset DOCKER_HOST to use one of this machine\n"
    )
    assert not (tmp_path / "started").exists()


# Which daemons there are, each time it is asked; of the last it is asked again and again.
DAEMONS = {
    "none": [None],
    "one that is ending": ["S (sleeping)", "S (sleeping)", None],
    "one that has ended": ["Z (zombie)"],
}


@pytest.mark.parametrize("states", DAEMONS.values(), ids=DAEMONS.keys())
@pytest.mark.skipif(
    os.geteuid() != 0 or Path("/run/systemd/system").exists(), reason="needs root, and no systemd"
)
def test_daemon_is_started_when_none_is_there_any_more(tmp_path: Path, states) -> None:
    """The real one of this machine is not seen: `grep` shows it other processes."""
    for number, state in enumerate(states):
        (tmp_path / f"asked-{number}").mkdir()
        if state is not None:
            (tmp_path / f"asked-{number}" / "status").write_text(f"State:\t{state}\n")
    grep = f"""
case "$*" in
    *dockerd*)
        cd "{tmp_path}" && set -- asked-*
        [ ! -e asked ] || [ $# -eq 1 ] || {{ rm -r "$1"; shift; }}
        >asked
        [ ! -e "$1/status" ] || echo "{tmp_path}/$1/comm" ;;
    *) exec "{shutil.which("grep")}" "$@" ;;
esac"""
    started = tmp_path / "started"
    environment = fake_commands(
        tmp_path,
        docker=f'[ -e "{started}" ]',
        dockerd=f'cd "{tmp_path}" && ls -d asked-* >"{started}"',
        grep=grep,
    )
    environment.pop("DOCKER_HOST", None)
    done = subprocess.run(
        [DOCKER / "prepare"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "started dockerd, process" in done.stdout
    assert started.read_text().split() == [f"asked-{len(states) - 1}"]
