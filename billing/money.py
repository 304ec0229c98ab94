"""Money: how many decimals a currency has, and the one function that rounds.

Knows ISO 4217's minor units and the named ways to round. Refuses to round by itself: every caller
says when, and by which rule. Amounts are Decimal in the currency's unit, never float.
"""

from decimal import (
    ROUND_DOWN,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from enum import StrEnum
from functools import cache

EXACT = Context(prec=60, traps=[DivisionByZero, InvalidOperation, Overflow])
"""The arithmetic of every calculation here: wide enough that no product of a tariff is rounded."""

GRAIN = Decimal("1E-12")
"""What an exact amount is kept to: a price per hour times seconds need not end earlier."""


class Rounding(StrEnum):
    """How a half, or a remainder, is decided. The name is what a receipt records."""

    HALF_AWAY = "half_away_from_zero"
    HALF_EVEN = "half_even"
    HALF_TOWARD = "half_toward_zero"
    AWAY = "away_from_zero"
    TOWARD = "toward_zero"


ROUNDINGS = {one.value: one for one in Rounding}
"""By the name a policy gives: to look one up is quicker than to make it."""

_MODES = {
    Rounding.HALF_AWAY: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.HALF_TOWARD: ROUND_HALF_DOWN,
    Rounding.AWAY: ROUND_UP,
    Rounding.TOWARD: ROUND_DOWN,
}


def round_to(value: Decimal, unit: Decimal, rounding: Rounding = Rounding.HALF_AWAY) -> Decimal:
    """`value` at the scale of `unit` (a power of ten: 0.01, 1, 1E-12). Never a negative zero."""
    rounded = value.quantize(unit, _MODES[rounding], EXACT)
    return rounded or abs(rounded)


def round_to_multiple(
    value: Decimal, unit: Decimal, rounding: Rounding = Rounding.HALF_AWAY
) -> Decimal:
    """`value` as a multiple of any `unit`, such as 0.05. Never a negative zero."""
    if _is_power_of_ten(unit):
        return round_to(value, unit, rounding)
    pieces = round_to(EXACT.divide(value, unit), Decimal(1), rounding)
    return EXACT.multiply(pieces, unit)


@cache
def _is_power_of_ten(unit: Decimal) -> bool:
    return unit.as_tuple().digits == (1,)


def round_money(value: Decimal, currency: str, rounding: Rounding = Rounding.HALF_AWAY) -> Decimal:
    """An amount at the currency's minor unit. Raises UnknownCurrency."""
    return round_to(value, minor_unit(currency), rounding)


class UnknownCurrency(ValueError):  # noqa: N818 - named for what is wrong, as the caller says it
    """A code that ISO 4217 does not list among the currencies in use."""


@cache
def minor_unit(currency: str) -> Decimal:
    """The smallest amount: 0.01 for EUR, 1 for JPY, 0.001 for KWD. Raises UnknownCurrency."""
    return Decimal(1).scaleb(-exponent(currency))


def exponent(currency: str) -> int:
    """The number of decimals of an active currency of ISO 4217. Raises UnknownCurrency."""
    found = _EXPONENTS.get(currency)
    if found is None:
        raise UnknownCurrency(f"{currency!r} is not a currency of ISO 4217")
    return found


_TWO_DECIMALS = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL
MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR
PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"

_EXPONENTS = {
    code: digits
    for digits, codes in (
        (0, _NO_DECIMALS),
        (2, _TWO_DECIMALS),
        (3, _THREE_DECIMALS),
        (4, _FOUR_DECIMALS),
    )
    for code in codes.split()
}
