"""A program that starts a server and keeps it: the tests end it in every way there is.

usage: keeper.py ENGINE SOURCE

It prints 'started NAME FOLDER...' and then waits until its standard input ends.
"""

from __future__ import annotations

import sys

from harness.engines import ENGINES, Profile
from harness.servers import ladder
from harness.servers.options import ServerOptions


def main() -> None:
    engine, source = sys.argv[1:]
    options = ServerOptions.from_environment(source=source)
    offer = ladder.choose(ENGINES[engine], options)
    with ladder.start(offer, Profile.EXPLORING, options=options) as server:
        record = server._guard.record
        sys.stdout.write(" ".join(("started", record.name, *record.folders)) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
