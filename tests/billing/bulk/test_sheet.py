"""What a sheet may look like, and what is refused with a clear word."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfoNotFoundError

import polars as pl
import pytest

from billing.bulk import Asked, RangeError, Sheet, price_all, price_each, receipts, sheet_of
from billing.money import UnknownCurrency
from billing.receipt import Line
from billing.tariff import TaxIncluded
from tests.billing.bulk.chance import sessions
from tests.billing.bulk.test_equality import check, one_by_one
from tests.billing.pricing.samples import periods, tariff, tariff_of

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
FOUND = periods(("2026-10-05T12:00", "20 kWh"), end="2026-10-05T13:00")


def asked(*names: str) -> Asked:
    own = tuple(tariff(name) for name in names)
    return Asked("one", FOUND, own, "Europe/Amsterdam", FOUND[0].start_at, FOUND[-1].end_at)


def test_lines_have_the_fields_of_a_line() -> None:
    priced = price_all(sheet_of(sessions(3, 20)))
    assert priced.lines.columns == ["key", *Line.__dataclass_fields__]
    assert all(frame.columns[0] == "key" for frame in (priced.totals, priced.taxes, priced.notes))


def test_nothing_to_price() -> None:
    priced = price_all(sheet_of([]))
    assert (priced.lines.height, priced.totals.height, list(receipts(priced))) == (0, 0, [])


def test_a_session_without_periods() -> None:
    check([asked("floored")._replace(periods=()), asked("energy")._replace(key="two", periods=())])


def test_optional_columns_may_be_left_out() -> None:
    sheet = sheet_of([asked("energy")])
    few = sheet.periods.select(
        "key", "ordinal", "start_at", "end_at", "activity", "energy_wh", "tariff_id"
    )
    short = Sheet(sheet.sessions, few, sheet.tariffs, sheet.policies)
    assert list(receipts(price_all(short))) == list(receipts(price_all(sheet)))


def test_periods_may_stand_in_any_order_of_sessions() -> None:
    many = sessions(11, 40)
    sheet = sheet_of(many)
    order = sheet.sessions["key"].shuffle(seed=1)
    mixed = pl.DataFrame({"key": order}).join(sheet.periods, on="key", maintain_order="left")
    found = dict(receipts(price_all(Sheet(sheet.sessions, mixed, sheet.tariffs, sheet.policies))))
    assert all(found[one.key] == one_by_one(one) for one in many)


def test_sheet_after_sheet_keeps_its_order() -> None:
    sheets = [sessions(seed, 5) for seed in range(5)]
    found = list(price_each((sheet_of(one) for one in sheets), at_once=2))
    assert [dict(receipts(one)) for one in found] == [
        {single.key: one_by_one(single) for single in sheet} for sheet in sheets
    ]


def test_what_cannot_be_priced_is_refused() -> None:
    with pytest.raises(ValueError, match="without a tariff"):
        price_all(sheet_of([asked()]))
    with pytest.raises(ValueError, match="share a currency"):
        price_all(sheet_of([asked("energy", "canada_net")]))
    odd = replace(tariff("energy"), currency="XYZ")
    with pytest.raises(UnknownCurrency, match="XYZ"):
        price_all(sheet_of([asked()._replace(tariffs=(odd,))]))
    with pytest.raises(ZoneInfoNotFoundError):
        price_all(sheet_of([asked("night")._replace(zone="Europe/Nowhere")]))
    all_tax = replace(tariff_of([["ENERGY 1 vat -100"]]), tax_included=TaxIncluded.YES)
    with pytest.raises(ValueError, match="cannot include -100 % of tax"):
        price_all(sheet_of([asked()._replace(tariffs=(all_tax,))]))


def test_sheets_that_do_not_fit_together_are_refused() -> None:
    sheet = sheet_of([asked("energy")])
    stray = sheet.periods.with_columns(key=pl.lit("nobody"))
    with pytest.raises(ValueError, match="'nobody', which is no session"):
        price_all(Sheet(sheet.sessions, stray, sheet.tariffs))
    twice = pl.concat([sheet.sessions, sheet.sessions])
    with pytest.raises(ValueError, match="same key"):
        price_all(Sheet(twice, sheet.periods, sheet.tariffs))


@pytest.mark.parametrize(
    ("price", "wh", "match"),
    [
        ("1E+40", "1", "price is beyond"),
        ("1E+26", "1", "price is beyond"),
        ("1", "1E+25", "energy_wh"),
        ("1", "1E+39", "energy_wh"),
    ],
)
def test_numbers_beyond_all_sessions_are_refused(price: str, wh: str, match: str) -> None:
    own = tariff_of([[f"ENERGY {price}"]])
    huge = (replace(FOUND[0], energy_wh=Decimal(wh)),)
    with pytest.raises(RangeError, match=match):
        price_all(sheet_of([asked()._replace(tariffs=(own,), periods=huge)]))


@pytest.mark.parametrize(
    ("price", "wh"),
    [("0.12345678901234", "20000.123456789"), ("123456789.5", "987654321.5"), ("0", "0.000001")],
)
def test_wide_numbers_are_reckoned_to_the_same_digit(price: str, wh: str) -> None:
    own = tariff_of(
        {
            "elements": [[f"ENERGY {price} vat 21.3333", "TIME 0.333333333333 vat 9.000009"]],
            "max_price": ["10.000000000001", None],
            "tax_included": "YES",
        }
    )
    found = (replace(FOUND[0], energy_wh=Decimal(wh)), *FOUND[1:])
    check([asked()._replace(tariffs=(own,), periods=found)])


@pytest.mark.parametrize(
    ("element", "power"),
    [
        (["ENERGY 0.24369747899159663 vat 0"], None),
        (["TIME 0.083333333333333333 vat 0"], None),
        (["ENERGY 0.30", {"min_power": "7.0000000000000000001"}], "0"),
        (["ENERGY 0.30", {"max_power": "0.00000000000000000001"}], "0"),
    ],
)
def test_a_number_of_nothing_beside_a_wide_one(element: list[object], power: str | None) -> None:
    """What one factor needs to be held is not hidden by another that is zero."""
    level = None if power is None else Decimal(power)
    found = tuple(replace(one, min_power_kw=level, max_power_kw=level) for one in FOUND)
    check([asked()._replace(tariffs=(tariff_of([element]),), periods=found)])


def test_many_sessions_at_a_threshold_of_many_decimals() -> None:
    """A limit of 20.400000000000002 kWh, as floats write 20.4: sums need more than 64 bits."""
    own = tariff_of([["ENERGY 0.30", {"max_kwh": "20.400000000000002"}], ["ENERGY 0.40"]])
    one = asked()._replace(tariffs=(own,))
    sheet = sheet_of(one._replace(key=str(number)) for number in range(300))
    assert {receipt.total.net for _, receipt in receipts(price_all(sheet))} == {Decimal("6.00")}


def test_versions_of_a_tariff_that_are_valid_at_once() -> None:
    cheap, dear = tariff_of([["ENERGY 0.30"]]), tariff_of([["ENERGY 0.50"]])
    again = tariff_of([["ENERGY 0.30"]])
    found = tuple(replace(one, tariff_id="t") for one in FOUND)
    one = asked()._replace(periods=found)
    given = [(cheap,), (cheap, dear), (cheap, again), (dear, again)]
    check([one._replace(key=str(at), tariffs=tariffs) for at, tariffs in enumerate(given)])
