"""All rules of the house, and the few files which may break one, each with its reason."""

from __future__ import annotations

from tidy import directions, manners
from tidy.source import Complaint, Rule, Source

RULES: tuple[Rule, ...] = (
    directions.imports_point_downwards,
    directions.processes_only_in_servers,
    directions.sleeping_only_in_the_clock,
    directions.engines_named_only_in_their_room,
    manners.oldest_python_can_read_it,
    manners.files_fit_in_a_head,
    manners.functions_fit_on_a_screen,
    manners.files_are_nouns,
    manners.public_names_are_explained,
    manners.nothing_is_swallowed,
)

# rule -> path -> why this file may. An allowance that is no longer needed fails a test.
ALLOWED: dict[Rule, dict[str, str]] = {
    directions.engines_named_only_in_their_room: {
        "harness/servers/wheel.py": "only PostgreSQL comes in a wheel, under its names",
        **dict.fromkeys(
            (
                "harness/cli/__init__.py",
                "harness/cli/explore.py",
                "harness/cli/options.py",
                "harness/cli/reproduce.py",
                "harness/cli/schema.py",
            ),
            "a help text or a hint teaches by an example, and an example names an engine",
        ),
    },
    directions.processes_only_in_servers: {
        "harness/interleave/workers.py": "a search is shared among processes of its own, since "
        "one Python process computes on one core",
    },
    manners.nothing_is_swallowed: {
        "harness/sessions/session.py": "whatever a program raises is its end, and travels "
        "to the thread that asked for it",
        "harness/interleave/relay.py": "what a scheduler raises on a session's thread is raised "
        "again on the conductor's",
        "harness/crud/observed.py": "whatever a program raises is its end, and its row says so",
        "harness/cli/__init__.py": "a bug shows its traceback, and the status says whose it is",
    },
}

# The files that only one family of engines has, with the reason. All others are twins.
ALONE: dict[str, str] = {
    "mysql/deadlock.py": "InnoDB keeps its report of a deadlock; the other sends it",
    "mysql/listed_locks.py": "InnoDB lists its locks in a text where it has no view of them",
    "mysql/metadata_locks.py": "this family keeps locks outside the storage engine as well",
    "mysql/mariadb_locks.py": "one family, two servers: each shows its locks in its own way",
}


def complaints(rule: Rule, sources: list[Source]) -> list[Complaint]:
    """What a rule says about files that it does not allow to break it."""
    allowed = ALLOWED.get(rule, {})
    return [
        complaint for source in sources if source.path not in allowed for complaint in rule(source)
    ]
