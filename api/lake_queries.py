"""Reads the lake for requests: one DuckDB connection, views that follow the tables' newest files.

Queries stand in `warehouse/sql/*.sql` and take parameters only. The engines are imported at the
first question, so that a service starts without them. Safe to call from several threads.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

Rows = list[dict[str, Any]]


class LakeQueries:
    """The tables under one lake folder, read only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._seen: dict[str, tuple[str, ...]] = {}

    def rows(self, name: str, table: str, /, **parameters: object) -> Rows:
        """The answer of `warehouse/sql/<name>.sql` over the current files of `table`, as dicts.

        A table that was never written answers nothing. `$name` in the query is a parameter.
        """
        query = _text(name)
        used = {key: value for key, value in parameters.items() if f"${key}" in query}
        with self._lock:
            if not self.signature(table):
                return []
            connection = self._open()
            self._refresh(connection, table)
            found = connection.execute(query, used)
            columns = [column[0] for column in found.description or ()]
            return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]

    def signature(self, table: str) -> tuple[str, ...]:
        """The files a table consists of now: their names tell their content."""
        folder = self._path / table
        if not (folder / "_delta_log").is_dir():
            return ()
        from deltalake import DeltaTable  # noqa: PLC0415 - an engine, at first use

        return tuple(sorted(_local(uri) for uri in DeltaTable(folder).file_uris()))

    def close(self) -> None:
        """Gives the connection back."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
                self._seen.clear()

    def _open(self) -> "duckdb.DuckDBPyConnection":
        if self._connection is None:
            import duckdb  # noqa: PLC0415 - an engine, at first use

            self._connection = duckdb.connect(config={"threads": 2})
            self._connection.execute("SET TimeZone = 'UTC'")
        return self._connection

    def _refresh(self, connection: "duckdb.DuckDBPyConnection", table: str) -> None:
        now = self.signature(table)
        if self._seen.get(table) == now:
            return
        listed = ", ".join(_quoted(now))
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT * FROM read_parquet([{listed}], "  # noqa: S608 - our own file names
            "hive_partitioning = true, hive_types = {'day': DATE})"
        )
        self._seen[table] = now


@cache
def _text(name: str) -> str:
    return files("warehouse").joinpath("sql", f"{name}.sql").read_text("utf-8")


def _local(uri: str) -> str:
    return uri.removeprefix("file://")


def _quoted(paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        yield "'" + path.replace("'", "''") + "'"
