"""A charge detail record: a session, its price and everything as it stood when it started.

Immutable. A correction is a credit CDR (a copy whose total_cost is negative) and a new CDR.
OCPI 2.2.1 mod_cdrs; `ingest.protocols.ocpi.<version>.cdrs` writes each wire form.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.party import EVSE, Connector, Location, Token
from billing.period import ChargingPeriod
from billing.receipt import Receipt
from billing.tariff import Tariff


@dataclass(frozen=True, slots=True)
class CDR:
    """What a party is charged for one session version.

    `id` is at most 36 characters, a credit's too. `total_energy_kwh`, `total_time_h` and
    `total_parking_time_h` are exact; the wire rounds to 4 decimals. `total_cost` of a credit is the
    negative of the credited CDR's; all else stays as it was.
    """

    country_code: str
    party_id: str
    id: str
    session_id: str
    session_version: int
    start_at: datetime
    end_at: datetime
    token: Token
    auth_method: str
    authorization_reference: str
    location: Location
    evse: EVSE
    connector: Connector
    meter_id: str
    currency: str
    tariffs: tuple[Tariff, ...]
    periods: tuple[ChargingPeriod, ...]
    receipt: Receipt
    total_energy_kwh: Decimal
    total_time_h: Decimal
    total_parking_time_h: Decimal
    signed_values: tuple[str, ...]
    remark: str
    credit: bool
    credit_reference_id: str
    last_updated: datetime
    """The log time at which it came to be (UTC)."""

    @property
    def sign(self) -> int:
        """−1 for a credit: what sums of energy and money multiply by."""
        return -1 if self.credit else 1
