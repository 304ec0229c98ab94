"""What a session drew: its power and current from sample to sample, as a tariff looks at them.

Knows which value holds at an instant and when another band of thresholds begins. Refuses to know
elements and prices, and to reckon a current from a power: the voltage is nobody's guess. OCPI 2.2.1
mod_tariffs, TariffRestrictions: min_power to max_current, in kW and A summed over phases.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from billing.billable import Metered
from billing.money import round_to
from billing.schedule import Schedule

W_PER_KW = Decimal(1000)
LOAD_GRAIN = Decimal("0.0001")
"""Power in kW, current in A, to what OCPI can carry: who prices our CDR sees what we cut by."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a charger sampled of power (kW) or current (A), in order of time; each sample holds
    until the next one, the first also before it.
    """

    times: list[datetime]
    values: list[Decimal]

    @classmethod
    def of(cls, samples: Iterable[tuple[datetime, Decimal]]) -> "Load":
        """Of (instant, amount)."""
        ordered = sorted(samples, key=itemgetter(0))
        return cls([at for at, _ in ordered], [round_to(one, LOAD_GRAIN) for _, one in ordered])

    def at(self, at: datetime) -> Decimal | None:
        """What held at an instant; None where nothing was sampled."""
        if not self.values:
            return None
        return self.values[max(bisect_right(self.times, at) - 1, 0)]

    def extremes(self, start: datetime, end: datetime) -> tuple[Decimal | None, Decimal | None]:
        """The least and the most from `start` until before `end`."""
        if not self.values:
            return _UNKNOWN
        first, last = bisect_right(self.times, start), bisect_left(self.times, end)
        within = [self.values[max(first - 1, 0)], *self.values[first:last]]
        return min(within), max(within)

    def turns(self, thresholds: Sequence[Decimal]) -> Iterator[datetime]:
        """The samples that lie in another band between thresholds than the one before."""
        bands = [bisect_right(thresholds, value) for value in self.values]
        return (
            at for at, (old, new) in zip(self.times[1:], pairwise(bands), strict=True) if old != new
        )


class Loads(NamedTuple):
    """Power and current of a session; nothing of one that no tariff asks for."""

    power: Load
    current: Load

    @classmethod
    def of(cls, session: Metered, schedules: Sequence[Schedule]) -> "Loads":
        """As far as any of the schedules has thresholds of them."""
        limits = [one.thresholds for one in schedules if one.conditional]
        power = current = _NO_LOAD
        if any(one.power for one in limits):
            power = Load.of((one.at, one.watt / W_PER_KW) for one in session.power)
        if any(one.current for one in limits):
            current = Load.of((one.at, one.ampere) for one in session.current)
        return _NO_LOADS if power is current else cls(power, current)

    def asked(self, schedule: Schedule) -> "Loads":
        """Those that one schedule asks for."""
        if self is _NO_LOADS:
            return self
        limits = schedule.thresholds
        return Loads(
            self.power if limits.power else _NO_LOAD, self.current if limits.current else _NO_LOAD
        )


_UNKNOWN = (None, None)
_NO_LOAD = Load([], [])
_NO_LOADS = Loads(_NO_LOAD, _NO_LOAD)
