"""A client in a process of its own, so that it can be killed and paused as a program can.

It is started like a server: in a private folder, in the register, gone whatever happens. What it
needs to know, a password among it, goes through its standard input, and what it says comes back
line by line; lines that it had written are still read after it was killed.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import harness
from harness.errors import DeadlineExceeded, ServerError
from harness.servers import folders
from harness.servers.account import Account
from harness.servers.guard import Guard
from harness.servers.register import new_name

_ERRORS = "errors.txt"


class ClientProcess:
    """One running client: a module of this installation, run as a program."""

    def __init__(self, module: str, folder: Path) -> None:
        self._module = module
        self._folder = folder
        source = str(Path(harness.__file__).parent.parent)
        path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))
        with (folder / _ERRORS).open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,
                text=True,
            )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def say(self, line: str) -> None:
        """Send it a line.

        Raises:
            ServerError: it has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._ended() from error

    def heard(self, limit_s: float = 30.0) -> str:
        """The next line that it says.

        Raises:
            DeadlineExceeded: it said nothing in time.
            ServerError: it has ended.
        """
        try:
            line = self._lines.get(timeout=limit_s)
        except queue.Empty:
            raise DeadlineExceeded(f"client: said nothing within {limit_s:g} s") from None
        if line is None:
            raise self._ended()
        return line

    def kill(self) -> list[str]:
        """SIGKILL; returns when it is gone, with the lines that nobody had heard yet.

        Raises:
            ServerError: it had ended by itself, so nobody was killed.
        """
        self._process.kill()
        if self._process.wait() != -signal.SIGKILL:
            raise self._ended()
        self._reader.join()
        left = []
        while (line := self._lines.get()) is not None:
            left.append(line)
        return left

    def pause(self) -> None:
        """SIGSTOP: it goes on living, and does nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill it if it still runs. May be called again."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what it had not read is lost with it
                    continue

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _ended(self) -> ServerError:
        said = (self._folder / _ERRORS).read_text(encoding="utf-8", errors="replace").strip()
        last = said.splitlines()[-1][:300] if said else "nothing"
        return ServerError(f"client {self._module}: has ended", f"its last words: {last}")


@contextmanager
def client_process(module: str) -> Iterator[ClientProcess]:
    """A client for the time of a `with` block.

    Raises:
        ServerError: no folder can be made for it.
    """
    name = new_name()
    account = Account(os.geteuid(), os.getegid(), ours=True)
    folder = folders.for_server(name, account)
    guard = Guard(f"client {module}", folders=(folder,), name=name)
    try:
        folders.make_private(folder, account)
        client = ClientProcess(module, folder)
        try:
            yield client
        finally:
            client.end()
    finally:
        guard.release()
