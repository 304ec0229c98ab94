"""What a tariff's text says it costs, where that can be read: amounts per kWh, hour or minute.

Reads English, German, Dutch and French, with a decimal point or comma. Only amounts in the tariff's
own currency count, and only those right before their unit. The structure wins; a text that names
another amount is a dispute to come. OCPI 2.2.1 mod_tariffs, Tariff.tariff_alt_text.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from billing.lint.finding import Finding
from billing.lint.subject import Subject
from billing.tariff import Dimension, PriceComponent, TaxIncluded

_CENT, _HUNDRED = Decimal("0.01"), Decimal(100)
_MOST_CHARACTERS = 2_000

_MONEY = (
    r"€|£|\$|euros?\b|eur(?=per|\b)|gbp\b|usd\b|chf\b|sek\b|nok\b|dkk\b|kr\b|"
    r"pence\b|cents?\b|cts?\b|ct(?=/)|¢|c(?=\s*/)"
)
_PER = r"(?:/|per\b|per(?=k)|pro\b|p(?:\.|\s)?/|je\b|par\b|an?\b|de l['’]|l['’]|each\b)"
_UNITS = (
    r"(?P<kwh>kwh|kilowatt[- ]?hours?|kilowattstunden?|kilowattuur|kilowatt-?heures?)|"
    r"(?P<minute>min(?:\.|utes?|uten?|uut|uten)?)|"
    r"(?P<hour>h(?:rs?|ours?|eures?)?|std\.?|stunden?|uur|uren)"
)
_AMOUNT = re.compile(
    rf"(?P<before>{_MONEY})?\s*(?<![\d.,])(?P<amount>\d{{1,6}}(?:[.,]\d{{1,6}})?)\s*"
    rf"(?P<after>{_MONEY})?\s*{_PER}\s*(?P<count>\d{{1,3}})?\s*(?:{_UNITS})(?![a-z])",
    re.IGNORECASE,
)
_CURRENCY = {"€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "pence": "GBP", "$": "$"}
_CENTS = {"cent", "cents", "ct", "cts", "¢", "c", "pence"}
_DOLLARS = {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"}
_CROWNS = {"SEK", "NOK", "DKK", "ISK", "CZK"}
_TIMES = (Dimension.TIME, Dimension.PARKING_TIME)


class Stated(NamedTuple):
    """An amount a text names, for one kWh or one hour, and how far it may be rounded."""

    words: str
    amount: Decimal
    grain: Decimal
    dimensions: tuple[Dimension, ...]


def prose(subject: Subject) -> Iterator[Finding]:
    """`text_price_mismatch`: an amount in a text that no component of its kind has."""
    if not subject.tariff.alt_text or not subject.whole:
        return
    if not (subject.sure("/tariff_alt_text") and subject.sure("/tax_included")):
        return
    for number, (_, text) in enumerate(subject.tariff.alt_text):
        wrong = [
            told
            for stated in amounts(text, subject.tariff.currency)
            if (told := _mismatch(subject, stated))
        ]
        if wrong:
            yield Finding(
                "text_price_mismatch",
                f"/tariff_alt_text/{number}/text",
                "; ".join(dict.fromkeys(wrong)),
                "correct the text or the price; the price is what is charged",
            )


def _mismatch(subject: Subject, stated: Stated) -> str:
    """What the text says and what is charged; "" where a component has the amount."""
    rules = [part.rule for part in subject.parts if part.rule.dimension in stated.dimensions]
    known = {one for rule in rules for one in _as_told(rule, subject.tariff.tax_included)}
    if not stated.amount or any(abs(one - stated.amount) <= stated.grain for one in known):
        return ""
    names = " or ".join(stated.dimensions)
    prices = ", ".join(dict.fromkeys(str(rule.price) for rule in rules))
    has = f"{names} costs {prices}" if rules else f"nothing prices {names}"
    return f"the text says {stated.words!r}, but {has}"


def amounts(text: str, currency: str) -> Iterator[Stated]:
    """The amounts per kWh, hour or minute that the text names in the tariff's currency."""
    for match in _AMOUNT.finditer(text[:_MOST_CHARACTERS]):
        money = (match["before"] or match["after"] or "").lower()
        if not _is_own(money, currency):
            continue
        digits = match["amount"].replace(",", ".")
        amount = Decimal(digits)
        grain = Decimal(1).scaleb(-max(2, len(digits.partition(".")[2]))) / 2
        factor = (_CENT if money in _CENTS else Decimal(1)) / (int(match["count"] or 1) or 1)
        energy = match["kwh"] is not None
        if match["minute"] is not None:
            factor *= 60
        yield Stated(
            " ".join(match[0].split()),
            amount * factor,
            grain * factor,
            (Dimension.ENERGY,) if energy else _TIMES,
        )


def _is_own(money: str, currency: str) -> bool:
    """Whether the sign beside an amount can mean the tariff's currency; no sign does."""
    if not money or money in _CENTS - {"pence"}:
        return True
    if money == "$":
        return currency.upper() in _DOLLARS
    if money == "kr":
        return currency.upper() in _CROWNS
    return _CURRENCY.get(money, money.upper()) == currency.upper()


def _as_told(rule: PriceComponent, included: TaxIncluded) -> Iterator[Decimal]:
    """A price as a text may name it: as published, and with or without its tax."""
    yield rule.price
    if rule.vat is not None and rule.vat > -_HUNDRED:
        share = (_HUNDRED + rule.vat) / _HUNDRED
        yield rule.price / share if included is TaxIncluded.YES else rule.price * share
