"""Free TCP ports on 127.0.0.1."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def free() -> int:
    """A port that nobody listens on now. Somebody may take it before we do: try again then."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


def taken(port: int) -> bool:
    """Whether somebody listens on a port, so that a server of ours could not."""
    with socket.socket() as listener:
        # As servers do: a port in TIME_WAIT after a kill is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return True
    return False
