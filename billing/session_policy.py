"""What an operator decides about deriving sessions: settle time, limits, tolerances. Data only.

A policy is part of what a derivation rests on: another policy, another derivation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """Times as timedelta, energy in Wh, power in W. The defaults suit a mixed public network."""

    settle: timedelta = timedelta(seconds=600)
    """A session version is emitted this long after the message that closed it."""
    stale_open: timedelta = timedelta(hours=48)
    """A session without a stop is closed this long after the last message about it."""
    clock_tolerance: timedelta = timedelta(seconds=300)
    """Stamps may differ from the receive time by this much before the clock is doubted."""
    stamp_tolerance: timedelta = timedelta(seconds=5)
    """Samples this far outside start and stop still count as inside (truncated seconds)."""
    register_tolerance_wh: Decimal = Decimal(2)
    """Truncation and rounding of one register against another."""
    zero_below_wh: Decimal = Decimal(2)
    """Up to this much a session counts as one without energy (`zero_energy`)."""
    idle_w: Decimal = Decimal(100)
    """Below this power a vehicle counts as parked, where no state was reported."""
    idle_after: timedelta = timedelta(minutes=10)
    """A register that stands still this long counts as parked, where no state was reported."""
    max_power_w: Decimal = Decimal(500_000)
    """What a connector can deliver where `connector_power_w` does not name it."""
    connector_power_w: Mapping[tuple[int, int], Decimal] = field(default_factory=dict)
    """(EVSE, connector) -> W; connector 0 stands for any connector of that EVSE."""
    token_groups: Mapping[str, str] = field(default_factory=dict)
    """Normal form of a token (`billing.identity.normal_token`) -> its group."""

    def power_limit_w(self, evse: int, connector: int) -> Decimal:
        """The most that (evse, connector) can deliver, in W."""
        found = self.connector_power_w.get((evse, connector))
        if found is None:
            found = self.connector_power_w.get((evse, 0))
        return self.max_power_w if found is None else found
