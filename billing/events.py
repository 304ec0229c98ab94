"""What a charger said, in one vocabulary for every protocol version: the border of the core.

`ingest.protocols.ocpp` reads a frame into these facts; `billing.session` folds them. Each class is
also a table of the lake, field for field (`transaction_event`, `meter_reading`).
A fact keeps what came (text) beside what was understood (value); nothing is corrected here.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from billing.finding import Source


class StampQuality(StrEnum):
    """How far an event time can be trusted, before it is compared with the receive time."""

    OK = "ok"
    NO_ZONE = "no_zone"
    """No zone given: read as UTC."""
    ODD_OFFSET = "odd_offset"
    """A zone offset other than Z, or written irregularly (`+03`)."""
    EPOCH = "epoch"
    """Before 2010: a clock that was never set."""
    IMPOSSIBLE = "impossible"
    """Not a date: `at` is None."""
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Stamp:
    """An event time: the charger's own text, and the UTC instant it was read as (or None)."""

    text: str
    at: datetime | None
    quality: StampQuality


class EventKind(StrEnum):
    """What happened. A status or a boot never opens, closes or ends a session by itself."""

    STARTED = "started"
    """OCPP 1.6 StartTransaction; 2.0.1 TransactionEvent Started."""
    START_ANSWERED = "start_answered"
    """Our StartTransaction.conf: the transaction id we issued (pairs by connection and message)."""
    UPDATED = "updated"
    """2.0.1 TransactionEvent Updated."""
    ENDED = "ended"
    """OCPP 1.6 StopTransaction; 2.0.1 TransactionEvent Ended."""
    STATUS = "status"
    """StatusNotification of a connector."""
    BOOTED = "booted"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class TransactionEvent:
    """One fact at the edge of, or about the state of, a transaction.

    `transaction` is the id as text, never a number ("" where none was given). `evse` and
    `connector` are 0 for the station as a whole, None where not given; OCPP 1.6 has no EVSE, there
    `evse` equals `connector`. `meter_wh` is meterStart or meterStop. `flags` are the rules that the
    reading of the frame itself broke (`msgid_numeric`, `id_token_too_long` …), as (rule, message).
    """

    source: Source
    received_at: datetime
    station: str
    protocol: str
    connection: str
    message_id: str
    kind: EventKind
    stamp: Stamp
    evse: int | None = None
    connector: int | None = None
    transaction: str = ""
    id_token: str = ""
    id_token_type: str = ""
    meter_wh: Decimal | None = None
    reason: str = ""
    status: str = ""
    """StatusNotification's status or connectorStatus."""
    charging_state: str = ""
    """2.0.1 chargingState: Charging, EVConnected, SuspendedEV, SuspendedEVSE, Idle."""
    trigger: str = ""
    """2.0.1 triggerReason."""
    offline: bool = False
    seq_no: int | None = None
    reservation: str = ""
    flags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One sampled value, with its unit's worth in Wh, W or A where that is certain.

    `position` numbers the samples of one message (0, 1, …). `value` is the number as sent;
    `wh` the same in Wh (exact to 0.001) where the measurand is an energy, by the unit as labelled;
    `watt` the same in W where the measurand is Power.Active.Import;
    `ampere` the same in A where it is Current.Import, of all phases together or of one: None for
    the neutral and between two phases, which add nothing to what flows into a vehicle.
    `carrier` names where it stood: `MeterValues`, `StopTransaction`, `TransactionEvent`.
    `signed` is a signed meter value's exact text, untouched.
    """

    source: Source
    position: int
    received_at: datetime
    station: str
    carrier: str
    stamp: Stamp
    evse: int | None
    connector: int | None
    transaction: str
    measurand: str
    phase: str
    location: str
    context: str
    unit: str
    value_text: str
    value: Decimal | None
    wh: Decimal | None
    watt: Decimal | None
    ampere: Decimal | None = None
    signed: str = ""
    flags: tuple[tuple[str, str], ...] = ()


Fact = TransactionEvent | MeterReading
