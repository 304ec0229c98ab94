"""The registry's tables. Instants are UTC nanoseconds (`_ns`); lists and objects are JSON text.

Numbers inside JSON columns come back as int and Decimal, never float.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)

metadata = MetaData()


def _text(name: str) -> "Column[str]":
    return Column(name, String, nullable=False, default="")


def _key(name: str) -> "Column[str]":
    return Column(name, String, primary_key=True)


def _instant(name: str) -> "Column[int]":
    return Column(name, BigInteger, nullable=False, default=0)


def _list(name: str) -> "Column[Any]":
    return Column(name, JSON, nullable=False, default=list)


def _object(name: str) -> "Column[Any]":
    return Column(name, JSON, nullable=False, default=dict)


station = Table(
    "station",
    metadata,
    _key("id"),
    _text("location_id"),
    _list("evses"),
    _list("protocols"),
    _text("password_hash"),
    Column("status", String, nullable=False, default="accepted"),
    _text("vendor"),
    _text("model"),
    _text("serial_number"),
    _text("firmware"),
    _instant("booted_ns"),
)
"""`status`: accepted, pending or blocked. `booted_ns` 0: no BootNotification seen yet."""

connection = Table(
    "connection",
    metadata,
    _key("station"),
    Column("online", Boolean, nullable=False, default=False),
    _text("connection"),
    _text("protocol"),
    _text("remote"),
    _text("reason"),
    _instant("since_ns"),
    _instant("heard_ns"),
)
"""The newest connection of a station: `since_ns` is when `online` last changed, `reason` why."""

connector_state = Table(
    "connector_state",
    metadata,
    _key("station"),
    Column("evse", Integer, primary_key=True, autoincrement=False),
    Column("connector", Integer, primary_key=True, autoincrement=False),
    _text("status"),
    _text("error_code"),
    _text("info"),
    _text("stamp"),
    _instant("received_ns"),
)
"""`evse` 0 is the station itself. OCPP 1.6 knows no EVSE: there `evse` equals `connector`."""

location = Table(
    "location",
    metadata,
    _key("id"),
    _text("country_code"),
    _text("party_id"),
    _text("name"),
    _text("address"),
    _text("city"),
    _text("postal_code"),
    _text("country"),
    _text("latitude"),
    _text("longitude"),
    _text("time_zone"),
    _instant("updated_ns"),
)

token = Table(
    "token",
    metadata,
    _key("uid"),
    _text("type"),
    _text("party"),
    _text("contract_id"),
    Column("valid", Boolean, nullable=False, default=True),
    _text("valid_until"),
    _text("group_id"),
    _text("visual_number"),
    _instant("updated_ns"),
)
"""`valid` is false while the operator blocks it; `valid_until` is RFC 3339 text or empty."""

party = Table(
    "party",
    metadata,
    _key("code"),
    _text("country_code"),
    _text("party_id"),
    _text("role"),
    _text("name"),
    _object("details"),
    _text("ocpi_token_hash"),
    _object("token_policy"),
    _instant("updated_ns"),
)
"""`details` is the whole `party.add` object; `token_policy` has `allow` and `deny` (token uids)."""

tariff = Table(
    "tariff",
    metadata,
    _key("id"),
    _key("valid_from"),
    _text("ocpi_version"),
    _object("tariff"),
    _list("parties"),
    _list("stations"),
    _list("locations"),
    _instant("updated_ns"),
)
"""Every version of every tariff, by its OCPI id and the instant it is valid from."""

policy = Table("policy", metadata, _key("name"), Column("value", JSON))

party_policy = Table("party_policy", metadata, _key("party"), _key("name"), Column("value", JSON))
"""Pricing policies that hold for one buyer (`NL-ABC`) in place of the house's."""

api_key = Table(
    "api_key",
    metadata,
    _key("id"),
    _text("name"),
    _text("hash"),
    _list("scopes"),
    _text("valid_until"),
)

ocpp_transaction = Table(
    "ocpp_transaction",
    metadata,
    _key("station"),
    _key("transaction"),
    _text("identity"),
    Column("connector", Integer, nullable=False, default=0),
    _text("id_token"),
    _instant("started_ns"),
    _instant("ended_ns"),
)
"""`identity` names a StartTransaction by what it says (2.0.1: empty). `ended_ns` 0: still open.

The newest transactions of each station only; all of them are in the lake.
"""

sequence = Table("sequence", metadata, _key("name"), Column("next", BigInteger, nullable=False))
"""The next number of each durable sequence: `transaction` for OCPP 1.6 transaction ids."""

pending_command = Table(
    "pending_command",
    metadata,
    _key("id"),
    _text("station"),
    _text("action"),
    _object("payload"),
    Column("status", String, nullable=False, default="queued"),
    _instant("requested_ns"),
    _instant("answered_ns"),
)

subscription = Table(
    "subscription", metadata, _key("id"), _text("url"), _list("events"), _text("party")
)

rejected_action = Table(
    "rejected_action",
    metadata,
    _key("origin"),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    _text("reason"),
)
"""Operator entries that mean nothing: kept out of every table, shown to the operator."""

run = Table(
    "run",
    metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    _instant("watermark_ns"),
    _instant("finished_ns"),
    Index("run_watermark", "watermark_ns"),
    Index("run_finished", "finished_ns"),
)
"""Finished derivations: `index` in `books`, the log time derived up to, and when it was done.

From `finished_ns` on everybody may see what was emitted up to `watermark_ns`.
"""

position = Table("position", metadata, _key("origin"), Column("next", BigInteger, nullable=False))
"""The log index up to which (exclusive) each origin is contained here."""


def key_columns(table: str) -> tuple[str, ...]:
    """The names of a table's key, in order."""
    return _KEYS[table]


def defaults(table: str) -> dict[str, Any]:
    """A fresh row of a table: every column that is no key, with its default."""
    return {name: make() if callable(make) else make for name, make in _DEFAULTS[table].items()}


_KEYS = {
    table.name: tuple(column.name for column in table.primary_key.columns)
    for table in metadata.sorted_tables
}
_LISTS = {"evses", "protocols", "parties", "stations", "locations", "scopes", "events"}
_OBJECTS = {"details", "token_policy", "tariff", "payload"}


def _default(column: "Column[Any]") -> Any:  # noqa: ANN401 - a column's default is any value
    if column.name in _LISTS:
        return list
    if column.name in _OBJECTS:
        return dict
    return getattr(column.default, "arg", None)


_DEFAULTS = {
    table.name: {
        column.name: _default(column) for column in table.columns if not column.primary_key
    }
    for table in metadata.sorted_tables
}
