"""Two authors each append a letter to a document, guarded by a version number."""

from functools import partial

from live.corpus.planted import ALL, MYSQL, Base, Planted, do, making
from sqlalchemy import text

SETUP = making(
    "CREATE TABLE document (id INTEGER PRIMARY KEY, body VARCHAR(20) NOT NULL, version INTEGER)",
    "INSERT INTO document VALUES (1, 'x', 1)",
)
READ = "SELECT body, version FROM document WHERE id = 1"
SET = "UPDATE document SET body = :body, version = :version + 1 WHERE id = 1"
ON_SERVER = "UPDATE document SET body = :body, version = version + 1 WHERE id = 1"
NOT_RAISED = "UPDATE document SET body = :body WHERE id = 1"
GUARD = " AND version = :version"


def append(connection, letter, *, read=READ, write=SET + GUARD, looks=True, fresh_version=False):
    """Try until the version that was read is the one that is written over."""
    while True:
        body, version = connection.execute(text(read)).one()
        if fresh_version:
            version = connection.execute(text(READ)).one().version
        if do(connection, write, body=body + letter, version=version) or not looks:
            connection.commit()
            return "saved"
        connection.rollback()


def both(**asked):
    return [partial(append, letter="a", **asked), partial(append, letter="b", **asked)]


BASE = Base(
    "document",
    SETUP,
    both(),
    [
        Planted(
            "guard-dropped",
            both(write=SET),
            "The version is raised but nobody asks for it: the lost update.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "version-not-raised",
            both(write=NOT_RAISED + GUARD),
            "The guard asks for a version that never changes.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "nobody-looks-whether-it-was-saved",
            both(looks=False),
            "The guard works, the update touches no row, and the author is told 'saved'.",
            rc=ALL,
            rr=MYSQL,
        ),
        Planted(
            "version-read-afresh",
            both(fresh_version=True),
            "The version belongs to a newer body than the one that is written. At repeatable "
            "read the second read sees the same moment as the first, so that the guard works "
            "again.",
            rc=ALL,
        ),
        Planted(
            "version-raised-on-the-server",
            both(write=ON_SERVER + GUARD),
            "Under the guard both are the same number.",
        ),
        Planted(
            "lock-instead-of-a-guard",
            both(read=f"{READ} FOR UPDATE", write=SET),
            "Pessimistic instead of optimistic: the row is taken from the read on.",
        ),
    ],
)
