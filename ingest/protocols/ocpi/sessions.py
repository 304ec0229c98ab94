"""What a Session on the wire holds: a charging session as partners see it, running or over."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.cdr import CDR
from billing.party import EVSE, Connector, Location, Token
from billing.period import ChargingPeriod
from billing.receipt import Amount


@dataclass(frozen=True, slots=True)
class SharedSession:
    """OCPI Session, of any version. `end_at` is None and `total` may be None while it runs.

    `status`: ACTIVE, COMPLETED, INVALID, PENDING, RESERVATION (2.2.1 on).
    """

    country_code: str
    party_id: str
    id: str
    start_at: datetime
    end_at: datetime | None
    energy_kwh: Decimal
    token: Token
    auth_method: str
    authorization_reference: str
    location: Location
    evse: EVSE
    connector: Connector
    meter_id: str
    currency: str
    periods: tuple[ChargingPeriod, ...]
    total: Amount | None
    status: str
    last_updated: datetime


def completed(cdr: CDR) -> SharedSession:
    """The Session that a (not credited) CDR ended with."""
    return SharedSession(
        country_code=cdr.country_code,
        party_id=cdr.party_id,
        id=cdr.session_id,
        start_at=cdr.start_at,
        end_at=cdr.end_at,
        energy_kwh=cdr.total_energy_kwh,
        token=cdr.token,
        auth_method=cdr.auth_method,
        authorization_reference=cdr.authorization_reference,
        location=cdr.location,
        evse=cdr.evse,
        connector=cdr.connector,
        meter_id=cdr.meter_id,
        currency=cdr.currency,
        periods=cdr.periods,
        total=cdr.receipt.total,
        status="COMPLETED",
        last_updated=cdr.last_updated,
    )
