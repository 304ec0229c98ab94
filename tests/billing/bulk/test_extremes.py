"""What lies far away, or is far too fine: priced alike by both engines, or refused by name."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from billing.bulk import Asked, RangeError, Sheet, price_all, receipts, sheet_of
from billing.period import ChargingPeriod
from tests.billing.bulk.test_equality import check, one_by_one
from tests.billing.pricing.samples import AMSTERDAM, at, periods, tariff_of

HOUR = periods(("2026-10-05T12:00", "1 kWh"), end="2026-10-05T13:00")[0]
SEASONS = [{"start_date": "2020-01-01"}, {"days": "Mon Tue Wed Thu Fri Sat Sun"}]


def asked(key: str, plain: Any, *found: ChargingPeriod) -> Asked:
    own = (tariff_of(plain),)
    return Asked(key, found, own, AMSTERDAM, found[0].start_at, found[-1].end_at)


def later(days: int) -> ChargingPeriod:
    moved = timedelta(days=days)
    return replace(HOUR, start_at=HOUR.start_at + moved, end_at=HOUR.end_at + moved)


@pytest.mark.parametrize("season", SEASONS)
def test_sessions_years_apart_under_a_season_that_never_ends(season: Any) -> None:
    one = asked("0", [["ENERGY 0.5", "TIME 2", season]], HOUR)
    far = [one._replace(key=str(days), periods=(later(days),)) for days in (399, 401, 4000)]
    spread = [
        asking._replace(start_at=asking.periods[0].start_at, end_at=asking.periods[0].end_at)
        for asking in (one, *far)
    ]
    found = check(spread)
    assert {receipt.exact_total.net for receipt in found.values()} == {Decimal("2.5")}


@pytest.mark.parametrize("hours", [-70, -22, 22, 27, 46, 51, 70])
def test_a_period_beyond_its_session_and_a_clock_change(hours: int) -> None:
    plain = [["ENERGY 0.5", {"start_time": "08:00", "end_time": "13:00"}], ["ENERGY 1"]]
    start, moved = at("2026-10-24T10:00"), timedelta(hours=hours)
    own = replace(HOUR, start_at=start + moved, end_at=start + moved + timedelta(hours=1))
    stamped = asked("one", plain, own)._replace(start_at=start, end_at=start + timedelta(hours=1))
    check([stamped])


@pytest.mark.parametrize("kind", [pl.UInt8, pl.Int8, pl.UInt16, pl.Int64])
def test_numbers_of_tariffs_in_any_width(kind: type[pl.DataType]) -> None:
    many = [asked(str(price), [[f"ENERGY {price}"]], HOUR) for price in range(1, 41)]
    many = [one._replace(tariffs=(replace(one.tariffs[0], id=one.key),)) for one in many]
    sheet = sheet_of(many)
    narrow = sheet.sessions.with_columns(pl.col("tariffs").cast(pl.List(kind)))
    found = dict(receipts(price_all(Sheet(narrow, sheet.periods, sheet.tariffs))))
    assert all(found[one.key] == one_by_one(one) for one in many)


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (replace(HOUR, time_s=Decimal("1.123456789012345")), "lasts too long"),
        (replace(HOUR, time_s=Decimal("1.1234567890123456")), "times of 16 decimals"),
        (replace(HOUR, energy_wh=Decimal(4 * 10**18)), "energy_wh"),
    ],
)
def test_what_no_column_holds_is_refused_by_name(found: ChargingPeriod, word: str) -> None:
    """Among others of the same sheet, whose own numbers are as any."""
    lasting = replace(HOUR, end_at=HOUR.start_at + timedelta(days=4))
    one = asked("odd", [["ENERGY 0.5", "TIME 2"]], found, replace(found, ordinal=1))
    other = asked("long", [["ENERGY 0.5", "TIME 2"]], lasting)
    with pytest.raises(RangeError, match=word):
        price_all(sheet_of([one, other]))


def test_a_limit_no_column_holds_is_refused_by_name() -> None:
    plain = {"elements": [["ENERGY 0.5"]], "min_price": ["1E+27", None]}
    with pytest.raises(RangeError):
        price_all(sheet_of([asked("one", plain, HOUR)]))
