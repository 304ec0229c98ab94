"""Reading and writing the tables: one Parquet file per table and day, committed through Delta.

A partition's file is named by its content hash, so writing what is there already writes nothing,
and a write of many days is one commit: readers see all of it or none. Any number of readers may
read beside the one writer; nothing here decides what a row means.
"""

import atexit
import json
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import arro3.core
import duckdb
import polars as pl
from deltalake import DeltaTable, Schema
from deltalake.transaction import AddAction, RemoveAction

from warehouse.lake.content import FrameHasher, table_hash
from warehouse.lake.pour import pour
from warehouse.lake.tables import TABLES, Table

_FILE = re.compile(r"day=(?P<day>[0-9-]{10})/(?P<rows>\d+)-(?P<digest>[0-9a-f]{64})\.parquet$")
_ROWS_AT_ONCE = 200_000
_WORD = re.compile(r"[a-z_]+")


class LakeOutdatedError(Exception):
    """A table has other columns than this version writes: the lake is to be derived anew."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`count` rows from `first` on of some days' files, one after the other."""

    files: tuple[Path, ...]
    first: int
    count: int


class Lake:
    """The tables under one folder.

    `threads` bounds the SQL engine (None: all cores); no result depends on it.
    """

    def __init__(self, path: Path | str, *, threads: int | None = None) -> None:
        self.path = Path(path)
        self.threads = threads

    def check(self) -> None:
        """Look at every table; raises LakeOutdatedError where one is of another version."""
        for table in TABLES:
            self._files(table)

    def days(self, table: str) -> list[date]:
        """The days a table has rows for, ascending."""
        return sorted(self._files(table))

    def read(
        self,
        table: str,
        days: Iterable[date] | None = None,
        *,
        where: pl.Expr | None = None,
        columns: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """The rows of the given days (None: all) that meet `where`, by day and in it by key.

        `columns`: only these, in this order.
        """
        schema = TABLES[table].schema
        shown = schema.names() if columns is None else list(columns)
        stored = self._files(table)
        wanted = sorted(stored if days is None else set(days) & set(stored))
        if not wanted:
            return pl.DataFrame(schema=schema).select(shown)
        rows = _scan([self.path / table / stored[day] for day in wanted])
        return (rows if where is None else rows.filter(where)).select(shown).collect()

    def pieces(self, table: str, days: Iterable[date], at_once: int) -> Iterator[Piece]:
        """The rows of some days in pieces of `at_once` rows or a little more, in order."""
        stored = self._files(table)
        for some in _in_groups(sorted(set(days) & set(stored)), stored, at_once):
            count = sum(_rows(stored[day]) for day in some)
            for first in range(0, count, at_once):
                yield Piece(tuple(self.path / table / stored[day] for day in some), first, at_once)

    def read_piece(
        self, table: str, piece: Piece, columns: Sequence[str], where: pl.Expr
    ) -> pl.DataFrame:
        """The rows of a piece that meet `where`, in order."""
        schema = TABLES[table].schema
        rows = _scan(piece.files).slice(piece.first, piece.count).filter(where)
        return rows.select(pl.col(name).cast(schema[name]) for name in columns).collect()

    def write(self, table: str, frame: pl.DataFrame, days: Iterable[date]) -> str:
        """Make `frame` the content of exactly those days, in one commit; return its hash.

        Every row's `day` must be one of `days`, and its key unique within its day. Days that hold
        the same content already are left alone: a write that changes nothing commits nothing.
        """
        definition = TABLES[table]
        parts = _Parts(definition, frame)
        return self._publish(
            definition, days, {day: self._store(definition, day, parts) for day in parts.days}
        )

    def pour(self, table: str, frames: Iterable[pl.DataFrame], days: Iterable[date]) -> str:
        """As `write`, for rows that come in parts, each day's in the order of its keys.

        Few rows are written at once, in whatever order they come; many go into their files as
        they come, so that a day need not fit into memory.
        """
        parts = iter(frames)
        some: list[pl.DataFrame] = []
        while sum(part.height for part in some) <= _ROWS_AT_ONCE:
            part = next(parts, None)
            if part is None:
                schema = TABLES[table].schema
                return self.write(table, pl.concat([pl.DataFrame(schema=schema), *some]), days)
            some.append(part)
        return self._publish(
            TABLES[table], days, dict(pour(self.path, TABLES[table], chain(some, parts)))
        )

    def sql(self, name: str, /, **parameters: object) -> pl.DataFrame:
        """The answer of `warehouse/sql/<name>.sql`; `$name` in it stands for a parameter.

        Every table of the lake that the query names is a view over that table's current files.
        """
        query = files("warehouse").joinpath("sql", f"{name}.sql").read_text("utf-8")
        return self.query(query, parameters)

    def query(self, query: str, parameters: Mapping[str, object] | None = None) -> pl.DataFrame:
        """As `sql`, for a query given as text."""
        named = {word for word in _WORD.findall(query) if word in TABLES}
        used = {k: v for k, v in (parameters or {}).items() if f"${k}" in query}
        connection = _engine(self.threads).cursor()
        try:
            self._show(connection, named)
            answer = connection.sql(query, params=used or None)
            # Through arro3: Polars keeps a reference to the type it is given until the interpreter
            # ends, and the SQL engine's own then complains about it on the user's screen.
            return pl.DataFrame(arro3.core.Table.from_arrow(answer))
        finally:
            connection.close()

    def connect(self, tables: Iterable[str] = TABLES) -> duckdb.DuckDBPyConnection:
        """A connection of one's own, with a view over each of `tables` as it is now.

        Nothing that is done on it can change the lake. Close it when done.
        """
        connection = _database(self.threads)
        self._show(connection, tables)
        return connection

    def content_hash(self, table: str, days: Iterable[date] | None = None) -> str:
        """SHA-256 (hex) over the rows as they are on disk now, in key order (see `content`)."""
        return table_hash(self.partition_hashes(table, days))

    def partition_hashes(
        self, table: str, days: Iterable[date] | None = None
    ) -> Iterator[tuple[date, int, str]]:
        """(day, rows, SHA-256) of each day, read and hashed anew."""
        wanted = self.days(table) if days is None else sorted(set(days) & set(self.days(table)))
        for some in _in_groups(wanted, self._files(table)):
            parts = _Parts(TABLES[table], self.read(table, some))
            for day in some:
                yield day, parts.rows(day), parts.digest(day)

    def named_hash(self, table: str) -> str:
        """As `content_hash`, but believing the files' names: free, and no proof."""
        stored = self._files(table)
        return table_hash((day, _rows(path), _digest(path)) for day, path in stored.items())

    def vacuum(self, *, retain_hours: int = 168) -> int:
        """Delete files that no version of the last `retain_hours` uses; return how many."""
        removed = 0
        for table in TABLES:
            delta = self._delta(table)
            if delta is not None:
                removed += len(
                    delta.vacuum(retain_hours, dry_run=False, enforce_retention_duration=False)
                )
        return removed

    def _delta(self, table: str) -> DeltaTable | None:
        folder = self.path / table
        return None if _newest_commit(folder) is None else DeltaTable(folder)

    def _files(self, table: str) -> Mapping[date, str]:
        newest = _newest_commit(self.path / table)
        return {} if newest is None else _files_at(self.path / table, *newest)

    def _show(self, connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")  # it writes among our own output
        for table in sorted(tables):
            connection.execute(self._view(table))

    def _publish(self, table: Table, days: Iterable[date], files: Mapping[date, str]) -> str:
        """Make the files, which are in their places, the content of the days."""
        wanted = sorted(set(days))
        assert files.keys() <= set(wanted), f"{table.name}: rows of a day that was not asked for"
        stored = self._files(table.name)
        actions: list[AddAction | RemoveAction] = []
        for day in wanted:
            if stored.get(day) != files.get(day):
                actions += self._replace(table.name, day, stored.get(day), files.get(day))
        if actions:
            self._commit(table, actions)
        return table_hash((day, _rows(name), _digest(name)) for day, name in files.items())

    def _store(self, table: Table, day: date, parts: "_Parts") -> str:
        """Write one partition's file beside its final name, then move it there."""
        name = f"day={day.isoformat()}/{parts.rows(day)}-{parts.digest(day)}.parquet"
        path = self.path / table.name / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".partial")
            os.close(handle)
            parts.frame(day).write_parquet(temporary, compression="zstd", compression_level=1)
            Path(temporary).replace(path)
        return name

    def _replace(
        self, table: str, day: date, old: str | None, new: str | None
    ) -> Iterator[AddAction | RemoveAction]:
        now_ms = time.time_ns() // 1_000_000
        partition: dict[str, str | None] = {"day": day.isoformat()}
        if old is not None:
            size = (self.path / table / old).stat().st_size
            yield RemoveAction(
                path=old,
                data_change=True,
                deletion_timestamp=now_ms,
                size=size,
                partition_values=partition,
            )
        if new is not None:
            size = (self.path / table / new).stat().st_size
            stats = json.dumps({"numRecords": _rows(new)})
            yield AddAction(
                path=new,
                size=size,
                partition_values=partition,
                modification_time=now_ms,
                data_change=True,
                stats=stats,
            )

    def _commit(self, table: Table, actions: list[AddAction | RemoveAction]) -> None:
        schema = Schema.from_arrow(table.schema)
        folder = self.path / table.name
        delta = self._delta(table.name) or DeltaTable.create(
            folder, schema, partition_by=["day"], name=table.name
        )
        delta.create_write_transaction(actions, "append", schema, partition_by=["day"])

    def _view(self, table: str) -> str:
        paths = [str(self.path / table / name) for _, name in sorted(self._files(table).items())]
        if not paths:
            columns = ", ".join(
                f'CAST(NULL AS {_sql_type(dtype)}) AS "{name}"'
                for name, dtype in TABLES[table].schema.items()
            )
            return f"CREATE TEMP VIEW {table} AS SELECT {columns} WHERE false"
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        return (
            f"CREATE TEMP VIEW {table} AS SELECT * FROM read_parquet([{listed}], "  # noqa: S608
            "hive_partitioning = true, hive_types = {'day': DATE})"
        )


_Commit = tuple[str, int, int]


def _newest_commit(folder: Path) -> _Commit | None:
    """The name, inode and time of change of the table's newest commit; None: it has none."""
    try:
        with os.scandir(folder / "_delta_log") as entries:
            commits = [one for one in entries if one.name.endswith(".json")]
    except FileNotFoundError:
        return None
    newest = max(commits, key=lambda one: one.name, default=None)
    if newest is None:
        return None
    said = newest.stat()
    return newest.name, said.st_ino, said.st_mtime_ns


@lru_cache(maxsize=256)
def _files_at(folder: Path, *_commit: object) -> Mapping[date, str]:
    """The table's files by day as of a commit: to open it takes milliseconds, so they are kept."""
    delta = DeltaTable(folder)
    stored, known = (one.name for one in delta.schema().fields), TABLES[folder.name].schema
    other = set(stored) ^ set(known.names())
    if other:
        columns = ", ".join(sorted(other))
        raise LakeOutdatedError(f"{folder} is of another version of this program: {columns}")
    matches = [_FILE.search(uri) for uri in delta.file_uris()]
    assert all(matches), f"{folder.name}: a file that this program did not write"
    return MappingProxyType({date.fromisoformat(m["day"]): m[0] for m in matches if m})


def _database(threads: int | None) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": threads} if threads else {})


@lru_cache
def _engine(threads: int | None) -> duckdb.DuckDBPyConnection:
    """The database whose cursors answer queries: starting one takes a tenth of a second."""
    return _database(threads)


atexit.register(_engine.cache_clear)


class _Parts:
    """A frame by day: typed, in the table's column order, sorted by key, without the day."""

    def __init__(self, table: Table, frame: pl.DataFrame) -> None:
        typed = frame.select(table.schema.names()).cast(table.schema)
        ordered = typed.sort("day", *table.order)
        keys = ordered.select("day", *table.order)
        assert keys.n_unique() == keys.height, f"{table.name}: a key occurs twice"
        counts = ordered.select(pl.col("day").rle()).unnest("day")
        self._bounds: dict[date, tuple[int, int]] = {}
        start = 0
        for count, day in counts.iter_rows():
            self._bounds[day] = (start, start + count)
            start += count
        self._rows = ordered.drop("day")
        self._hasher = FrameHasher(self._rows)

    @property
    def days(self) -> set[date]:
        """The days that have rows."""
        return set(self._bounds)

    def rows(self, day: date) -> int:
        """How many rows a day has."""
        start, stop = self._bounds[day]
        return stop - start

    def digest(self, day: date) -> str:
        """A day's content hash."""
        return self._hasher.of(*self._bounds[day])

    def frame(self, day: date) -> pl.DataFrame:
        """A day's rows."""
        start, stop = self._bounds[day]
        return self._rows.slice(start, stop - start)


def _scan(paths: Sequence[Path]) -> pl.LazyFrame:
    days_are = {"day": pl.Date}
    return pl.scan_parquet(list(paths), hive_partitioning=True, hive_schema=days_are, glob=False)


def _in_groups(
    days: list[date], stored: Mapping[date, str], at_once: int = _ROWS_AT_ONCE
) -> Iterator[list[date]]:
    """Days in groups of about `at_once` rows, to be read together."""
    group: list[date] = []
    rows = 0
    for day in days:
        count = _rows(stored[day])
        if group and rows + count > at_once:
            yield group
            group, rows = [], 0
        group.append(day)
        rows += count
    if group:
        yield group


def _digest(name: str) -> str:
    match = _FILE.search(name)
    assert match is not None
    return match["digest"]


def _rows(name: str) -> int:
    match = _FILE.search(name)
    assert match is not None
    return int(match["rows"])


_SQL_TYPES = {
    pl.String: "VARCHAR",
    pl.Int64: "BIGINT",
    pl.Int32: "INTEGER",
    pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
}


def _sql_type(dtype: pl.DataType) -> str:
    """The SQL engine's name of a column type, for views over tables without rows."""
    if isinstance(dtype, pl.List):
        return f"{_sql_type(_instance(dtype.inner))}[]"
    if isinstance(dtype, pl.Struct):
        fields = (f'"{f.name}" {_sql_type(_instance(f.dtype))}' for f in dtype.fields)
        return f"STRUCT({', '.join(fields)})"
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, pl.Datetime):
        return "TIMESTAMP WITH TIME ZONE"
    return _SQL_TYPES[type(dtype)]


def _instance(dtype: object) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()  # type: ignore[operator]
