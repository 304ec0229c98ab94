"""The edges of a transaction in the registry: what is open, and which start was heard before.

A memory for answering only. What a session is, `billing` derives from the log.
"""

import hashlib

from billing.dossier import UNUSABLE
from ingest.answer.call import Call, text
from ingest.protocols.ocpp.stamps import read_stamp
from ingest.view import View
from warehouse.registry import Change

IDENTITY = ("connectorId", "idTag", "timestamp", "meterStart")
"""What makes a StartTransaction the one it is: a repeat says the same four things."""


def identity(call: Call) -> str:
    """A StartTransaction's identity as 32 hexadecimal digits; of the whole text if it has none."""
    parts = [text(call.payload, name) for name in IDENTITY]
    said = "\x1f".join(parts) if any(parts) else "\x1e" + call.text
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]


def is_undated(call: Call) -> bool:
    """Whether a StartTransaction's stamp tells nothing: a clock never set, no date, none."""
    return read_stamp(call.payload.get("timestamp")).quality in UNUSABLE


def started(
    view: View, call: Call, transaction: str, now_ns: int, **values: str | int
) -> tuple[Change, ...]:
    """A transaction is open from now on; the oldest of the station are forgotten to make room."""
    put = Change(
        "ocpp_transaction",
        (call.station, transaction),
        {"started_ns": now_ns, "ended_ns": 0, **values},
    )
    return (*view.forgotten(call.station), put)


def ended(call: Call, transaction: str, now_ns: int) -> tuple[Change, ...]:
    """A transaction is over; nothing changes where it was never seen."""
    return (
        Change("ocpp_transaction", (call.station, transaction), {"ended_ns": now_ns}, "update"),
    )
