"""Where engines differ in SQL: the only file of this room that names one.

The tables are declared once for all engines. What cannot be said alike is given a name here,
and the tables and programs use the name.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal

from sqlalchemy import DDL, Date, DateTime, MetaData, Table, create_mock_engine, event, text
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import (
    CreateIndex,
    CreateTable,
    ExecutableDDLElement,
    SetColumnComment,
    SetTableComment,
)
from sqlalchemy.sql.compiler import Compiled, SQLCompiler
from sqlalchemy.sql.expression import ColumnElement, FunctionElement, TextClause
from sqlalchemy.types import TypeEngine

EngineName = Literal["mysql", "mariadb", "postgresql"]

# Binary collations without padding: 'a' differs from 'A' and from 'a ', and codes sort by code
# point, as they do on PostgreSQL under the C locale. MySQL's and MariaDB's defaults ignore
# case and accents, and a program could then find a row on one engine and not on another. The
# same collation has another name on each of the two.
TABLE_OPTIONS: Final[Mapping[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_0900_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
}

# A timestamp to the microsecond. DATETIME on MySQL and MariaDB rounds to whole seconds unless
# told; PostgreSQL's TIMESTAMP keeps microseconds by itself.
TIMESTAMP: Final[TypeEngine[Any]] = DateTime().with_variant(
    mysql.DATETIME(fsp=6), "mysql", "mariadb"
)

# The server's clock as a column default. All three engines accept the precision, and MySQL
# demands that it equals the column's.
CLOCK: Final[TextClause] = text("CURRENT_TIMESTAMP(6)")


class YearsLater(FunctionElement[date]):
    """The date `years` years after `day`, worked out by the server.

    The server must do it where a program may update a row but not read it. All three engines
    turn 29 February into the 28th when the target year is not a leap year.
    """

    name = "years_later"
    type = Date()
    inherit_cache = True

    def __init__(self, day: ColumnElement[date], years: int) -> None:
        super().__init__(day, years)


@compiles(YearsLater, "mysql", "mariadb")
def _years_later_by_date_add(element: YearsLater, compiler: SQLCompiler, **kw: Any) -> str:
    day, years = (compiler.process(clause, **kw) for clause in element.clauses)
    # Added to a bound value, which arrives as text, the sum would be text: hence the cast.
    return f"CAST(DATE_ADD({day}, INTERVAL {years} YEAR) AS DATE)"


@compiles(YearsLater, "postgresql")
def _years_later_by_interval(element: YearsLater, compiler: SQLCompiler, **kw: Any) -> str:
    day, years = (compiler.process(clause, **kw) for clause in element.clauses)
    # A date plus an interval is a timestamp, hence the cast back.
    return f"CAST({day} + make_interval(years => {years}) AS DATE)"


def cut(table: Table, column: str, ranges: Sequence[tuple[str, int, int]]) -> None:
    """Cut a table that is not made yet into partitions by ranges of one of its columns.

    Each range has a name, the first number in it, and the first behind it; they lie in their order
    and without gaps. InnoDB's tables with partitions have no foreign keys, and lose theirs.
    """
    parts = ", ".join(f"PARTITION {name} VALUES LESS THAN ({end})" for name, _first, end in ranges)
    for engine_name in ("mysql", "mariadb"):
        table.kwargs[f"{engine_name}_partition_by"] = f"RANGE ({column}) ({parts})"
    table.kwargs["postgresql_partition_by"] = f"RANGE ({column})"
    for name, first, end in ranges:
        part = f"CREATE TABLE {table.name}_{name} PARTITION OF {table.name}"
        made: DDL = DDL(f"{part} FOR VALUES FROM ({first}) TO ({end})")  # type: ignore[no-untyped-call]
        event.listen(table, "after_create", made.execute_if(dialect="postgresql"))
    for key in table.foreign_key_constraints:
        key.ddl_if(dialect="postgresql")


def ddl(metadata: MetaData, engine_name: EngineName) -> str:
    """Return the statements that create `metadata` on an engine, without connecting to one.

    Tables come in dependency order, each followed by its indexes and, where the engine keeps
    them apart, its comments; every statement ends with a semicolon. The text is the same in
    every process.

    >>> from sqlalchemy import Column, Integer, Table
    >>> print(ddl(MetaData(), "mysql"), end="")
    >>> one = MetaData()
    >>> _ = Table("one", one, Column("one_no", Integer, comment="1"))
    >>> print(ddl(one, "postgresql"), end="")
    CREATE TABLE one (
        one_no INTEGER
    );
    COMMENT ON COLUMN one.one_no IS '1';
    """
    dialect = create_mock_engine(f"{engine_name}://", lambda *_, **__: None).dialect
    return "".join(
        _printed(statement.compile(dialect=dialect))
        for table in metadata.sorted_tables
        for statement in _creation(table, comments=not dialect.inline_comments)
    )


def _creation(table: Table, *, comments: bool) -> Iterator[ExecutableDDLElement]:
    yield CreateTable(table)
    # `indexes` is a set: unsorted, the text would change from one process to the next.
    yield from (CreateIndex(index) for index in sorted(table.indexes, key=lambda i: str(i.name)))
    if comments and table.comment:
        yield SetTableComment(table)
    if comments:
        yield from (SetColumnComment(column) for column in table.columns if column.comment)


def _printed(statement: Compiled) -> str:
    lines = (line.rstrip() for line in str(statement).expandtabs(4).splitlines())
    return "\n".join(line for line in lines if line) + ";\n"
