"""The engines' own clients as processes, fed as a person would type, one turn at a time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest

from harness.clock import Deadline, pause, poll
from harness.engines import ENGINES
from harness.testing import LiveDatabase

TURN = re.compile(r"^-- turn (\d+).*\n", re.MULTILINE)
LIMIT_S = 20.0


def command(database: LiveDatabase) -> tuple[list[str], dict[str, str]]:
    """The client's words and variables; one on this machine, else the one beside the server."""
    url, client = database.url, ENGINES[database.kind].client
    words = [*client.connect(str(url.database)), *client.batch]
    if database.kind == "postgresql" and shutil.which(client.program):
        given = {"PGHOST": url.host, "PGPORT": str(url.port), "PGUSER": url.username}
        return words, {**given, "PGPASSWORD": url.password}
    container = getattr(database.server, "_container", None)
    if container is None:
        pytest.skip(f"no {client.program} on this machine, and the server is in no container")
    recipe = database.target.engine.recipe
    tools = recipe.tools
    own = tools.environment("/run/harness/client.conf", recipe.container.place, 5432)
    inside = [word for name, value in own.items() for word in ("--env", f"{name}={value}")]
    program, *others = words
    name = container.get_wrapped_container().id
    docker = ["docker", "exec", "-i", *inside, name, program]
    return [*docker, *tools.arguments("/run/harness/client.conf"), *others], {}


class Terminal:
    """One client, whose answers come line by line."""

    def __init__(self, database: LiveDatabase) -> None:
        words, variables = command(database)
        self._process = subprocess.Popen(
            words,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._lines: Queue[str] = Queue()
        self.errors: list[str] = []
        """What it has said beside its answers, so far."""
        self._ears = [Thread(target=ear, daemon=True) for ear in (self._listen, self._overhear)]
        for ear in self._ears:
            ear.start()
        self._asked = 0
        self.session = int(self.ask(f"{database.target.engine.session_query};\n")[-1])

    def _listen(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))

    def _overhear(self) -> None:
        for line in self._process.stderr:
            self.errors.append(line.rstrip("\n"))

    def type(self, text: str) -> None:
        """Type lines, and what tells that they have been answered."""
        self._asked += 1
        self._process.stdin.write(f"{text}select 'answered {self._asked}';\n")
        self._process.stdin.flush()

    def answer(self) -> list[str]:
        """The lines of the answer, when it has come."""
        lines: list[str] = []
        deadline = Deadline.after(LIMIT_S)
        while not lines or lines[-1] != f"answered {self._asked}":
            assert not deadline.over(), f"no answer in {LIMIT_S} s, only {lines}"
            try:
                lines.append(self._lines.get(timeout=1.0))
            except Empty:
                assert self._process.poll() is None, f"the client ended: {lines}"
        return lines[:-1]

    def ask(self, text: str) -> list[str]:
        """Type, and wait for the answer."""
        self.type(text)
        return self.answer()

    def silent(self) -> bool:
        """Whether nothing has been answered since what was typed last."""
        return self._lines.empty()

    def close(self) -> None:
        """End the client."""
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for ear in self._ears:
            ear.join(5)
        self._process.stdout.close()
        self._process.stderr.close()


class Desk:
    """Terminals for all sessions of a script, on one database, and a look at who waits."""

    def __init__(self, database: LiveDatabase, folder: Path) -> None:
        self.folder = folder
        self.terminals: dict[str, Terminal] = {}
        self._database = database
        setting_up = Terminal(database)
        try:
            setting_up.ask((folder / "setup.sql").read_text("utf-8"))
        finally:
            setting_up.close()
        assert not setting_up.errors
        for path in sorted(folder.glob("T*.sql")):
            self.terminals[path.stem] = Terminal(database)
        self.probe = database.target.engine.probe(database.url)
        self.probe.watch({name: one.session for name, one in self.terminals.items()})

    def play(self) -> dict[int, list[str]]:
        """Type every turn in its order; the answers by turn. A wait must be a wait."""
        turns, waits = self.turns()
        answers: dict[int, list[str]] = {}
        hanging: dict[str, int] = {}
        for number in sorted(turns):
            name, text = turns[number]
            terminal = self.terminals[name]
            terminal.type(text)
            if number in waits:
                self.await_wait(name)
                assert terminal.silent()
                hanging[name] = number
            else:
                answers[number] = terminal.answer()
            for other, waiting in list(hanging.items()):
                if self._due(waiting) == number:
                    del hanging[other]
                    answers[waiting] = self.terminals[other].answer()
                elif other != name:
                    assert self.terminals[other].silent(), f"{other} should still hang"
        assert not hanging
        return answers

    def turns(self) -> tuple[dict[int, tuple[str, str]], set[int]]:
        turns: dict[int, tuple[str, str]] = {}
        waits = set()
        for name, terminal in self.terminals.items():
            head, *parts = TURN.split((self.folder / f"{name}.sql").read_text("utf-8"))
            terminal.ask(head)
            for number, text in zip(parts[::2], parts[1::2], strict=True):
                turns[int(number)] = name, text.strip() + "\n"
            text = (self.folder / f"{name}.sql").read_text("utf-8")
            waits |= {int(n) for n in re.findall(r"^-- turn (\d+) <waits", text, re.MULTILINE)}
        return turns, waits

    def _due(self, waiting: int) -> int | None:
        """The turn in which the schedule says that a waiting one goes on."""
        turn = 0
        for line in (self.folder / "schedule.txt").read_text("utf-8").splitlines():
            if found := re.match(r" *(\d+)  T", line):
                turn = int(found[1])
            if f"goes on with turn {waiting}:" in line:
                return turn
        return None

    def await_wait(self, name: str) -> None:
        for _ in poll(Deadline.after(LIMIT_S), f"{name} waits by the server's word"):
            if name in self.probe.waiting(list(self.terminals)):
                # Who types by hand takes longer than a server does to look for a deadlock.
                pause(self.probe.unexamined_s())
                return

    def close(self) -> None:
        """End the clients."""
        self.probe.close()
        for terminal in self.terminals.values():
            terminal.close()
