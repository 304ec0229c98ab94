"""The registry: what must be looked up in a millisecond to answer a charger or a partner.

A projection of the log in SQLite (WAL) or any database SQLAlchemy speaks. Log first, registry
second: it can be deleted at any time and catches up from the log. It decides nothing.
"""

from warehouse.registry.changes import ActionInvalidError, Change, changes_of
from warehouse.registry.registry import Registry, RegistryUnavailableError
from warehouse.registry.rows import Row, Rows

__all__ = [
    "ActionInvalidError",
    "Change",
    "Registry",
    "RegistryUnavailableError",
    "Row",
    "Rows",
    "changes_of",
]
