"""The client that is killed: a program of its own that says each promise as soon as it has it.

It reads one line of JSON, `{"engine": …, "url": …, "writer": …, "number": …}`, says 'ready', and
then does what it is told, line by line:

    write   transaction after transaction: 'committed N' or 'refused N', until it is killed
    hold    one transaction as far as its commit, which is not sent: 'holding N'
    commit  that commit: 'committed N' or 'refused N CODE'
"""

from __future__ import annotations

import json
import sys

from sqlalchemy import Connection, NullPool, create_engine, insert, make_url, update
from sqlalchemy.exc import DBAPIError

from harness.checks.durability import Ticket
from harness.engines import ENGINES, Engine
from harness.recovery.entries import ENTRIES, PARTS, entry, total


def main() -> None:
    """Serve one parent until it says no more."""
    asked = json.loads(sys.stdin.readline())
    kind = ENGINES[asked["engine"]]
    database = create_engine(
        make_url(asked["url"]), poolclass=NullPool, connect_args=dict(kind.connect_arguments)
    )
    with database.connect() as connection:
        _say("ready")
        number = int(asked["number"])
        for line in sys.stdin:
            match line.strip():
                case "write":
                    _write(kind, connection, asked["writer"], number)
                case "hold":
                    number += 1
                    _enter(connection, Ticket(asked["writer"], number))
                    _say(f"holding {number}")
                case "commit":
                    connection.commit()
                    _say(f"committed {number}")


def _write(kind: Engine, connection: Connection, writer: str, number: int) -> None:
    while True:
        number += 1
        try:
            ENTRIES.transaction(connection, Ticket(writer, number))
        except ENTRIES.refusals:
            _say(f"refused {number}")
        except DBAPIError as error:
            if error.orig is None or kind.classify(error.orig) is None:
                raise
            connection.rollback()
            _say(f"refused {number}")
        else:
            _say(f"committed {number}")


def _enter(connection: Connection, ticket: Ticket) -> None:
    row = {"writer": ticket.writer, "number": ticket.number}
    for part in range(1, PARTS + 1):
        connection.execute(insert(entry).values(**row, part=part, note="held"))
    connection.execute(
        update(total).where(total.c.writer == ticket.writer).values(entries=total.c.entries + 1)
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
