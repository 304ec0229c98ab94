"""Currencies have their own number of decimals, and rounding has a name."""

from decimal import Decimal

import pytest

from billing.money import Rounding, UnknownCurrency, exponent, minor_unit, round_money, round_to

D = Decimal


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("ISK", 0), ("MRU", 2), ("IQD", 3)],
)
def test_minor_units(currency: str, digits: int) -> None:
    assert exponent(currency) == digits
    assert minor_unit(currency) == D(10) ** -digits


@pytest.mark.parametrize("code", ["eur", "", "EURO", "DEM", "XXX"])
def test_what_is_no_currency_in_use_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency, match="ISO 4217"):
        exponent(code)


@pytest.mark.parametrize(
    ("rounding", "up", "down"),
    [
        (Rounding.HALF_AWAY, "0.13", "-0.13"),
        (Rounding.HALF_EVEN, "0.12", "-0.12"),
        (Rounding.HALF_TOWARD, "0.12", "-0.12"),
        (Rounding.AWAY, "0.13", "-0.13"),
        (Rounding.TOWARD, "0.12", "-0.12"),
    ],
)
def test_a_half_goes_where_the_policy_says(rounding: Rounding, up: str, down: str) -> None:
    assert round_money(D("0.125"), "EUR", rounding) == D(up)
    assert round_money(D("-0.125"), "EUR", rounding) == D(down)


def test_there_is_no_negative_zero() -> None:
    assert str(round_to(D("-0.001"), D("0.01"))) == "0.00"
