"""An imagined charge: power over time, then perhaps parked. Knows no tariff and no clock zone.

Energy stands on 0.1 Wh and instants on whole seconds: what every OCPI version can carry.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import accumulate, pairwise

from billing.money import round_to

ZERO = Decimal(0)
WIRE_WH = Decimal("0.1")
SECOND, MINUTE, HOUR_S = timedelta(seconds=1), timedelta(minutes=1), Decimal(3600)
_EMPTY_SHARE = Decimal("0.05")
"""Where the taper ends: at this share of full power a battery counts as full."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time of constant power. `kw` 0: the vehicle asks for none, which is parking.

    `most_wh` ends it a fraction of a second early, where energy is what was asked for.
    """

    duration: timedelta
    kw: Decimal
    most_wh: Decimal | None = None

    @property
    def wh(self) -> Decimal:
        """Delivered within, exact."""
        return self.after(self.duration)

    def after(self, passed: timedelta) -> Decimal:
        """Delivered so far, exact."""
        wh = self.kw * 1000 * Decimal(passed // SECOND) / HOUR_S
        return wh if self.most_wh is None else min(wh, self.most_wh)


@dataclass(frozen=True, slots=True)
class Profile:
    """From `start_at` (UTC, whole seconds) the stretches one after another, then parked."""

    start_at: datetime
    curve: tuple[Stretch, ...]
    parked: timedelta = timedelta()

    def __post_init__(self) -> None:
        """Refuses what is no charge, in words."""
        if self.start_at.tzinfo is None:
            raise ValueError("the start needs a time zone")
        if any(one.duration < SECOND for one in self.curve) or self.parked < timedelta():
            raise ValueError("every part of a charge lasts a second or longer")
        if any(one.kw < 0 for one in self.curve):
            raise ValueError("power is zero or more; energy fed back is no charge")
        if not self.curve and not self.parked:
            raise ValueError("a charge without any length")

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The curve and what is parked after it."""
        return (*self.curve, Stretch(self.parked, ZERO)) if self.parked else self.curve

    @property
    def end_at(self) -> datetime:
        """When the vehicle leaves (UTC)."""
        return self.start_at + sum([one.duration for one in self.stretches], timedelta())

    @property
    def energy_wh(self) -> Decimal:
        """All that is delivered, on 0.1 Wh."""
        return round_to(sum([one.wh for one in self.curve], ZERO), WIRE_WH)


def steady(energy_kwh: Decimal, kw: Decimal) -> tuple[Stretch, ...]:
    """Constant power until the energy is delivered, to the next whole second."""
    if kw <= 0 or energy_kwh <= 0:
        raise ValueError("energy and power are above zero")
    seconds = (energy_kwh * HOUR_S / kw).to_integral_value(ROUND_CEILING)
    return (Stretch(int(seconds) * SECOND, kw, energy_kwh * 1000),)


def curve_of(points: Sequence[tuple[Decimal, Decimal]]) -> tuple[Stretch, ...]:
    """Stretches from (minutes from the start, kW from there on); the last point ends the charge."""
    if len(points) < 2:
        raise ValueError("a curve has two points or more: (minutes, kW), the last one its end")
    if points[0][0] != 0:
        raise ValueError(f"a curve starts at minute 0, not at {points[0][0]}")
    made = []
    for (begin, kw), (end, _) in pairwise(points):
        seconds = int(round_to((end - begin) * 60, Decimal(1)))
        if seconds <= 0:
            raise ValueError(f"minutes of a curve rise: {end} comes after {begin}")
        made.append(Stretch(seconds * SECOND, kw))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery and how far it is charged; shares from 0 to 1. Above `taper_from` power falls in a
    straight line to nearly nothing at full.
    """

    capacity_kwh: Decimal
    soc_from: Decimal
    soc_to: Decimal
    taper_from: Decimal = Decimal("0.8")

    def charge(self, kw: Decimal) -> tuple[Stretch, ...]:
        """Minute by minute at up to `kw` until `soc_to` is reached."""
        if not 0 <= self.soc_from < self.soc_to <= 1 or self.capacity_kwh <= 0 or kw <= 0:
            raise ValueError("a battery is charged from one share to a higher one, 0 to 1")
        return _joined(list(self._minutes(kw)))

    def _minutes(self, most: Decimal) -> Iterator[Stretch]:
        stored, wanted = (self.capacity_kwh * share for share in (self.soc_from, self.soc_to))
        while stored < wanted:
            kw = self._power(stored / self.capacity_kwh, most)
            missing = wanted - stored
            if missing <= kw / 60:
                yield from steady(missing, kw)
                return
            yield Stretch(MINUTE, kw)
            stored += kw / 60

    def _power(self, soc: Decimal, most: Decimal) -> Decimal:
        if soc < self.taper_from:
            return most
        share = (1 - soc) / (1 - self.taper_from)
        return round_to(most * max(share, _EMPTY_SHARE), Decimal("0.001"))


def _joined(stretches: list[Stretch]) -> tuple[Stretch, ...]:
    """Neighbours of the same power as one."""
    made = stretches[:1]
    for one in stretches[1:]:
        if one.kw == made[-1].kw:
            last = made[-1]
            most = None if last.most_wh is one.most_wh is None else last.wh + one.wh
            made[-1] = Stretch(last.duration + one.duration, one.kw, most)
        else:
            made.append(one)
    return tuple(made)


def readings(profile: Profile) -> list[tuple[datetime, Decimal]]:
    """(instant, Wh since the start) each minute and at each change of power, on 0.1 Wh."""
    stretches = profile.stretches
    found = [(profile.start_at, ZERO)]
    totals = accumulate((one.wh for one in stretches), initial=ZERO)
    begin = profile.start_at
    for one, before in zip(stretches, totals, strict=False):
        minutes = range(1, -(-one.duration // MINUTE))
        inside = [MINUTE * number for number in minutes] if one.kw else []
        found += [
            (begin + after, round_to(before + one.after(after), WIRE_WH))
            for after in (*inside, one.duration)
        ]
        begin += one.duration
    return found
