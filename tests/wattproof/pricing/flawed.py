"""One small tariff for each code of the linter: where the code must fire, and nowhere else."""

import json
from typing import Any

CLEAN: dict[str, Any] = {
    "country_code": "NL",
    "party_id": "WTP",
    "id": "T1",
    "currency": "EUR",
    "elements": [
        {
            "price_components": [
                {"type": "FLAT", "price": 0.5, "vat": 21, "step_size": 1},
                {"type": "ENERGY", "price": 0.39, "vat": 21, "step_size": 1},
                {"type": "PARKING_TIME", "price": 3, "vat": 21, "step_size": 60},
            ]
        }
    ],
    "last_updated": "2026-01-01T00:00:00Z",
}
OLD = {name: CLEAN[name] for name in ("id", "currency", "last_updated")} | {
    "elements": [{"price_components": [{"type": "ENERGY", "price": 0.39, "step_size": 1}]}]
}
NEW = CLEAN | {"tax_included": "NO"}

P = "/elements/{}/price_components/{}/{}"
R = "/elements/{}/restrictions/{}"


def of(*elements: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return CLEAN | {"elements": list(elements)} | fields


def at(price: object = 0.4, kind: str = "ENERGY", **fields: Any) -> dict[str, Any]:
    """A component; a field given as None is left out."""
    whole = {"type": kind, "price": price, "vat": 21, "step_size": 1} | fields
    return {name: value for name, value in whole.items() if value is not None}


def when(*components: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    """An element that prices ENERGY, unless components are given, under restrictions."""
    return {"price_components": list(components) or [at()], "restrictions": restrictions}


def always(*components: dict[str, Any]) -> dict[str, Any]:
    return {"price_components": list(components) or [at()]}


def told(*texts: str, price: object = 0.4, **fields: Any) -> dict[str, Any]:
    said = [{"language": "en", "text": text} for text in texts]
    return of(always(at(price)), tariff_alt_text=said, **fields)


def twice(text: str, field: str, second: str) -> str:
    return text.replace(f'"{field}": ', f'"{field}": {second}, "{field}": ', 1)


def stair(step: int) -> dict[str, Any]:
    """One of many elements that touch at their corners only, on four axes."""
    names = ("kwh", "duration", "power", "current")
    low = {f"min_{name}": step for name in names}
    return when(at(0.3), **low, **{f"max_{name}": step + 1 for name in names})


CASES: dict[str, tuple[Any, str]] = {
    "not_json": ("{'id': 1}", ""),
    "duplicate_field": (twice(json.dumps(CLEAN), "price", "0.1"), P.format(0, 0, "price")),
    "required_field": (of(always(at(step_size=None))), P.format(0, 0, "step_size")),
    "unreadable": (of(always(at("free"))), P.format(0, 0, "price")),
    "misspelt_field": (of(always() | {"restriction": {"max_kwh": 3}}), "/elements/0/restriction"),
    "restriction_not_in_version": (
        OLD | {"elements": [when(at(vat=None), reservation="RESERVATION")]},
        R.format(0, "reservation"),
    ),
    "weekday_case": (of(when(day_of_week=["monday"]), always()), R.format(0, "day_of_week/0")),
    "weekday_unknown": (of(when(day_of_week=["MO"]), always()), R.format(0, "day_of_week/0")),
    "unreachable_element": (of(always(), when(at(0.6), min_kwh=5)), "/elements/1"),
    "dead_component": (
        of(always(at(0, "TIME")), when(at(), at(12, "TIME"), min_duration=3600), always()),
        "/elements/1/price_components/1",
    ),
    "late_flat": (
        of(
            when(at(1, "FLAT"), max_duration=3600),
            when(at(9, "FLAT"), min_duration=3600),
            always(),
        ),
        "/elements/1/price_components/0",
    ),
    "impossible_restriction": (of(when(min_kwh=5, max_kwh=5), always()), R.format(0, "min_kwh")),
    "max_restriction_zero": (of(when(max_duration=0), always()), R.format(0, "max_duration")),
    "empty_date_window": (
        of(when(start_date="2030-01-01", end_date="2030-01-01"), always()),
        R.format(0, "end_date"),
    ),
    "reservation_dimension": (
        of(when(reservation="RESERVATION"), always()),
        P.format(0, 0, "type"),
    ),
    "dynamic_without_fallback": (of(when(end_date="2030-01-01")), "/elements"),
    "never_active": (
        CLEAN | dict.fromkeys(("start_date_time", "end_date_time"), "2030-01-01T00:00:00Z"),
        "/end_date_time",
    ),
    "validity_reversed": (
        CLEAN
        | {"start_date_time": "2031-01-01T00:00:00Z", "end_date_time": "2030-01-01T00:00:00Z"},
        "/end_date_time",
    ),
    "price_limits_cross": (
        CLEAN | {"min_price": {"excl_vat": 5}, "max_price": {"excl_vat": 4}},
        "/min_price",
    ),
    "limit_below_its_net": (CLEAN | {"max_price": {"excl_vat": 5, "incl_vat": 4}}, "/max_price"),
    "currency_unknown": (CLEAN | {"currency": "EUX"}, "/currency"),
    "negative_step_size": (of(always(at(step_size=-5))), P.format(0, 0, "step_size")),
    "vat_impossible": (
        NEW | {"tax_included": "YES", "elements": [always(at(vat=-100))]},
        P.format(0, 0, "vat"),
    ),
    "unexpected_field": (
        of(always(at(price_round={"round_rule": "UP"}))),
        P.format(0, 0, "price_round"),
    ),
    "wrong_type": (
        CLEAN | {"energy_mix": {"is_green_energy": "yes"}},
        "/energy_mix/is_green_energy",
    ),
    "unknown_value": (CLEAN | {"type": "NIGHT"}, "/type"),
    "too_long": (CLEAN | {"id": "T" * 40}, "/id"),
    "timestamp_form": (CLEAN | {"last_updated": "2026-01-01T00:00:00+01:00"}, "/last_updated"),
    "number_as_text": (CLEAN | {"id": 17}, "/id"),
    "integer_form": (of(always(at(step_size=1.0))), P.format(0, 0, "step_size")),
    "price_shape": (CLEAN | {"min_price": 1}, "/min_price"),
    "string_number": (of(always(at("0.40"))), P.format(0, 0, "price")),
    "time_form": (
        of(when(start_time="08:00:00", end_time="12:30"), always()),
        R.format(0, "start_time"),
    ),
    "restrictions_as_list": (
        of(always() | {"restrictions": [{"max_kwh": 3}]}, always()),
        "/elements/0/restrictions",
    ),
    "duplicate_dimension": (of(always(at(), at(0.5))), P.format(0, 1, "type")),
    "day_end_gap": (of(when(end_time="23:59"), always()), R.format(0, "end_time")),
    "nothing_priced_by_use": (of(always(at(2, "FLAT"))), "/elements"),
    "dimension_not_exhaustive": (
        of(when(start_time="08:00", end_time="20:00", day_of_week=["SUNDAY"])),
        "/elements",
    ),
    "dates_outside_validity": (
        of(
            when(end_date="2030-01-01"),
            always(at(0.5)),
            start_date_time="2030-02-01T00:00:00Z",
        ),
        R.format(0, "end_date"),
    ),
    "element_choice_matters": (
        OLD
        | {
            "elements": [
                when(at(1, "TIME", vat=None), max_kwh=5),
                always(at(vat=None), at(2, "TIME", vat=None)),
            ]
        },
        "/elements/1/price_components/0",
    ),
    "tax_rate_without_tax": (NEW | {"tax_included": "N/A"}, P.format(0, 0, "vat")),
    "tax_included_without_rate": (
        NEW | {"tax_included": "YES", "elements": [always(at(vat=None))]},
        P.format(0, 0, "vat"),
    ),
    "implausible_vat": (of(always(at(vat=0.21))), P.format(0, 0, "vat")),
    "uneven_vat": (of(always(at(), at(1, "TIME", vat=None))), P.format(0, 1, "vat")),
    "implausible_price": (of(always(at(39))), P.format(0, 0, "price")),
    "currency_case": (CLEAN | {"currency": "eur"}, "/currency"),
    "country_case": (CLEAN | {"country_code": "nl"}, "/country_code"),
    "country_alpha3": (CLEAN | {"country_code": "NLD"}, "/country_code"),
    "country_form": (CLEAN | {"country_code": "N1"}, "/country_code"),
    "party_id_form": (CLEAN | {"party_id": "W-P"}, "/party_id"),
    "text_price_mismatch": (told("0.42 EUR per kWh"), "/tariff_alt_text/0/text"),
    "needless_null": (CLEAN | {"type": None}, "/type"),
    "empty_restrictions": (of(always() | {"restrictions": {}}), "/elements/0/restrictions"),
    "redundant_component": (
        of(always(), when(min_kwh=5)),
        "/elements/1/price_components/0",
    ),
    "unused_fallback": (
        of(
            when(start_time="08:00", end_time="20:00"),
            when(at(0.3), start_time="20:00", end_time="08:00"),
            always(at(0.5)),
        ),
        "/elements/2/price_components/0",
    ),
    "reach_undecided": (of(*map(stair, range(120)), always()), "/elements"),
    "whole_day_window": (of(when(start_time="08:00", end_time="08:00")), R.format(0, "start_time")),
    "wrapped_window_days": (
        of(when(start_time="22:00", end_time="06:00", day_of_week=["FRIDAY"]), always(at(0.5))),
        R.format(0, "day_of_week"),
    ),
    "partly_free": (of(when(at(), at(3, "TIME"), min_duration=600), always()), "/elements"),
    "free_of_charge": (of(always(at(0, "FLAT"))), "/elements"),
    "zero_step_size": (of(always(at(step_size=0))), P.format(0, 0, "step_size")),
    "flat_step_size": (of(always(at(), at(1, "FLAT", step_size=60))), P.format(0, 1, "step_size")),
    "unused_time_step_size": (
        of(always(at(2, "TIME", step_size=300), at(3, "PARKING_TIME"))),
        P.format(0, 0, "step_size"),
    ),
    "uses_date_restrictions": (of(when(start_date="2026-04-01"), always(at(0.5))), "/elements"),
    "dates_over": (of(when(end_date="2020-01-01"), always(at(0.5))), R.format(0, "end_date")),
    "beyond_four_decimals": (of(always(at(0.39001))), P.format(0, 0, "price")),
}
"""Code -> a tariff (object or text) in which it fires, and the place it points at."""
