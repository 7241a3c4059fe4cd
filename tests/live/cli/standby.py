"""A command line that stands by: it has imported what takes a second, and forks for each call.

What comes of a fork is a process of its own in a session of its own, with the words, the folder,
the variables and the streams it is given, as a shell would have started it; only the imports are
done. Tests of the start itself, of signals and of terminals start the command as a shell does.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

HARNESS = Path(sys.executable).with_name("harness")
LIMIT_S = 300


class StandBy:
    """The process that forks, as the tests see it. It ends with who started it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        # Without a buffer: select() sees only what nobody has read.
        said = self._process.stdout.fileno()
        self._said = open(said, "rb", buffering=0, closefd=False)  # noqa: SIM115 - to the end

    def run(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> tuple[int, str, str]:
        """Its exit status, and what it said on both streams."""
        with tempfile.TemporaryDirectory() as place:
            streams = [str(Path(place) / name) for name in ("out", "err")]
            asked = [[str(word) for word in words], str(folder), dict(environment), streams]
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()
            pid = int(self._said.readline())
            if not select.select([self._said], [], [], LIMIT_S)[0]:
                with suppress(ProcessLookupError):  # it has ended just now
                    os.killpg(pid, signal.SIGKILL)
            status = os.waitstatus_to_exitcode(int(self._said.readline()))
            out, err = (Path(path).read_text("utf-8") for path in streams)
        return status, out, err


@cache
def stand_by() -> StandBy:
    """The one of this test session."""
    return StandBy()


# -- the process that stands by


def _serve() -> list | None:
    """Fork for each line; in the fork, what it asks for. None when nobody asks any more.

    The fork says its own id, when it has a session: then there is a group that can be killed.
    """
    asked, told = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    for line in asked:
        pid = os.fork()
        if pid == 0:
            os.setsid()
            print(os.getpid(), file=told, flush=True)
            asked.close()
            told.close()
            return json.loads(line)
        print(os.waitpid(pid, 0)[1], file=told, flush=True)
    return None


def _become(words: list[str], folder: str, environment: dict[str, str], streams: list[str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    modes = (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_TRUNC] * 2)
    for number, (path, mode) in enumerate(zip((os.devnull, *streams), modes, strict=True)):
        opened = os.open(path, mode, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.path[1:1] = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.argv = [str(HARNESS), *words]
    # What processes that it starts import first: the same program.
    sys.modules["__main__"].__file__ = str(HARNESS)


if __name__ == "__main__":
    from harness.cli import COMMANDS, main
    from harness.scenario import scenarios

    sys.path[0] = str(HARNESS.parent)
    for command in COMMANDS:
        import_module(f"harness.cli.{command}")
    scenarios()
    gc.freeze()  # as it is advised before a fork: else whoever looks for garbage copies all pages
    if (order := _serve()) is not None:
        _become(*order)
        sys.exit(main())
