"""Plain samples of one transaction that follow each other, as one value made of columns.

What nearly everything a charger says is: registers, power and current of a session that runs on,
nothing else of the station in between, no flag, no doubtful stamp. They are kept together as
numbers until a rule needs the facts themselves: `facts` gives those, and nothing is decided here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from billing.events import Fact, MeterReading, TransactionEvent
from billing.finding import Source

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLACES = -3


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """At least one sample or update; instants in µs since the epoch, whole mWh, mW and mA.

    Each stands in a stamp that is in order, is a total register (`register_*`), a total import
    power (`power_*`) or an import current (`current_*`; its phase 1, 2 or 3, or 0 for all) of the
    outlet, names `transaction` and no EVSE 0, and breaks no rule. 2.0.1: `event_at` are
    the stamps of the TransactionEvents they came in, all of which are updates that name one
    `state`; the carrier is `TransactionEvent` then and `MeterValues` else.
    `told_with`: they stand in the message of a start, stop or update that was told by itself, all
    registers with `context` where it is Transaction.Begin or Transaction.End; else none is Begin.
    """

    station: str
    transaction: str
    origin: str
    received_at: datetime
    """When the first entry was received."""
    last_at: datetime
    """When the last entry was received."""
    entries: Sequence[int]
    """Their indexes in `origin`, rising."""
    register_at: Sequence[int]
    register_mwh: Sequence[int]
    register_entry: Sequence[int]
    power_at: Sequence[int]
    power_mw: Sequence[int]
    facts: Callable[[], Sequence[Fact]]
    """Them and their updates one by one, in log order."""
    current_at: Sequence[int] = ()
    current_ma: Sequence[int] = ()
    current_phase: Sequence[int] = ()
    event_at: Sequence[int] = ()
    state: str = ""
    told_with: bool = False
    context: str = ""

    @property
    def source(self) -> Source:
        """The first entry."""
        return Source(self.origin, self.entries[0])

    @property
    def last_source(self) -> Source:
        """The last entry."""
        return Source(self.origin, self.entries[-1])

    @property
    def earliest(self) -> datetime:
        """The least of all stamps, UTC."""
        every = (self.register_at, self.power_at, self.current_at, self.event_at)
        return instant_of(min(min(stamps) for stamps in every if stamps))


Told = TransactionEvent | MeterReading | Samples
"""What a station tells, with plain samples taken together where they are."""


def micros_of(at: datetime) -> int:
    """µs since the epoch."""
    return (at - _EPOCH) // _MICROSECOND


def instant_of(micros: int) -> datetime:
    """UTC."""
    return _EPOCH + timedelta(0, 0, micros)


def amount_of(thousandths: int) -> Decimal:
    """Wh, W or A, exact to 0.001, from thousandths: written as the lake writes them."""
    return Decimal(thousandths).scaleb(_PLACES)
