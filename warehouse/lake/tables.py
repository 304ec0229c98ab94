"""Names, columns and keys of every table of the lake: the one place that knows them.

Each table has a `day`: the UTC day of emission in log time, its Delta partition. Times are UTC in
microseconds. Energy is Wh with 3 decimals (below 10^17), exact money has 12, rounded money 4.
`record` columns hold the whole value as canonical JSON: nothing depends on what columns left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from polars.datatypes import DataType, DataTypeClass

Type = DataType | DataTypeClass

INSTANT = pl.Datetime("us", "UTC")
ENERGY = pl.Decimal(20, 3)
EXACT = pl.Decimal(38, 12)
MONEY = pl.Decimal(18, 4)
FLAGS = pl.List(pl.Struct({"rule": pl.String, "message": pl.String}))
SOURCE: dict[str, Type] = {"origin": pl.String, "index": pl.Int64}


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns in order (`day` first) and the columns that identify a row."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Type]

    @property
    def schema(self) -> pl.Schema:
        """All columns, `day` first."""
        return pl.Schema({"day": pl.Date, **self.columns})

    @property
    def order(self) -> list[str]:
        """What a partition is sorted by: the key, which is unique within the table."""
        return list(self.key)


def _reference(name: str, columns: Mapping[str, Type]) -> Table:
    """A bitemporal table: each operator entry about `id` makes a row, in force from `valid_from`
    and known from `known_from` on; the entry itself stands at origin and index."""
    return Table(
        name,
        ("id", "known_from", "origin", "index"),
        {"id": pl.String, "known_from": INSTANT, **SOURCE, **columns, "record": pl.String},
    )


_MESSAGE = Table(
    "message",
    ("origin", "index"),
    {
        **SOURCE,
        "received_at": INSTANT,
        "received_ns": pl.Int64,
        "kind": pl.String,
        "protocol": pl.String,
        "direction": pl.String,
        "station": pl.String,
        "connection": pl.String,
        "counter": pl.Int64,
        "message_type": pl.Int32,
        "message_id": pl.String,
        "action": pl.String,
        "payload": pl.String,
    },
)
_LOG_CLOCK = Table("log_clock", ("until_ns",), {"until_ns": pl.Int64, "complete": pl.Boolean})
_TRANSACTION_EVENT = Table(
    "transaction_event",
    ("origin", "index"),
    {
        **SOURCE,
        "received_at": INSTANT,
        "received_ns": pl.Int64,
        "station": pl.String,
        "protocol": pl.String,
        "connection": pl.String,
        "message_id": pl.String,
        "kind": pl.String,
        "stamp_text": pl.String,
        "stamp_at": INSTANT,
        "stamp_quality": pl.String,
        "evse": pl.Int64,
        "connector": pl.Int64,
        "transaction": pl.String,
        "id_token": pl.String,
        "id_token_type": pl.String,
        "meter_wh": ENERGY,
        "reason": pl.String,
        "status": pl.String,
        "charging_state": pl.String,
        "trigger": pl.String,
        "offline": pl.Boolean,
        "seq_no": pl.Int64,
        "reservation": pl.String,
        "flags": FLAGS,
    },
)
_METER_READING = Table(
    "meter_reading",
    ("origin", "index", "position"),
    {
        **SOURCE,
        "position": pl.Int64,
        "received_at": INSTANT,
        "received_ns": pl.Int64,
        "station": pl.String,
        "carrier": pl.String,
        "stamp_text": pl.String,
        "stamp_at": INSTANT,
        "stamp_quality": pl.String,
        "evse": pl.Int64,
        "connector": pl.Int64,
        "transaction": pl.String,
        "measurand": pl.String,
        "phase": pl.String,
        "location": pl.String,
        "context": pl.String,
        "unit": pl.String,
        "value_text": pl.String,
        "wh": ENERGY,
        "watt": ENERGY,
        "ampere": ENERGY,
        "signed": pl.String,
        "flags": FLAGS,
    },
)
_STATION_STATE = Table(
    "station_state",
    ("station",),
    {"station": pl.String, "due_at": INSTANT, "state": pl.String},
)
_SESSION = Table(
    "session",
    ("session_id", "version"),
    {
        "session_id": pl.String,
        "version": pl.Int64,
        "state": pl.String,
        "station": pl.String,
        "evse": pl.Int64,
        "connector": pl.Int64,
        "protocol": pl.String,
        "transaction": pl.String,
        "id_token": pl.String,
        "id_token_type": pl.String,
        "start_at": INSTANT,
        "end_at": INSTANT,
        "start_source": pl.String,
        "end_source": pl.String,
        "meter_start_wh": ENERGY,
        "meter_stop_wh": ENERGY,
        "energy_wh": ENERGY,
        "energy_source": pl.String,
        "stop_reason": pl.String,
        "candidates": pl.List(
            pl.Struct(
                {
                    "rung": pl.String,
                    "energy_wh": ENERGY,
                    "begin_wh": ENERGY,
                    "end_wh": ENERGY,
                    "sources": pl.List(pl.Struct(SOURCE)),
                }
            )
        ),
        "registers": pl.List(pl.Struct({"at": INSTANT, "wh": ENERGY, **SOURCE})),
        "activity": pl.List(
            pl.Struct({"at": INSTANT, "activity": pl.String, "evidence": pl.String, **SOURCE})
        ),
        "power": pl.List(pl.Struct({"at": INSTANT, "watt": ENERGY})),
        "current": pl.List(pl.Struct({"at": INSTANT, "ampere": ENERGY})),
        "signed_values": pl.List(pl.String),
        "findings": pl.List(
            pl.Struct({**SOURCE, "rule": pl.String, "severity": pl.String, "message": pl.String})
        ),
        "held": pl.Boolean,
        "sources": pl.List(pl.Struct(SOURCE)),
        "closed_at": INSTANT,
        "emitted_at": INSTANT,
    },
)
_CHARGING_PERIOD = Table(
    "charging_period",
    ("session_id", "version", "cdr_id", "ordinal"),
    {
        "session_id": pl.String,
        "version": pl.Int64,
        "cdr_id": pl.String,
        "ordinal": pl.Int64,
        "start_at": INSTANT,
        "end_at": INSTANT,
        "activity": pl.String,
        "energy_wh": ENERGY,
        "imputed": pl.Boolean,
        "min_power_kw": EXACT,
        "max_power_kw": EXACT,
        "min_current_a": EXACT,
        "max_current_a": EXACT,
        "reserved": pl.Boolean,
        "expired": pl.Boolean,
        "tariff_id": pl.String,
    },
)
_CHARGE = Table(
    "charge",
    ("session_id", "version", "cdr_id", "line"),
    {
        "session_id": pl.String,
        "version": pl.Int64,
        "cdr_id": pl.String,
        "line": pl.Int64,
        "period": pl.Int64,
        "dimension": pl.String,
        "group": pl.String,
        "measured": EXACT,
        "billed": EXACT,
        "step_size": pl.Int64,
        "price": EXACT,
        "net": EXACT,
        "vat": pl.Decimal(18, 6),
        "tax": EXACT,
        "currency": pl.String,
        "tariff_id": pl.String,
        "element": pl.Int64,
        "component": pl.Int64,
        "reason": pl.String,
        "imputed": pl.Boolean,
    },
)
_CDR = Table(
    "cdr",
    ("cdr_id",),
    {
        "cdr_id": pl.String,
        "session_id": pl.String,
        "version": pl.Int64,
        "party": pl.String,
        "contract_id": pl.String,
        "station": pl.String,
        "location_id": pl.String,
        "evse_id": pl.String,
        "start_at": INSTANT,
        "end_at": INSTANT,
        "last_updated": INSTANT,
        "currency": pl.String,
        "tariff_id": pl.String,
        "energy_kwh": EXACT,
        "time_h": EXACT,
        "parking_time_h": EXACT,
        "net_exact": EXACT,
        "tax_exact": EXACT,
        "net": MONEY,
        "tax": MONEY,
        "gross": MONEY,
        "credit": pl.Boolean,
        "sign": pl.Int64,
        "credit_reference_id": pl.String,
        "record": pl.String,
    },
)
_REJECTION = Table(
    "rejection",
    ("session_id", "version"),
    {
        "session_id": pl.String,
        "version": pl.Int64,
        "station": pl.String,
        "rule": pl.String,
        "message": pl.String,
        "energy_wh": ENERGY,
        "emitted_at": INSTANT,
    },
)
_RERATING = Table(
    "rerating",
    ("origin", "index", "session_id"),
    {
        **SOURCE,
        "session_id": pl.String,
        "version": pl.Int64,
        "station": pl.String,
        "party": pl.String,
        "credited_id": pl.String,
        "credit_id": pl.String,
        "cdr_id": pl.String,
        "rule": pl.String,
        "message": pl.String,
        "heard_at": INSTANT,
    },
)


def _findings(name: str) -> Table:
    """Findings of one step, or of all of them."""
    return Table(
        name,
        ("origin", "index", "rule", "session_id", "known_at", "message"),
        {
            **SOURCE,
            "rule": pl.String,
            "session_id": pl.String,
            "known_at": INSTANT,
            "message": pl.String,
            "severity": pl.String,
            "station": pl.String,
        },
    )


_TARIFF = _reference(
    "tariff",
    {
        "valid_from": INSTANT,
        "party_id": pl.String,
        "currency": pl.String,
        "parties": pl.List(pl.String),
        "stations": pl.List(pl.String),
        "locations": pl.List(pl.String),
    },
)
_OCPI_EXPORT = Table(
    "ocpi_export",
    ("cdr_id", "ocpi_version"),
    {
        "cdr_id": pl.String,
        "ocpi_version": pl.String,
        "party": pl.String,
        "last_updated": INSTANT,
        "object": pl.String,
    },
)
_INVOICE = Table(
    "invoice",
    ("number",),
    {
        "number": pl.String,
        "series": pl.String,
        "month": pl.String,
        "seller": pl.String,
        "buyer": pl.String,
        "currency": pl.String,
        "issued_at": INSTANT,
        "due_at": INSTANT,
        "lines": pl.Int64,
        "net": MONEY,
        "tax": MONEY,
        "gross": MONEY,
        "cdr_difference": EXACT,
        "taxes": pl.List(pl.Struct({"vat_percent": pl.Decimal(18, 6), "net": MONEY, "tax": MONEY})),
        "content_sha256": pl.String,
        "decided_sha256": pl.String,
        **SOURCE,
        "record": pl.String,
    },
)
_INVOICE_LINE = Table(
    "invoice_line",
    ("number", "position"),
    {
        "number": pl.String,
        "position": pl.Int64,
        "cdr_id": pl.String,
        "session_id": pl.String,
        "start_at": INSTANT,
        "end_at": INSTANT,
        "location": pl.String,
        "evse_id": pl.String,
        "contract_id": pl.String,
        "energy_kwh": EXACT,
        "net": MONEY,
        "vat_percent": pl.Decimal(18, 6),
        "credit": pl.Boolean,
    },
)
_DOCUMENT = Table(
    "document",
    ("name",),
    {"name": pl.String, "number": pl.String, "size": pl.Int64, "sha256": pl.String},
)

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        _LOG_CLOCK,
        _MESSAGE,
        _TRANSACTION_EVENT,
        _METER_READING,
        _STATION_STATE,
        _SESSION,
        _CHARGING_PERIOD,
        _CHARGE,
        _CDR,
        _REJECTION,
        _RERATING,
        _findings("message_finding"),
        _findings("operator_finding"),
        _findings("session_finding"),
        _findings("finding"),
        _TARIFF,
        _reference("token", {"party": pl.String, "contract_id": pl.String, "valid": pl.Boolean}),
        _reference("station", {"location_id": pl.String, "status": pl.String}),
        _reference("location", {"name": pl.String, "time_zone": pl.String}),
        _reference("policy", {}),
        _reference("correction", {"reason": pl.String}),
        _reference("party", {"role": pl.String, "name": pl.String, "currency": pl.String}),
        _OCPI_EXPORT,
        _INVOICE,
        _INVOICE_LINE,
        _DOCUMENT,
    )
}
