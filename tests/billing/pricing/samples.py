"""Tariffs and periods in short: what the pricing tests are written in."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from billing.period import ChargingPeriod
from billing.session import Activity
from billing.tariff import (
    DayOfWeek,
    Dimension,
    PriceComponent,
    PriceLimit,
    ReservationRestriction,
    Restrictions,
    Tariff,
    TariffElement,
    TaxIncluded,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAYS = {day.name[:3].title(): day for day in DayOfWeek}
HOUR = timedelta(hours=1)


def tariff(name: str) -> Tariff:
    """A tariff of `tariffs.json`."""
    return tariff_of(TABLE[name], name)


TABLE: dict[str, Any] = json.loads(Path(__file__).with_name("tariffs.json").read_text())


def tariff_of(plain: Any, name: str = "T") -> Tariff:
    """Elements as lists of `DIMENSION price vat V step S`, with restrictions as a last object."""
    whole = plain if isinstance(plain, dict) else {"elements": plain}
    return Tariff(
        country_code="NL",
        party_id="WTP",
        id=name,
        currency=whole.get("currency", "EUR"),
        elements=tuple(element(part) for part in whole["elements"]),
        last_updated=datetime(2026, 1, 1, tzinfo=UTC),
        tax_included=TaxIncluded(whole.get("tax_included", "NO")),
        min_price=_limit(whole.get("min_price")),
        max_price=_limit(whole.get("max_price")),
        end_at=datetime.fromisoformat(whole["end_at"]) if "end_at" in whole else None,
    )


def element(parts: list[Any]) -> TariffElement:
    limits = parts[-1] if isinstance(parts[-1], dict) else {}
    words = [part for part in parts if isinstance(part, str)]
    return TariffElement(tuple(component(word) for word in words), restrictions(limits))


def component(text: str) -> PriceComponent:
    words = text.split()
    named = dict(zip(words[2::2], words[3::2], strict=True))
    return PriceComponent(
        Dimension(words[0]),
        Decimal(words[1]),
        int(named.get("step", "1")),
        Decimal(named["vat"]) if "vat" in named else None,
    )


def restrictions(limits: dict[str, Any]) -> Restrictions:
    read: dict[str, Any] = {}
    for key, value in limits.items():
        if key == "days":
            read["day_of_week"] = frozenset(DAYS[day] for day in value.split())
        elif key == "reservation":
            read[key] = ReservationRestriction(value)
        elif key.endswith("_time"):
            read[key] = time.fromisoformat(value)
        elif key.endswith("_date"):
            read[key] = date.fromisoformat(value)
        else:
            read[key] = int(value) if key.endswith("duration") else Decimal(value)
    return Restrictions(**read)


def _limit(pair: list[str | None] | None) -> PriceLimit | None:
    if pair is None:
        return None
    before, after = pair
    assert before is not None
    return PriceLimit(Decimal(before), None if after is None else Decimal(after))


def at(text: str, zone: ZoneInfo = AMSTERDAM) -> datetime:
    """A local time as the UTC instant: `2026-10-05T12:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def periods(*rows: tuple[str, str], end: str, tariff_id: str = "T") -> tuple[ChargingPeriod, ...]:
    """Rows of (local start, what happened): `20 kWh`, `charging 16 A`, `parked`, `reserved`…"""
    starts = [at(start) for start, _ in rows]
    ends = [*starts[1:], at(end)]
    found = []
    for number, (start, stop, (_, what)) in enumerate(zip(starts, ends, rows, strict=True)):
        found.append(_period(number, start, stop, what.split(), tariff_id))
    return tuple(found)


def _period(
    number: int, start: datetime, stop: datetime, words: list[str], tariff_id: str
) -> ChargingPeriod:
    value = {unit: Decimal(word) for word, unit in pairwise(words) if unit in {"kWh", "kW", "A"}}
    return ChargingPeriod(
        ordinal=number,
        start_at=start,
        end_at=stop,
        activity=Activity.PARKED if "parked" in words else Activity.CHARGING,
        energy_wh=value.get("kWh", Decimal(0)) * 1000,
        min_power_kw=value.get("kW"),
        max_power_kw=value.get("kW"),
        min_current_a=value.get("A"),
        max_current_a=value.get("A"),
        reserved="reserved" in words or "expired" in words,
        expired="expired" in words,
        tariff_id=tariff_id,
    )
