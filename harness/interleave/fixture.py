"""The tables as they stand before every execution, and how they are put back.

An execution must start from the same *physical* state, not only from the same rows.

In index-organised tables a deleted row stays, marked, until it is purged, and such rows change
which gaps are locked. So a table in which rows came or went, or an indexed column changed, is
*rebuilt* (TRUNCATE and load again, which gives a fresh tree); where no more than unindexed columns
were updated, the rows are *updated back* in place.

In heaps a dead version locks nothing, but a changed row has moved, and scans lock rows in the order
of their places. So a table is read in that order, and if it is another than at first, all its rows
are *rewritten* in their order. Once it has outgrown its first size it is rebuilt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, Table, text

from harness.checks.state import State
from harness.engines.engine import Engine
from harness.errors import HarnessError
from harness.interleave.footprint import References
from harness.interleave.stored import StoredTable, shape_of
from harness.interleave.written import EVERYTHING, Writing

FEW_ROWS = 20
"""So many rows are put back sooner than it is asked whether they have changed."""

_SIZE_EVERY = 8
"""How often it is asked whether a table has grown: a few rows do not fill a page at once."""

_Answer = tuple[Sequence[Any], Sequence[Sequence[Any]]]
"""A description of columns (PEP 249), and rows."""


class Fixture:
    """Creates, reads and puts back the tables of one scenario in one database."""

    def __init__(
        self, engine: Engine, metadata: MetaData, load: Callable[[Connection], None]
    ) -> None:
        self._engine = engine
        self._metadata = metadata
        self._load = load
        self._tables: Sequence[Table] = metadata.sorted_tables
        self._by_name = {table.name: table for table in self._tables}
        self._stored: dict[str, StoredTable] = {}
        self._with_triggers: frozenset[str] = frozenset()
        self._keys_unchecked = False
        self._many_at_once = False
        self._counters: list[str] = []
        self._sizes: dict[str, int] = {}
        self._sizes_allowed: dict[str, int] = {}
        self._proved: set[str] = set()
        self._unlooked = 0
        self.shapes = [shape_of(table) for table in self._tables]
        self.initial = State({})
        self.rebuilds = 0
        self.rewrites = 0
        self.updates_back = 0

    @property
    def tables(self) -> Sequence[StoredTable]:
        """The tables with their first rows, those that others refer to first."""
        return [self._stored[table.name] for table in self._tables if table.name in self._stored]

    @property
    def with_triggers(self) -> frozenset[str]:
        """The tables that have triggers."""
        return self._with_triggers

    @property
    def counters(self) -> Sequence[str]:
        """Statements that put back the counters which number new rows, where they need it."""
        return self._counters

    @property
    def references(self) -> References:
        """The tables, their foreign keys and triggers."""
        pairs = [
            (table.name, key.referred_table.name)
            for table in self._tables
            for key in table.foreign_key_constraints
        ]
        return References.of(pairs, self._by_name, self._with_triggers)

    # -- life

    def create(self, connection: Connection) -> None:
        """Make the tables, load the rows, keep them as the state to return to.

        From then on each statement on this connection is a transaction of its own.
        """
        self._metadata.create_all(connection)
        self._load(connection)
        connection.commit()
        connection.execution_options(isolation_level="AUTOCOMMIT")
        storage = self._engine.storage
        for table in self._tables:
            self._stored[table.name] = StoredTable(table, connection.dialect, storage.place)
        self._with_triggers = self._tables_with_triggers(connection)
        before, _ = self._engine.without_foreign_keys
        # On a given server we may lack the right to work without them.
        self._keys_unchecked = bool(before) and self._can(connection, before)
        self._many_at_once = self._can(connection, ["SELECT 1; SELECT 1"])
        self.initial = self.read(connection, self._by_name)
        if storage.counters:
            found = self._ask(connection, [storage.counters])[0][1]
            self._counters = [row[0] for row in found if not self._is_set_by_loading(*row[1:])]
        self._sizes_allowed = {
            name: max(size, storage.page_bytes) for name, size in self._sizes.items()
        }
        for name, stored in self._stored.items():
            stored.rows = self.initial.tables[name]

    def drop(self, connection: Connection) -> None:
        """Remove the tables, with whatever the setup made upon them that would keep them."""
        if self._engine.views_keep_tables:
            quoted = connection.dialect.identifier_preparer.format_table
            for table in self._tables:
                connection.execute(text(f"DROP TABLE IF EXISTS {quoted(table)} CASCADE"))
        self._metadata.drop_all(connection)
        connection.commit()

    def _is_set_by_loading(self, name: str | None = None, number: int = 0) -> bool:
        """Whether a table's counter will stand at a number when its first rows are loaded."""
        if name is None or name not in self._by_name:
            return name is not None  # without a name it must be set; a table not ours must not
        numbered = self._by_name[name].autoincrement_column
        if numbered is None:
            return False
        place = list(self._by_name[name].columns).index(numbered)
        given = [row[place] for row in self.initial.tables[name]]
        return number == 1 + max((n for n in given if isinstance(n, int)), default=0)

    def _tables_with_triggers(self, connection: Connection) -> frozenset[str]:
        found = connection.execute(
            text("SELECT event_object_table FROM information_schema.triggers")
        ).scalars()
        names = frozenset(found) & self._by_name.keys()
        connection.rollback()
        return names

    def _can(self, connection: Connection, texts: Sequence[str]) -> bool:
        try:
            self._ask(connection, texts)
        except self._engine.driver_error:
            return False
        return True

    # -- reading

    def read(self, connection: Connection, names: Iterable[str]) -> State:
        """The rows of the named tables; of the others, those of the fixture."""
        wanted = [self._stored[name] for name in names]
        return self._state_of(wanted, self._ask(connection, self._reading(wanted)))

    def _reading(self, wanted: Sequence[StoredTable], *, sizes: bool = True) -> list[str]:
        size = self._engine.storage.size if sizes else ""
        return [
            *(stored.read for stored in wanted),
            *(size.format(stored.name) for stored in wanted if size),
        ]

    def _state_of(self, wanted: Sequence[StoredTable], answers: Sequence[_Answer]) -> State:
        tables = dict(self.initial.tables)
        for stored, (description, rows) in zip(wanted, answers, strict=False):
            tables[stored.name] = stored.rows_of(description, rows)
        for stored, (_, rows) in zip(wanted, answers[len(wanted) :], strict=False):
            self._sizes[stored.name] = rows[0][0]
        return State(tables)

    def _ask(self, connection: Connection, texts: Sequence[str]) -> list[_Answer]:
        """Have statements run, in one round trip if the driver can; the answers of the queries."""
        if not texts:
            return []
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.cursor()
        answers: list[_Answer] = []
        try:
            for script in ["; ".join(texts)] if self._many_at_once else texts:
                cursor.execute(script)
                more = True
                while more:
                    if (description := cursor.description) is not None:
                        answers.append((description, cursor.fetchall()))
                    more = self._many_at_once and cursor.nextset()
        finally:
            cursor.close()
        return answers

    def touched(self, writings: Iterable[Writing]) -> set[str]:
        """The tables that may have been written, with those a cascade reaches."""
        names = {writing.table for writing in writings}
        unknown = EVERYTHING[0].table in names or not names <= self._by_name.keys()
        if unknown or names & self._with_triggers:
            return set(self._by_name)
        keys_changed = {
            key.referred_table.name
            for table in self._tables
            for key in table.foreign_key_constraints
            for writing in writings
            if writing.table == key.referred_table.name
            and (writing.columns is None or writing.columns & {e.column.name for e in key.elements})
        }
        while more := self._cascades(keys_changed) - keys_changed:
            keys_changed |= more
        return names | keys_changed

    def _cascades(self, names: set[str]) -> set[str]:
        return {
            table.name
            for table in self._tables
            for key in table.foreign_key_constraints
            if key.referred_table.name in names and (key.ondelete or key.onupdate)
        }

    # -- putting back

    def put_back(self, connection: Connection, writings: set[Writing]) -> State:
        """Read what an execution may have written, and put it back; how the tables stood.

        Raises:
            HarnessError: the tables are not as they were, whatever was tried.
        """
        touched = sorted(self.touched(writings))
        if not touched:
            return self.initial
        if (texts := self._unasked(touched, writings)) is not None:
            wanted = [self._stored[name] for name in touched]
            self._unlooked = (self._unlooked + 1) % _SIZE_EVERY
            reading = self._reading(wanted, sizes=not self._unlooked)
            answers = self._ask(connection, [*reading, *texts, *self._counters])
            return self._state_of(wanted, answers[: len(reading)])
        state = self.read(connection, touched)
        self.restore(connection, writings, state)
        return state

    def _unasked(self, touched: Sequence[str], writings: set[Writing]) -> list[str] | None:
        """What puts tables back whatever they hold now, where that is little."""
        storage = self._engine.storage
        rows = sum(len(self._stored[name].rows) for name in touched)
        if rows > FEW_ROWS or not self._many_at_once or not self._proved.issuperset(touched):
            return None
        texts: list[str | None] = []
        for name in touched:
            stored = self._stored[name]
            if storage.place:
                if not self._keys_unchecked or self._sizes[name] > self._sizes_allowed[name]:
                    return None
                texts += [stored.delete, stored.insert_text()]
            else:
                if self._needs_rebuild(name, writings):
                    return None
                texts += [stored.update_text(place) for place in range(len(stored.rows))]
        return None if None in texts else [script for script in texts if script]

    def restore(self, connection: Connection, writings: set[Writing], after: State) -> None:
        """Put back what may have been written; `after` is how the tables were read.

        Raises:
            HarnessError: the tables are not as they were, whatever was tried.
        """
        touched = sorted(self.touched(writings))
        if not touched:
            return
        if self._engine.storage.place:
            put_back = self._restore_heaps(connection, touched, after)
        else:
            put_back = self._restore_trees(connection, touched, writings, after)
        doubted = set(self._by_name if self._with_triggers else put_back) - self._proved
        if doubted:
            self._prove(connection, sorted(doubted))

    def _restore_heaps(
        self, connection: Connection, touched: Sequence[str], after: State
    ) -> Sequence[str]:
        """Write every row anew, in its order, where a row has changed or moved.

        The old versions stay until the table has outgrown its first size; then it is emptied.
        """
        moved = [n for n in touched if after.tables[n] != self._stored[n].rows]
        grown = [n for n in touched if self._sizes[n] > self._sizes_allowed[n]]
        if grown or (moved and not self._keys_unchecked):
            return self._rebuild(connection, {*moved, *grown})
        self.rewrites += len(moved)
        self._load_rows(connection, moved, [self._stored[name].delete for name in moved])
        return moved

    def _restore_trees(
        self, connection: Connection, touched: Sequence[str], writings: set[Writing], after: State
    ) -> Sequence[str]:
        """Update rows back where no index entry can have changed; else begin with a new tree."""
        rebuilt, changed = set(), []
        for name in touched:
            stored, now = self._stored[name], after.tables[name]
            if self._needs_rebuild(name, writings) or len(now) != len(stored.rows):
                rebuilt.add(name)
            elif now != stored.rows:
                changed.append(name)
                places = [n for n, row in enumerate(stored.rows) if row != now[n]]
                self.updates_back += len(places)
                self._update_rows(connection, stored, places)
        return [*changed, *(self._rebuild(connection, rebuilt) if rebuilt else ())]

    def _needs_rebuild(self, name: str, writings: set[Writing]) -> bool:
        if name in self._with_triggers:
            return True
        own = [writing for writing in writings if writing.table == name]
        indexed = self._stored[name].indexed
        return not own or any(w.columns is None or w.columns & indexed for w in own)

    def _rebuild(self, connection: Connection, names: set[str]) -> Sequence[str]:
        """Empty tables so that nothing of their old rows is left, and load them."""
        if self._engine.truncate_reaches_references:
            names = self._with_referencing(names)
        self.rebuilds += len(names)
        # A trigger fills other tables while its own is loaded: those come after it.
        for triggers in (True, False):
            group = [
                n for n in self._by_name if n in names and (n in self._with_triggers) == triggers
            ]
            self._load_rows(connection, group, self._engine.truncate(group))
        return sorted(names)

    def _load_rows(
        self, connection: Connection, names: Iterable[str], before: Iterable[str]
    ) -> None:
        """Load tables after other statements, all in one round trip if the driver can."""
        texts = [*before]
        for name in names:
            stored = self._stored[name]
            if (script := stored.insert_text()) is not None:
                texts += [script] if script else []
                continue
            self._ask(connection, texts)
            texts = []
            connection.execute(*stored.insert_bound())
        self._ask(connection, [*texts, *self._counters])

    def _update_rows(
        self, connection: Connection, stored: StoredTable, places: Sequence[int]
    ) -> None:
        texts = [stored.update_text(place) for place in places]
        self._ask(connection, [script for script in texts if script is not None])
        for place, script in zip(places, texts, strict=True):
            if script is None:
                connection.execute(stored.update_bound(place))

    def _prove(self, connection: Connection, names: Sequence[str]) -> None:
        """See that tables are as they were; if not, once more with values bound."""
        for again in (True, False):
            found = self.read(connection, names)
            wrong = {n for n in names if found.tables[n] != self._stored[n].rows}
            if not wrong:
                break
            if not again:
                raise HarnessError(
                    f"{', '.join(sorted(wrong))}: not as at first after being put back",
                    "does a trigger or a generated value change rows while they are loaded?",
                )
            for name in wrong:
                self._stored[name].write_out = False
            self._rebuild(connection, wrong)
        # A table of several pages may get its rows in another order at any time.
        self._proved |= {
            n
            for n in names
            if self._sizes_allowed.get(n, 0) <= self._engine.storage.page_bytes
            and not self._with_triggers
        }

    def _with_referencing(self, names: set[str]) -> set[str]:
        reached = set(names)
        while more := {
            table.name
            for table in self._tables
            for key in table.foreign_key_constraints
            if key.referred_table.name in reached and table.name not in reached
        }:
            reached |= more
        return reached
