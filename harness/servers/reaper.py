"""The reaper: a small process that ends what the harness left, however the harness ended.

It holds the reading end of a pipe from the harness. The harness tells it of each thing before the
thing is started, and of each thing that is gone. When the pipe closes -- after SIGKILL as well --
it ends what remains. It has a session of its own, so Ctrl-C does not reach it.

Lines on the pipe: `+ RECORD` guards a thing, `? NAME` says that it was asked for and may
appear late, `= NAME` that the answer came, `- NAME` that it is gone.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

from harness.errors import HarnessError
from harness.servers import register, remains
from harness.servers.register import Record


class Reaper:
    """The harness's end of the pipe. One for each process that starts something."""

    def __init__(self) -> None:
        self._owner = os.getpid()
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.servers.reaper", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": path},
        )
        atexit.register(self.close)

    def tell(self, line: str) -> None:
        """Send one line. A reaper that is gone is no reason to fail: the register remains."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def close(self) -> None:
        """Close the pipe and wait until the reaper has ended what remained."""
        assert self._process.stdin is not None
        if os.getpid() != self._owner:
            return
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


_reapers: dict[int, Reaper] = {}
_lock = threading.Lock()


def current() -> Reaper:
    """This process's reaper, started when first needed.

    A forked child starts its own: the parent's pipe is not the child's to write to.
    """
    with _lock:
        if os.getpid() not in _reapers:
            _reapers[os.getpid()] = Reaper()
        return _reapers[os.getpid()]


def main() -> None:
    """Read lines until the harness is gone, then end what remains."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    guarded: dict[str, Record] = {}
    unanswered: set[str] = set()
    for line in _lines(sys.stdin.fileno(), int(sys.argv[1])):
        verb, _, rest = line.partition(" ")
        if verb == "+":
            record = Record.parse(rest)
            guarded[record.name] = record
        elif verb == "?":
            unanswered.add(rest)
        elif verb == "=":
            unanswered.discard(rest)
        elif verb == "-":
            guarded.pop(rest, None)
    for name, record in guarded.items():
        with contextlib.suppress(HarnessError):  # the register keeps it for `clean`
            remains.remove(record, unanswered=name in unanswered)
            register.remove(name)


def _lines(pipe: int, owner: int) -> list[str]:
    """All lines up to the end of the pipe or of the harness, whichever comes first.

    Children that the harness forked may hold the pipe open after it died, hence the second.
    """
    wanted = [pipe]
    with contextlib.suppress(OSError, AttributeError):  # an old kernel: the pipe alone must do
        wanted.append(os.pidfd_open(owner))
    text = b""
    while True:
        ready, _, _ = select.select(wanted, [], [])
        if pipe in ready:
            chunk = os.read(pipe, 65536)
            text += chunk
            if chunk:
                continue
        return text.decode().splitlines()


if __name__ == "__main__":
    main()
