"""What a session is: identity, window, energy, activity — one immutable version at a time.

The values only. `billing.fold` follows a station's facts and emits them, `billing.energy` climbs
the ladder that says how much was delivered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from billing.finding import Finding, Source


class SessionState(StrEnum):
    """Where a session stands when a version of it is emitted."""

    CLOSED = "closed"
    """Start and stop are known."""
    ORPHAN_STOP = "orphan_stop"
    """A stop whose start never came."""
    STALE_OPEN = "stale_open"
    """A start whose stop never came: closed by the log clock or by the next start."""


class EnergySource(StrEnum):
    """The rungs of the ladder, best first; the rung taken is kept with the session."""

    SIGNED = "signed"
    """S1: verified signed values at begin and end."""
    METER_STOP = "meter_stop"
    """S2: meterStop − meterStart, where plausible."""
    REGISTER = "register"
    """S3: last − first import register inside the window."""
    PHASE_SUM = "phase_sum"
    """S4: sum of the phases' registers, where no total exists."""
    UNKNOWN = "unknown"
    """S5: no substitute value; the session is held."""


class StampSource(StrEnum):
    """Whose clock gave the start or the end of a session."""

    CHARGER = "charger"
    RECEIVED = "received"
    """The charger's stamp is unusable: the receive time bounds it."""
    READING = "reading"
    """From the last reading, where no stop came."""
    NEXT_START = "next_start"
    """The next start on the connector bounds it, where no stop came."""
    CORRECTED = "corrected"
    """The charger's stamp, moved by the estimated offset of its clock (`clock_skew`)."""


@dataclass(frozen=True, slots=True)
class Register:
    """The energy delivered since the session's start, at an instant: (UTC, Wh exact to 0.001)."""

    at: datetime
    wh: Decimal
    source: Source


@dataclass(frozen=True, slots=True)
class EnergyCandidate:
    """What one rung of the ladder says: energy, its two registers (Wh), and the entries behind."""

    rung: EnergySource
    energy_wh: Decimal
    begin_wh: Decimal | None
    end_wh: Decimal | None
    sources: tuple[Source, ...]


class Activity(StrEnum):
    """What the vehicle did from an instant on: OCPI's split between TIME and PARKING_TIME."""

    CHARGING = "charging"
    """Taking energy, or wanting to while the charger holds it back."""
    PARKED = "parked"
    """Connected, not requesting power."""


@dataclass(frozen=True, slots=True)
class ActivityChange:
    """From `at` on the vehicle does `activity`; `evidence` says what told us (status, state …)."""

    at: datetime
    activity: Activity
    evidence: str
    source: Source


@dataclass(frozen=True, slots=True)
class PowerSample:
    """Momentary active import power in W, summed over phases."""

    at: datetime
    watt: Decimal


@dataclass(frozen=True, slots=True)
class CurrentSample:
    """Momentary import current in A, summed over phases."""

    at: datetime
    ampere: Decimal


@dataclass(frozen=True, slots=True)
class Session:
    """One version of one charging session, as derived from the log up to `emitted_at`.

    `id` is UUIDv5 over (station, EVSE, connector, start text, token, start meter): never the
    charger's transaction id. Version 1 is the first; a later message makes version n + 1.
    `energy_wh` is None on the rung UNKNOWN. `registers` start at 0 Wh at `start_at` and end with
    `energy_wh` at `end_at` where energy is known (a session of no length has the end only);
    `activity` starts at `start_at`.
    `held` is true when any finding of it is a HOLD; `sources` are the log entries it rests on, in
    log order. Where everything was plain, registers, power, current and sources are a
    `billing.course`.
    """

    id: str
    version: int
    state: SessionState
    station: str
    evse: int
    connector: int
    protocol: str
    transaction: str
    id_token: str
    id_token_type: str
    start_at: datetime
    end_at: datetime
    start_source: StampSource
    end_source: StampSource
    meter_start_wh: Decimal | None
    meter_stop_wh: Decimal | None
    energy_wh: Decimal | None
    energy_source: EnergySource
    stop_reason: str
    registers: Sequence[Register]
    activity: tuple[ActivityChange, ...]
    power: Sequence[PowerSample]
    signed_values: tuple[str, ...]
    findings: tuple[Finding, ...]
    held: bool
    sources: Sequence[Source]
    closed_at: datetime
    """Log time that made this version due: version 1, the receive time of the message that closed
    it (stale sessions: the instant the log clock gave up); later ones, of the late message."""
    emitted_at: datetime
    """Log time at which this version came to be: `closed_at` + settle time (UTC)."""
    candidates: tuple[EnergyCandidate, ...] = ()
    """Every rung that had an answer, best first; the one taken carries `energy_source`."""
    current: Sequence[CurrentSample] = ()
    """Strictly later each, within the session; empty where the charger reported none."""
