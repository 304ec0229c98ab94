"""Whether lines are only a share of their periods: those that a policy split where a price changes.

Knows that a receipt names a share's period and not when the share itself began. Refuses to guess.
"""

from collections.abc import Sequence
from decimal import Decimal

from billing.period import ChargingPeriod
from billing.policy import PricingPolicy
from billing.receipt import Line
from billing.schedule import Phase
from billing.tariff import Dimension
from billing.volume import times

_GRAIN = Decimal("0.0001")
"""kWh or hours: what a volume may be off by as it is written."""


def is_share(
    lines: Sequence[Line], periods: Sequence[ChargingPeriod], policy: PricingPolicy
) -> bool:
    """Whether the lines, of one dimension, hold less than all of their periods, one per line.

    A fee of a period that was split may have arisen anywhere within it: it is a share, too.
    """
    if policy.period_spans_price_change != "split_by_time":
        return False
    if not any(line.imputed for line in lines):
        return False
    dimension = lines[0].dimension
    if dimension is Dimension.FLAT:
        return True
    whole = sum((_quantity(one, dimension) for one in dict.fromkeys(periods)), Decimal(0))
    measured = sum((line.measured for line in lines), Decimal(0))
    return abs(whole - measured) > _GRAIN * len(lines)


def _quantity(period: ChargingPeriod, dimension: Dimension) -> Decimal:
    """kWh or hours of a period."""
    if dimension is Dimension.ENERGY:
        return period.energy_wh / 1000
    found = [seconds for _, kind, seconds in times(period, Phase.SESSION) if kind is dimension]
    return sum(found, Decimal(0)) / 3600
