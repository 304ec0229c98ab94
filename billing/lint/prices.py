"""Prices: what is priced at all, and what is far from any price that people pay.

Knows usual ranges by dimension and currency. Refuses to say which price is right.
"""

from collections.abc import Iterator
from decimal import Decimal

from billing.lint.finding import Finding
from billing.lint.subject import Part, Subject
from billing.tariff import Dimension, PriceLimit

_D = Decimal

USUAL: dict[Dimension, tuple[Decimal, Decimal]] = {
    Dimension.ENERGY: (_D("0.01"), _D(3)),
    Dimension.TIME: (_D("0.05"), _D(60)),
    Dimension.PARKING_TIME: (_D("0.05"), _D(60)),
    Dimension.FLAT: (_D("0.01"), _D(50)),
}
"""(least, most) in euro per kWh, hour or piece, of prices that are not zero."""

_TEXT = """
EUR 1 GBP 1 CHF 1 USD 1 CAD 1.5 AUD 2 NZD 2 PLN 4 RON 5 DKK 7 ILS 4 TRY 50 SEK 11 NOK 12 CZK 25
HUF 400 ISK 150 JPY 170 CNY 8 INR 100 AED 4 SAR 4 ZAR 20 MXN 20 BRL 6 SGD 1.5 HKD 9 KRW 1600
THB 40 RSD 117 ALL 100 MKD 62 BAM 2 UAH 48
"""
_AMOUNTS = _TEXT.split()
EURO_BUYS = {code: _D(amount) for code, amount in zip(_AMOUNTS[::2], _AMOUNTS[1::2], strict=True)}
"""How many units of a currency a euro is worth, roughly: only to tell cents from euros."""


def prices(subject: Subject) -> Iterator[Finding]:
    """Findings about each price, about what is priced, and about the limits of the total."""
    scale = EURO_BUYS.get(subject.tariff.currency.upper()) if subject.sure("/currency") else None
    for part in subject.parts:
        if part.rule.price:
            yield from _price(part, scale)
    if subject.whole and subject.parts:
        yield from _use(subject)
    if subject.sure("/min_price") and subject.sure("/max_price"):
        yield from _limits(subject)


def _price(part: Part, scale: Decimal | None) -> Iterator[Finding]:
    price, dimension = part.rule.price, part.rule.dimension
    if _is_finer(price):
        text = f"{price} has more than four decimals: a partner may round it"
        yield Finding("beyond_four_decimals", part.at("price"), text, "use four decimals at most")
    if price < 0:
        text = f"{price} is negative: the driver would be paid"
        yield Finding("implausible_price", part.at("price"), text, "check the sign")
    elif scale is not None:
        least, most = USUAL[dimension]
        if price < least * scale:
            text = f"{price} per {_UNIT[dimension]} is below all usual prices"
            yield Finding("implausible_price", part.at("price"), text, _SMALL[dimension])
        elif price > most * scale:
            text = f"{price} per {_UNIT[dimension]} is above all usual prices"
            yield Finding("implausible_price", part.at("price"), text, "in cents? give whole units")


_GRAIN = Decimal("0.0001")
_UNIT = {
    Dimension.ENERGY: "kWh",
    Dimension.TIME: "hour",
    Dimension.PARKING_TIME: "hour",
    Dimension.FLAT: "session",
}
_SMALL = {
    Dimension.ENERGY: "per Wh? give the price per kWh",
    Dimension.TIME: "per minute or second? give the price per hour",
    Dimension.PARKING_TIME: "per minute or second? give the price per hour",
    Dimension.FLAT: "check the price",
}


def _is_finer(price: Decimal) -> bool:
    """Whether it has more than four decimals that are not trailing zeros."""
    exponent = price.as_tuple().exponent
    assert isinstance(exponent, int), "a price is a number"
    return exponent < -4 and price != price.quantize(_GRAIN)


def _use(subject: Subject) -> Iterator[Finding]:
    priced = {part.rule.dimension for part in subject.parts if part.limits.reservation is None}
    if not any(part.rule.price for part in subject.parts):
        if subject.tariff.min_price is None and subject.tariff.max_price is None:
            text = "every price is zero: charging is free"
            yield Finding("free_of_charge", "/elements", text)
    elif priced <= {Dimension.FLAT}:
        text = "energy and time cost nothing: only FLAT is priced"
        advice = "add ENERGY, TIME or PARKING_TIME, if that is not meant"
        yield Finding("nothing_priced_by_use", "/elements", text, advice)


def _limits(subject: Subject) -> Iterator[Finding]:
    least, most = subject.tariff.min_price, subject.tariff.max_price
    if least is not None and most is not None:
        net = least.before_tax > most.before_tax
        gross = (
            least.after_tax is not None
            and most.after_tax is not None
            and least.after_tax > most.after_tax
        )
        if net or gross:
            text = f"min_price {_told(least)} is above max_price {_told(most)}"
            yield Finding("price_limits_cross", "/min_price", text, "exchange or correct them")
    for name, limit in (("min_price", least), ("max_price", most)):
        if limit and limit.after_tax is not None and limit.after_tax < limit.before_tax:
            text = f"{name} is {limit.after_tax} after tax, but {limit.before_tax} before it"
            advice = "the amount after tax is the higher one"
            yield Finding("limit_below_its_net", f"/{name}", text, advice)


def _told(limit: PriceLimit) -> str:
    after = "" if limit.after_tax is None else f" ({limit.after_tax} after tax)"
    return f"{limit.before_tax}{after}"
