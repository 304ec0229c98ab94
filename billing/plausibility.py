"""What a connector can physically do: energy against power, time and the charger's own samples.

Fault table G8: kWh ≤ connector power × time × 1.05; the power that two registers imply against the
power the charger reported shows a unit that is wrong by 1000. Judges; never changes a value.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from billing.course import PowerCourse, RegisterCourse
from billing.session import PowerSample, Register

_MARGIN = Decimal("1.05")
ALLOWANCE_WH = Decimal(100)
"""Truncated seconds and registers of whole 100 Wh never make a session implausible."""

_LEAST_VOLT = 115
"""Half of 230 V to neutral: what a connector of known power carries of current, and twice that."""

_HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
_HOUR_US = Decimal(_HOUR // MICROSECOND)
_MEAN_SCALE = _HOUR // MICROSECOND
_ALLOWANCE_MWH = int(ALLOWANCE_WH * 1000)
_POWER_SCALE = _MARGIN * 100
_MWH_SCALE = _HOUR // MICROSECOND // 10
"""mWh × µs per hour against W × 105 × µs: thousandths of Wh beside hundredths of the margin."""


def hours(duration: timedelta) -> Decimal:
    """Exact to the precision of Decimal; negative durations count as none."""
    return Decimal(max(0, duration // MICROSECOND)) / _HOUR_US


_RATIOS = (
    (Decimal(0), Decimal(0), "register_frozen", ""),
    (Decimal("0.0005"), Decimal("0.002"), "unit_factor", ": kWh labelled Wh"),
    (Decimal(500), Decimal(2000), "unit_factor", ": Wh labelled kWh"),
    (Decimal(0), Decimal("0.2"), "power_mismatch", ""),
    (Decimal(5), Decimal("Infinity"), "power_mismatch", ""),
)
"""Register growth divided by reported power × time: lowest, highest, rule, what it looks like."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one connector can deliver, from its power in W."""

    power_w: Decimal

    def bound_wh(self, duration: timedelta) -> Decimal:
        """The most that can be delivered in `duration`, Wh."""
        return self.power_w * hours(duration) * _MARGIN + ALLOWANCE_WH

    def allows(self, wh: Decimal, duration: timedelta) -> bool:
        """Whether `wh` can be delivered in `duration`."""
        return wh <= self.bound_wh(duration)

    def surely_allows(self, mwh: int, us: int) -> bool:
        """Whether `mwh` can be delivered in `us` microseconds, and with room to spare."""
        beyond = mwh - _ALLOWANCE_MWH
        return beyond <= 0 or beyond * _MWH_SCALE < us * int(self.power_w * _POWER_SCALE)

    def carries(self, ampere: Decimal) -> bool:
        """Whether a current, summed over phases, can flow: by far, at any voltage of a charge."""
        return ampere * _LEAST_VOLT <= self.power_w

    @property
    def us_per_wh(self) -> Decimal:
        """The least time that one Wh takes, in µs: `allows` without a division, for long reels."""
        return _HOUR_US / (self.power_w * _MARGIN)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule that the energy of a session broke against its power, and what was seen."""

    rule: str
    message: str


def judge(
    energy_wh: Decimal,
    registers: Sequence[Register],
    power: Sequence[PowerSample],
    duration: timedelta,
    limit: Limit,
) -> Verdict | None:
    """The one thing that is physically wrong with a session's energy, if anything is."""
    verdict = _against_samples(registers, power)
    if verdict is not None:
        return verdict
    if limit.allows(energy_wh, duration):
        return None
    bound = limit.bound_wh(duration)
    text = f"{energy_wh} Wh in {duration}, at most {bound:.0f} Wh at {limit.power_w} W"
    thousandth = energy_wh / 1000
    if not registers or thousandth < 1 or energy_wh < bound * 20:
        return Verdict("power_impossible", text)
    return Verdict("unit_factor", f"{text}: Wh labelled kWh")


def _against_samples(registers: Sequence[Register], power: Sequence[PowerSample]) -> Verdict | None:
    """Mean reported power against the growth of the register over the same stretch."""
    if len(power) < 2 or len(registers) < 2 or _agree(registers, power):
        return None
    begin, end = max(power[0].at, registers[0].at), min(power[-1].at, registers[-1].at)
    span = end - begin
    if span < timedelta(minutes=5):
        return None
    counted = value_at(registers, end) - value_at(registers, begin)
    rough = sum([sample.watt for sample in power], Decimal(0)) / len(power) * hours(span)
    if rough / 2 <= counted <= rough * 2:
        return None
    reported = _mean(power, begin, end) * hours(span)
    if reported < 100:
        return None
    ratio = counted / reported
    seen = f"registers say {counted:.0f} Wh, power samples {reported:.0f} Wh"
    for low, high, rule, why in _RATIOS:
        if low <= ratio <= high:
            return Verdict(rule, seen + why)
    return None


def _agree(registers: Sequence[Register], power: Sequence[PowerSample]) -> bool:
    """Whether, in whole numbers and by far, the register grew as the power samples say."""
    if not isinstance(registers, RegisterCourse) or not isinstance(power, PowerCourse):
        return False
    begin, end = max(power.at[0], registers.at[0]), min(power.at[-1], registers.at[-1])
    if end <= begin:
        return False
    least = registers.least_between(begin, end) * _MEAN_SCALE
    most = registers.most_between(begin, end) * _MEAN_SCALE
    rough = sum(power.mw) * (end - begin) // len(power)
    return rough < 2 * least and most < 2 * rough


def _mean(power: Sequence[PowerSample], begin: datetime, end: datetime) -> Decimal:
    """Time-weighted mean of the trapezoids between samples, W."""
    area = Decimal(0)
    weight = Decimal(0)
    for one, two in pairwise(power):
        if one.at >= end or two.at <= begin:
            continue
        width = hours(two.at - one.at)
        area += (one.watt + two.watt) / 2 * width
        weight += width
    return area / weight if weight else Decimal(0)


def value_at(registers: Sequence[Register], at: datetime) -> Decimal:
    """The register at an instant, on the straight line between its neighbours; Wh."""
    index = bisect_left(registers, at, key=_at)
    if index >= len(registers):
        return registers[-1].wh
    two = registers[index]
    if not index or two.at == at:
        return two.wh
    one = registers[index - 1]
    share = hours(at - one.at) / hours(two.at - one.at)
    return one.wh + (two.wh - one.wh) * share


def _at(register: Register) -> datetime:
    return register.at
