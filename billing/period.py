"""Charging periods: a session cut at every instant that could change a price.

Cut from the session's own registers and activity; a value read off between two readings is
`imputed`, never mistaken for a measured one. OCPI 2.2.1 mod_cdrs, ChargingPeriod.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.session import Activity


@dataclass(frozen=True, slots=True)
class ChargingPeriod:
    """From `start_at` to `end_at` (UTC) nothing that a tariff can see changes.

    `energy_wh` is what was delivered within, `activity` whether it counts as TIME or PARKING_TIME.
    `imputed` is true where a bound was interpolated between two readings. Power in kW and current
    in A are the extremes within the period, None where unknown. `reserved` marks time before the
    session in which the connector was held for the driver (`expired`: never used, `cancelled`: the
    booking was called off).

    `time_s` and `parking_s` are what a partner's CDR states of TIME (of RESERVATION_TIME where
    reserved) and PARKING_TIME, in seconds; with both None the span counts, by its activity.
    `overtime_s` is the part beyond the booked slot (OCPI 2.3.0 bookings, RESERVATION_OVERTIME).
    """

    ordinal: int
    start_at: datetime
    end_at: datetime
    activity: Activity
    energy_wh: Decimal
    imputed: bool = False
    min_power_kw: Decimal | None = None
    max_power_kw: Decimal | None = None
    min_current_a: Decimal | None = None
    max_current_a: Decimal | None = None
    reserved: bool = False
    expired: bool = False
    tariff_id: str = ""
    time_s: Decimal | None = None
    parking_s: Decimal | None = None
    cancelled: bool = False
    overtime_s: Decimal | None = None
