"""What pricing asks of a session version, and nothing else: enough to cut it, price it and bill it.

A `billing.session.Session` is one; so is a stored row that reads its lists only when asked.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from billing.finding import Finding
from billing.session import ActivityChange, CurrentSample, PowerSample, Register


class Metered(Protocol):
    """What is cut into charging periods."""

    @property
    def id(self) -> str:
        """The session's identity."""

    @property
    def start_at(self) -> datetime:
        """UTC."""

    @property
    def end_at(self) -> datetime:
        """UTC."""

    @property
    def energy_wh(self) -> Decimal | None:
        """What was delivered; None: nobody knows."""

    @property
    def registers(self) -> Sequence[Register]:
        """Energy since the start, at instants."""

    @property
    def activity(self) -> Sequence[ActivityChange]:
        """Charging or parked, from instants on."""

    @property
    def power(self) -> Sequence[PowerSample]:
        """Momentary power, at instants."""

    @property
    def current(self) -> Sequence[CurrentSample]:
        """Momentary current, at instants."""


class Place(Protocol):
    """Where a session took place, in the charger's own numbers."""

    @property
    def evse(self) -> int:
        """0: not said."""

    @property
    def connector(self) -> int:
        """0: not said."""

    @property
    def protocol(self) -> str:
        """`ocpp1.6` numbers outlets, later versions EVSEs."""


class Billable(Metered, Place, Protocol):
    """What becomes a CDR, or a rejection that says why not."""

    @property
    def version(self) -> int:
        """1 is the first."""

    @property
    def station(self) -> str:
        """The charger's identity."""

    @property
    def id_token(self) -> str:
        """As the charger sent it; empty: none was presented."""

    @property
    def held(self) -> bool:
        """Whether any finding is a HOLD."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What was wrong with it."""

    @property
    def signed_values(self) -> tuple[str, ...]:
        """Signed meter values, as sent."""

    @property
    def emitted_at(self) -> datetime:
        """Log time at which this version came to be (UTC)."""
