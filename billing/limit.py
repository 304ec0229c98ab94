"""min_price and max_price: what the whole session costs at least and at most.

Knows the two totals and how their difference is shared among tax rates. Refuses to know periods.
OCPI 2.2.1 mod_tariffs, Tariff.min_price and max_price; the totals before and after tax are
compared independently.
"""

from dataclasses import dataclass
from decimal import Decimal

from billing.money import GRAIN, round_to
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.tariff import PriceLimit, Tariff, TaxIncluded

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a limit adds (or takes) at one VAT rate, so that the lines sum to the limited total."""

    vat: Decimal | None
    net: Decimal
    tax: Decimal


Shares = dict[Decimal | None, tuple[Decimal, Decimal]]
"""(net, tax) by VAT rate, exact."""


def adjustments(
    tariff: Tariff, shares: Shares, policy: PricingPolicy = DEFAULT_POLICY
) -> tuple[Adjustment, ...]:
    """The lines that bring (net, tax) within the tariff's limits; none where they already are."""
    net = sum((part for part, _ in shares.values()), ZERO)
    tax = sum((part for _, part in shares.values()), ZERO)
    before, after = _limited(tariff, net, net + tax)
    if (before, after) == (net, net + tax):
        return ()
    if policy.clamp_tax == "one_line":
        return (Adjustment(None, before - net, after - before - tax),)
    return _shared(tariff, shares, (net, tax), (before, after - before))


def _limited(tariff: Tariff, net: Decimal, gross: Decimal) -> tuple[Decimal, Decimal]:
    """(net, gross) within the limits; one without an after-tax value takes tax in proportion."""
    least, most = tariff.min_price, tariff.max_price
    before = net
    if least is not None:
        before = max(before, least.before_tax)
    if most is not None:
        before = min(before, most.before_tax)
    after = gross
    if before != net and _one_sided(least if before > net else most):
        after = gross * before / net if net else before * (100 + _only_rate(tariff)) / 100
        after = round_to(after, GRAIN)
    if least is not None and least.after_tax is not None:
        after = max(after, least.after_tax)
    if most is not None and most.after_tax is not None:
        after = min(after, most.after_tax)
    return before, after


def _only_rate(tariff: Tariff) -> Decimal:
    rates = _rates(tariff)
    return rates[0] if len(rates) == 1 else ZERO


def _one_sided(limit: PriceLimit | None) -> bool:
    return limit is not None and limit.after_tax is None


def _shared(
    tariff: Tariff, shares: Shares, totals: tuple[Decimal, Decimal], wanted: tuple[Decimal, Decimal]
) -> tuple[Adjustment, ...]:
    """Each rate's net and tax scaled to the wanted totals; what no rate can carry has none."""
    rates = sorted(shares, key=_by_rate)
    nets = _scaled([shares[rate][0] for rate in rates], totals[0], wanted[0])
    taxes = _scaled([shares[rate][1] for rate in rates], totals[1], wanted[1])
    found = [
        Adjustment(rate, new_net - shares[rate][0], new_tax - shares[rate][1])
        for rate, new_net, new_tax in zip(rates, nets, taxes, strict=True)
    ]
    rest_net, rest_tax = wanted[0] - sum(nets, ZERO), wanted[1] - sum(taxes, ZERO)
    if rest_net or rest_tax:
        rate = rates[0] if len(rates) == 1 else _rate_of(tariff, rest_net, rest_tax)
        found.append(Adjustment(rate, rest_net, rest_tax))
    return tuple(one for one in found if one.net or one.tax)


def _rate_of(tariff: Tariff, net: Decimal, tax: Decimal) -> Decimal | None:
    """The rate of a limit that no line can carry: the tariff's only one, or one that fits."""
    rates = _rates(tariff)
    fitting = [rate for rate in rates if net * rate == tax * 100]
    return rates[0] if len(rates) == 1 else (fitting[0] if fitting else None)


def _rates(tariff: Tariff) -> list[Decimal]:
    """The VAT rates a tariff names, ascending; none where it says that VAT does not apply."""
    if tariff.tax_included is TaxIncluded.NOT_APPLICABLE:
        return []
    rates = {rule.vat for element in tariff.elements for rule in element.components}
    return sorted(rate for rate in rates if rate is not None)


def _scaled(parts: list[Decimal], total: Decimal, wanted: Decimal) -> list[Decimal]:
    """The parts in proportion, at the grain, summing to `wanted` exactly (or unscaled zeros)."""
    if not total:
        return parts
    running, given, scaled = ZERO, ZERO, []
    for part in parts:
        running += part
        up_to_here = round_to(running * wanted / total, GRAIN)
        scaled.append(up_to_here - given)
        given = up_to_here
    return scaled


def _by_rate(rate: Decimal | None) -> tuple[bool, Decimal]:
    return rate is not None, rate or ZERO
