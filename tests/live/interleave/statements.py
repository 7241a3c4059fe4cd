"""Programs that are nothing but statements."""

from sqlalchemy import Connection, text


def do(connection: Connection, *statements: str) -> list[object]:
    """Run statements and commit; what they gave, numbers that the engine gave included."""
    found: list[object] = []
    for statement in statements:
        if statement.lower() == "commit":
            connection.commit()
            continue
        result = connection.execute(text(statement))
        found.append(result.all() if result.returns_rows else result.rowcount)
    connection.commit()
    return found
