"""The registry in memory: the same rows as the database's, changed by the same changes."""

from collections.abc import Iterable
from typing import Any

from warehouse.registry.changes import Change
from warehouse.registry.tables import defaults, key_columns

Row = dict[str, Any]
"""One row by column name, key columns included. Read it; change it only through a `Change`."""


class Rows:
    """Tables as dictionaries from key to row. Order is the order of first appearance."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[tuple[str | int, ...], Row]] = {}

    def get(self, table: str, *key: str | int) -> Row | None:
        """The row of this key, or None."""
        rows = self._tables.get(table)
        return None if rows is None else rows.get(key)

    def all(self, table: str) -> Iterable[Row]:
        """Every row of a table."""
        return self._tables.get(table, {}).values()

    def put(self, table: str, row: Row) -> None:
        """A whole row as the database gave it."""
        key = tuple(row[name] for name in key_columns(table))
        self._tables.setdefault(table, {})[key] = row

    def apply(self, change: Change) -> Row | None:
        """Makes the change; gives the row as it then stands, None where there is none."""
        rows = self._tables.setdefault(change.table, {})
        if change.mode == "drop":
            rows.pop(change.key, None)
            return None
        row = rows.get(change.key)
        if row is None:
            if change.mode == "update":
                return None
            row = dict(zip(key_columns(change.table), change.key, strict=True))
            row.update(defaults(change.table))
            rows[change.key] = row
        row.update(change.values)
        return row
