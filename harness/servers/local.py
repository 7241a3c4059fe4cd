"""Servers from programs on this machine, as direct children of the harness.

Direct children, because a killed server must be waited for: a dead one that nobody has reaped
still holds its lock file's process number, and a restart would be refused.
"""

from __future__ import annotations

import secrets
import signal
import subprocess
from pathlib import Path

from sqlalchemy import URL

from harness.engines.engine import Engine, Profile
from harness.engines.recipe import Layout, Settings
from harness.errors import DeadlineExceeded, HarnessError, ServerError
from harness.servers import asking, folders, ports, processes, readiness, template
from harness.servers.guard import Guard
from harness.servers.offer import Wanted
from harness.servers.programs import Programs
from harness.servers.register import new_name

HALT_LIMIT_S = 60.0
_ATTEMPTS = 4


class LocalServer:
    """One server that runs as our child; Killable, Pausable and Inspectable as well."""

    def __init__(
        self,
        engine: Engine,
        programs: Programs,
        wanted: Wanted,
        source: str,
    ) -> None:
        self.engine = engine
        self.source = source
        self.profile: Profile = wanted.profile
        self.version = ""
        self._programs = programs
        self._start_limit_s = wanted.start_limit_s
        self._settings: Settings = {
            **engine.recipe.settings(wanted.profile, programs.installation.version),
            **wanted.settings,
        }
        self._password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        name = new_name()
        folder = folders.for_server(name, programs.account)
        sockets = folders.for_sockets(name, folder)
        self._layout = Layout(folder, sockets, wanted.port or ports.free())
        self._guard = Guard(f"{engine.name}, {source}", folders=(folder, sockets), name=name)

    def open(self, *, port_is_fixed: bool) -> None:
        """Make the data directory, start, set the password, wait for the first answer.

        Raises:
            ServerError: it did not start; nothing is left of it.
        """
        try:
            self._prepare()
            self._start(claiming=True, port_is_fixed=port_is_fixed)
        except BaseException as error:
            self.stop()
            # Our own time-outs are OSErrors as well, and already say what there is to say.
            if isinstance(error, OSError) and not isinstance(error, HarnessError):
                raise ServerError(f"{self._subject}: {error}") from error
            raise

    def url(self, database: str | None = None) -> URL:
        """Where to connect as administrator. Never print it: it holds the password."""
        return self.engine.url(ports.LOOPBACK, self._layout.port, self._password, database)

    def stop(self) -> None:
        """Kill it and remove everything that was made for it. May be called again."""
        if self._guard.ours():
            self._end_now()
            self._guard.release()

    def kill(self) -> None:
        """SIGKILL every process of the server; returns when they are gone. Data stay."""
        self._end_now()

    def halt(self) -> None:
        """Orderly shutdown that keeps the data, so that `restart` can follow.

        Raises:
            DeadlineExceeded: it did not end in time; it still runs.
        """
        if self._process is None:
            return
        number = signal.Signals[self.engine.recipe.stop_signal]
        self._process.send_signal(number)
        processes.thaw(self._layout.folder)  # a paused server would not hear it
        try:
            self._process.wait(HALT_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise DeadlineExceeded(
                f"{self._subject}: not ended {HALT_LIMIT_S:g} s after {number.name}",
                f"log: {self._layout.log}",
            ) from None
        self._process = None
        # PostgreSQL's main process leaves last, but not every helper of every server does so.
        processes.kill(self._layout.folder)

    def restart(self) -> None:
        """Start again on the same port and data and wait until a query is answered."""
        if self._process is not None:
            self.halt()
        self._start(claiming=False, port_is_fixed=True)

    def died(self) -> str | None:
        """How its main process ended, in words; None while it lives. Any thread may ask."""
        return self._died()

    def pause(self) -> None:
        """SIGSTOP every process of the server."""
        processes.freeze(self._layout.folder)

    def resume(self) -> None:
        """SIGCONT every process of the server."""
        processes.thaw(self._layout.folder)

    def log(self) -> str:
        """The server's own log so far."""
        if not self._layout.log.exists():
            return ""
        return self._layout.log.read_text(encoding="utf-8", errors="replace")

    @property
    def log_path(self) -> Path | None:
        """The log's file."""
        return self._layout.log

    @property
    def workplace(self) -> str:
        """A folder that the server and its tools can write to; gone after `stop`."""
        return str(self._layout.exchange)

    def run_tool(self, name: str, *arguments: str) -> str:
        """Run one of the server's own tools beside it, as its account; its output.

        Raises:
            ServerError: it ended with another exit status than 0.
        """
        tools = self.engine.recipe.tools
        client = str(self._layout.client)
        place = str(self._layout.sockets)
        done = self._programs.run(
            name,
            (*tools.arguments(client), *arguments),
            folder=self._layout.folder,
            more=tools.environment(client, place, self._layout.port),
        )
        if done.returncode != 0:
            words = done.stderr.decode(errors="replace").strip().split("\n")[-1]
            raise ServerError(
                f"{name}: ended with exit status {done.returncode}", f"it said: {words[:300]}"
            )
        return done.stdout.decode(errors="replace")

    @property
    def _subject(self) -> str:
        return f"{self.engine.name} ({self.source})"

    def _prepare(self) -> None:
        account = self._programs.account
        folders.make_private(self._layout.folder, account)
        folders.make_private(self._layout.sockets, account)
        folders.make_private(self._layout.exchange, account)
        template.copy_to(self._layout.data, self.engine, self._programs, self.profile)
        self._write_client_file()

    def _write_client_file(self) -> None:
        tools = self.engine.recipe.tools
        text = tools.configuration(str(self._layout.sockets), self._layout.port, self._password)
        folders.write_private(self._layout.client, text, self._programs.account)

    def _start(self, *, claiming: bool, port_is_fixed: bool) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                # Asked first: whoever listens there must not get our password offered.
                if not ports.taken(self._layout.port):
                    self._start_once(claiming=claiming)
                    return
            except ServerError:
                self._end_now()
                if not ports.taken(self._layout.port):
                    raise
            if port_is_fixed or attempt == _ATTEMPTS:
                raise ServerError(
                    f"{self._subject}: port {self._layout.port} is taken",
                    "does another server listen there? `ss -ltnp` shows it",
                )
            self._layout = Layout(self._layout.folder, self._layout.sockets, ports.free())
            self._write_client_file()

    def _start_once(self, *, claiming: bool) -> None:
        recipe = self.engine.recipe.local
        statements = self.engine.recipe.statements.claim(self.engine.administrator, self._password)
        by_file = claiming and recipe.socket_url is None
        if by_file:
            text = "".join(f"{statement};\n" for statement in statements)
            folders.write_private(self._layout.claim, text, self._programs.account)
        self._process = self._programs.spawn(
            recipe.serve(self._programs.installation, self._layout, self._settings, by_file),
            folder=self._layout.folder,
            log=self._layout.log,
        )
        if claiming and recipe.socket_url is not None:
            socket_url = recipe.socket_url(self._layout)
            self._wait_ready(socket_url)
            try:
                asking.tell(self.engine, socket_url, statements)
            except self.engine.driver_error as error:
                raise ServerError(
                    f"{self._subject}: the password cannot be set ({asking.words(error)})"
                ) from error
        text = self._wait_ready(self.url())
        self._layout.claim.unlink(missing_ok=True)
        self.version = ".".join(str(number) for number in self.engine.parse_version(text))

    def _wait_ready(self, url: URL) -> str:
        try:
            return readiness.wait_ready(
                self.engine,
                url,
                self._subject,
                died=self._died,
                seen=self._seen,
                limit_s=self._start_limit_s,
            )
        except ServerError as error:
            raise type(error)(error.message, *error.hints, *self._evidence()) from None

    def _died(self) -> str | None:
        process = self._process
        if process is None:  # killed on another thread a moment ago
            return "ended by the harness"
        status = process.poll()
        if status is None:
            return None
        if status < 0:
            return f"signal {signal.Signals(-status).name}"
        return f"exit status {status}"

    def _seen(self) -> str:
        assert self._process is not None
        listens = "is listened on" if ports.taken(self._layout.port) else "refuses connections"
        return f"process {self._process.pid} is alive, port {self._layout.port} {listens}"

    def _evidence(self) -> list[str]:
        return readiness.last_words(self.log())

    def _end_now(self) -> None:
        processes.kill(self._layout.folder)
        if self._process is not None:
            self._process.kill()  # for the moment between its birth and its entering the folder
            self._process.wait()
            self._process = None


def open_local(engine: Engine, programs: Programs, source: str, wanted: Wanted) -> LocalServer:
    """Start a server from an installation; it is running and ours when this returns.

    Raises:
        ServerError: it did not start; nothing is left of it.
    """
    server = LocalServer(engine, programs, wanted, source)
    server.open(port_is_fixed=wanted.port is not None)
    return server
