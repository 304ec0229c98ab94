"""What a simulation has to register in a data folder: only what is missing, beside nothing else's.

A folder that holds a party, location, tariff, station or token of somebody else is left alone: what
an operator set up is never replaced.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from ingest.protocols.actions import Action, write
from ingest.protocols.ocpi import loads
from warehouse.registry import Change, changes_of
from warehouse.registry.tables import key_columns
from wattproof.operator_log import open_registry, record
from wattproof.refusals import RefusalError
from wattproof.secret import hash_passwords
from wattproof.simulator.network import Network, provisioning
from wattproof.simulator.play import load_passwords, make_passwords

TABLES = ("party", "location", "tariff", "station", "token")
_LOCAL = frozenset({"updated_ns", "password_hash"})
"""Columns that tell when something was registered, or that are salted: no part of a plan."""
Row = dict[str, Any]
Key = tuple[str | int, ...]
Rows = dict[tuple[str, Key], Row]


def register(data: Path, network: Network) -> dict[str, str]:
    """Registers what is missing of a network; gives the stations' passwords.

    Raises `RefusalError`, before anything is written, where the folder holds anything else.
    """
    held = _held(data)
    planned = provisioning(network, {})
    _refuse_others(data, held, _rows_of(planned), load_passwords(data))
    new = {key for key in _rows_of(planned) if key not in held}
    names = [key[0] for table, key in new if table == "station"]
    passwords = make_passwords(data, map(str, names))
    secrets = [passwords[str(name)] for name in names]
    hashes = dict(zip(map(str, names), hash_passwords(secrets), strict=True))
    missing = [
        action
        for action in provisioning(network, hashes)
        if any((change.table, change.key) in new for change in _changes(action))
    ]
    if missing:
        record(data, missing)
    return passwords


def _held(data: Path) -> Rows:
    """What is registered: by table and key, tables in the order of `TABLES`."""
    if not (data / "log").is_dir():
        return {}
    with closing(open_registry(data)) as registry:
        views = (
            registry.parties(),
            registry.locations(),
            registry.tariffs(),
            registry.stations(),
            registry.tokens(),
        )
    return {
        (table, tuple(row[name] for name in key_columns(table))): row
        for table, rows in zip(TABLES, views, strict=True)
        for row in rows
    }


def _rows_of(actions: Iterable[Action]) -> Rows:
    """The rows that actions bring about."""
    rows: Rows = {}
    for action in actions:
        for change in _changes(action):
            rows.setdefault((change.table, change.key), {}).update(change.values)
    return rows


def _changes(action: Action) -> tuple[Change, ...]:
    return changes_of(loads(write(action)), 0)


def _refuse_others(data: Path, held: Rows, planned: Rows, passwords: Mapping[str, str]) -> None:
    for (table, key), row in held.items():
        wanted = planned.get((table, key))
        ours = wanted is not None and not any(_differences(row, wanted))
        if not ours or (table == "station" and str(key[0]) not in passwords):
            raise RefusalError(
                f"{data} holds {table} {key[0]}, which this simulation did not register",
                "choose another folder with --data, or simulate without --provision",
            )


def _differences(row: Row, wanted: Row) -> Iterator[str]:
    return (name for name, value in wanted.items() if name not in _LOCAL and row[name] != value)
