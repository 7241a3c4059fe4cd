"""A stand-in for the project and for the machine on which ./run is tried.

The project has the same `run`, an empty lock and a package whose build backend is in its own
folder, so that a whole first use needs no network. The machine is a PATH with only the tools named
here, which is also the list of what `run` needs.
"""
# ruff: noqa: E501 - what pip reads has long lines

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tidy.source import ROOT

TOOLS = ("bash", "env", "flock", "mkdir", "mv", "readlink", "rm", "sha256sum")

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["backend"]
[project]
name = "stand-in"
version = "1"
"""

# Programs of the environment report how they were called, in the words of the tests below.
PROGRAM = """
import os, sys
def main():
    print(os.path.basename(sys.argv[0]), sys.argv[1:], os.getcwd(), os.getpid(), sep="\\n", flush=True)
    if sys.argv[1:] == [os.environ.get("WAIT", "wait")]:
        import signal, time
        if "WAIT" in os.environ:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(60)
    sys.exit(int(os.environ.get("STATUS_" + os.path.basename(sys.argv[0]).upper(), 0)))
if __name__ == "__main__":
    main()
"""

BACKEND = f"""
import zipfile
PROGRAM = {PROGRAM!r}
SCRIPTS = "[console_scripts]\\nharness=pytest:main\\nruff=pytest:main\\nmypy=pytest:main\\n"
def build_editable(folder, config_settings=None, metadata_directory=None):
    info = "stand_in-1.dist-info/"
    with zipfile.ZipFile(folder + "/stand_in-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("pytest.py", PROGRAM)
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: stand-in\\nVersion: 1\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "entry_points.txt", SCRIPTS)
        wheel.writestr(info + "RECORD", "")
    return "stand_in-1-py3-none-any.whl"
build_wheel = build_editable
"""


@dataclass
class Machine:
    """A project folder, the tools on the PATH, and the environment variables."""

    project: Path
    tools: Path
    variables: dict[str, str] = field(default_factory=dict)

    def python(self, body: str = 'exec "$REAL" "$@"', name: str = "python3") -> None:
        """Put a Python on the PATH: a shell script that may spoil the real one, `$REAL`."""
        program = self.tools / name
        program.write_text(
            f"#!{shutil.which('sh')}\nREAL='{sys.base_prefix}/bin/python3'\n{body}\n"
        )
        program.chmod(0o755)

    def command(self, *arguments: str, entry: Path | None = None, **variables: str) -> dict:
        """What Popen needs to call ./run here."""
        settings = {
            "HOME": str(self.tools),
            "PATH": str(self.tools),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": "http://127.0.0.1:9/",
            "PIP_RETRIES": "1",
        }
        return {
            "args": [entry or self.project / "run", *arguments],
            "env": settings | self.variables | variables,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
        }

    def run(self, *arguments: str, cwd: Path | None = None, entry: Path | None = None, **variables):
        return subprocess.run(
            **self.command(*arguments, entry=entry, **variables),
            cwd=cwd,
            check=False,
            timeout=60,
        )


def machine_in(folder: Path, lock: str = "") -> Machine:
    project, tools = folder / "a project (with spaces)", folder / "tools"
    (project / "backend").mkdir(parents=True)
    tools.mkdir()
    shutil.copy(ROOT / "run", project)
    (project / "requirements.lock").write_text(f"# nothing is needed\n{lock}")
    (project / "pyproject.toml").write_text(PYPROJECT)
    (project / "backend" / "backend.py").write_text(BACKEND)
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"these tests need '{tool}' on the PATH"
        (tools / tool).symlink_to(found)
    return Machine(project, tools)
