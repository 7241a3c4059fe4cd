"""A server's log as entries: what the readers of all kinds of servers share.

An entry begins with a line that its engine knows as a beginning; lines that are none belong to the
entry before them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.engines.monitoring import LogLine


def entries_of(
    text: str,
    begins: Callable[[str], bool],
    entry: Callable[[Sequence[str]], LogLine | None],
    *,
    ended: bool,
) -> tuple[Sequence[LogLine], str]:
    """Whole entries, and the rest: the last may still go on, unless the log has `ended`.

    `begins` knows the first line of an entry; `entry` makes one of its lines, or None of lines that
    are none, as what a container says before the server.
    """
    groups: list[list[str]] = []
    for line in text.splitlines(keepends=True):
        if not groups or begins(line.rstrip("\n")):
            groups.append([])
        groups[-1].append(line)
    last = "".join(groups.pop()) if groups and not ended else ""
    found = (entry([line.rstrip("\n") for line in group]) for group in groups)
    return [one for one in found if one is not None], last
