"""Lint: every code on a tariff of its own, real tariffs and examples, and any JSON at all."""

import json
from collections import Counter
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from billing.lint import CODES, Severity
from ingest.protocols.ocpi import MalformedObjectError, loads, read_tariff
from ingest.protocols.ocpi.guess import version_of
from tests.wattproof.pricing.flawed import CASES, CLEAN, NEW, OLD, always, at, of, told, when
from wattproof.pricing import lint, lint_frame, lint_many
from wattproof.refusals import RefusalError

NOW = datetime(2026, 6, 1, tzinfo=UTC)
OLD_VERSION = {"restriction_not_in_version": "2.1.1"}


def text(tariff: Any) -> str:
    return tariff if isinstance(tariff, str) else json.dumps(tariff)


def codes(tariff: Any, version: str | None = None) -> set[str]:
    return {one.code for one in lint(text(tariff), version, now=NOW)}


@pytest.mark.parametrize("tariff", [CLEAN, OLD, NEW], ids=["2.2.1", "2.1.1", "2.3.0"])
def test_a_good_tariff_has_no_findings(tariff: Any) -> None:
    assert lint(text(tariff), now=NOW) == []


@pytest.mark.parametrize("code", CODES)
def test_each_code_fires_on_its_tariff(code: str) -> None:
    tariff, pointer = CASES[code]
    found = lint(text(tariff), OLD_VERSION.get(code), now=NOW)
    assert (code, pointer) in {(one.code, one.pointer) for one in found}
    for one in found:
        assert one.message
        if code != "not_json":
            assert points_somewhere(text(tariff), one.pointer), one


def points_somewhere(tariff: str, pointer: str) -> bool:
    """Whether a pointer names a value of the JSON, or a field that its object lacks."""
    *parts, last = pointer.split("/")[1:] or [""]
    try:
        inside = reduce(_step, parts, json.loads(tariff))
        if isinstance(inside, list):
            _step(inside, last)
        return isinstance(inside, list | dict) or pointer == ""
    except (KeyError, IndexError, TypeError, ValueError):
        return False


def _step(value: Any, part: str) -> Any:
    name = part.replace("~1", "/").replace("~0", "~")
    return value[int(name)] if isinstance(value, list) else value[name]


def test_the_gravest_come_first() -> None:
    flawed = of(always(at("0.40", vat=0.21), at(2, "FLAT", step_size=0)), when(day_of_week=["x"]))
    order = [list(Severity).index(one.severity) for one in lint(text(flawed))]
    assert order == sorted(order)
    assert len(set(order)) == 3


def test_a_bad_field_ends_nothing_and_nothing_is_concluded_from_it() -> None:
    """Element 0 can't be read: what stands behind it may well be reachable."""
    flawed = of(
        always(at("a lot")),
        when(at(39), min_kwh=5, max_kwh=2),
        always(at(0.5, vat=120)),
        currency="eur",
    )
    found = {(one.code, one.pointer) for one in lint(text(flawed), now=NOW)}
    assert found == {
        ("unreadable", "/elements/0/price_components/0/price"),
        ("impossible_restriction", "/elements/1/restrictions/min_kwh"),
        ("implausible_price", "/elements/1/price_components/0/price"),
        ("implausible_vat", "/elements/2/price_components/0/vat"),
        ("currency_case", "/currency"),
    }


def test_a_misspelt_restriction_is_named_and_not_taken_for_none() -> None:
    misspelt = always() | {"restriction": {"end_time": "08:00"}}
    (finding,) = lint(text(of(misspelt, always(at(0.6)))), now=NOW)
    assert (finding.code, finding.suggestion) == ("misspelt_field", "restrictions?")
    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("field", "near"),
    [("maxKwh", "max_kwh"), ("min_kWh", "min_kwh"), ("day_of_weeks", "day_of_week")],
)
def test_the_nearest_name_is_suggested(field: str, near: str) -> None:
    found = lint(text(of(when(**{field: 3}), always())), now=NOW)
    assert [(one.code, one.suggestion) for one in found if field in one.pointer] == [
        ("misspelt_field", f"{near}?")
    ]


def test_the_nearest_value_is_suggested() -> None:
    (finding,) = lint(text(of(always(at(), at(2, "PARKING")))), now=NOW)
    assert (finding.code, finding.suggestion) == ("unreadable", "PARKING_TIME?")


def test_restrictions_in_a_list_are_linted_where_they_stand() -> None:
    inside = {"start_time": "08:00", "end_time": "08:00", "colour": "red"}
    found = lint(text(of(always() | {"restrictions": [inside]})), now=NOW)
    assert {(one.code, one.pointer) for one in found} == {
        ("restrictions_as_list", "/elements/0/restrictions"),
        ("unexpected_field", "/elements/0/restrictions/0/colour"),
        ("whole_day_window", "/elements/0/restrictions/0/start_time"),
    }
    assert codes(of(always() | {"restrictions": []})) == {
        "restrictions_as_list",
        "empty_restrictions",
    }
    assert "unreadable" in codes(of(always() | {"restrictions": [{}, {}]}))


def test_what_is_sent_carelessly_is_no_error() -> None:
    careless = of(always(at("0.40")) | {"restrictions": {}}, currency="eur", country_code="nl")
    assert all(one.severity is not Severity.ERROR for one in lint(text(careless), now=NOW))


def test_uncovered_hours_are_listed() -> None:
    days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]
    office = when(start_time="08:00", end_time="17:59", day_of_week=days)
    found = {one.code: one.message for one in lint(text(of(office)), now=NOW)}
    assert found["dimension_not_exhaustive"] == (
        "ENERGY is free: Sat Sun; Mon-Fri 00:00-08:00 and 17:59-24:00"
    )
    assert "day_end_gap" not in found
    evening = when(start_time="18:00", day_of_week=days)
    assert "day_end_gap" in codes(of(office, evening))


def test_padding_with_zeros_is_no_gap() -> None:
    assert codes(of(when(at(0, "TIME"), max_kwh=3), always())) == set()


def test_validity_bounds_what_must_be_priced() -> None:
    dated = when(start_date="2030-01-01", end_date="2030-02-01")
    inside = of(dated, start_date_time="2029-12-31T23:00:00Z", end_date_time="2030-01-31T23:00:00Z")
    assert codes(inside) == {"uses_date_restrictions"}
    assert {"dimension_not_exhaustive", "dynamic_without_fallback"} <= codes(of(dated))


def test_policies_decide_what_is_dead() -> None:
    """As one day, the equal dates have a hole less."""
    dated = of(when(start_date="2030-01-01", end_date="2030-01-01"), always(at(0.5)))
    behind = of(
        when(start_time="08:00", end_time="08:00"),
        when(at(0.5), start_time="08:00", end_time="09:00"),
    )
    assert "empty_date_window" in codes(dated)
    read_so = lint(text(dated), policy={"empty_date_window": "same_day"}, now=NOW)
    assert "empty_date_window" not in {one.code for one in read_so}
    assert "unreachable_element" in codes(behind)
    never = lint(text(behind), policy={"equal_window": "never"}, now=NOW)
    assert "unreachable_element" not in {one.code for one in never}
    whole = lint(text(behind), policy={"element_choice": "per_element"}, now=NOW)
    assert {one.code for one in whole} == {"whole_day_window", "unreachable_element"}


def test_a_misspelt_restriction_leaves_open_only_its_own_element() -> None:
    behind = of(always(), when(at(0.6), min_kWh=5), when(at(0.7), end_time="08:00"))
    found = {(one.code, one.pointer) for one in lint(text(behind), now=NOW)}
    assert found == {
        ("misspelt_field", "/elements/1/restrictions/min_kWh"),
        ("unreachable_element", "/elements/1"),
        ("unreachable_element", "/elements/2"),
    }


SAYS: list[tuple[str, Any, dict[str, Any], bool]] = [
    ("0.40 EUR per kWh", 0.4, {}, False),
    ("€0.48/kWh incl. VAT", 0.4, {}, False),
    ("0,48 Euro pro kWh inkl. MwSt.", 0.4, {}, False),
    ("0,49 Euro je kWh", 0.4, {}, True),
    ("Laden: 0,41 € per kWh excl. btw", 0.4, {}, True),
    ("0,484€/kWh", 0.4, {}, False),
    ("0,52 € par kWh", 0.4, {}, True),
    ("40 ct/kWh", 0.4, {}, False),
    ("39 Cent pro kWh", 0.4, {}, True),
    ("0.392EURperKWH", 0.39, {}, True),
    ("0.39EURperKWH", 0.39, {}, False),
    ("0.37 GBP per kWh", 0.4, {}, False),
    ("DC 150 kW: 0.40 per kWh, 10 kWh/hour at least", 0.4, {}, False),
    ("2.00 euro p/uur", 0.4, {}, True),
    ("Parking 0.10 EUR per minute", 0.4, {}, True),
    ("$0.40 per kWh", 0.4, {"currency": "CAD"}, False),
    ("Night and day the same", 0.4, {}, False),
]


@pytest.mark.parametrize(
    ("said", "price", "fields", "differs"), SAYS, ids=lambda one: str(one)[:30]
)
def test_prose_is_read_where_it_names_an_amount(
    said: str, price: Any, fields: dict[str, Any], differs: bool
) -> None:
    assert ("text_price_mismatch" in codes(told(said, price=price, **fields))) is differs


@pytest.mark.parametrize(
    ("said", "differs"),
    [
        ("3 EUR per hour", False),
        ("3,63 EUR pro Stunde", False),
        ("2,50 euro per uur", True),
        ("0,05 € par minute", False),
        ("0,75 EUR per 15 minutes", False),
        ("3 € de l'heure", False),
        ("4 € de l'heure", True),
        ("5 cent/min", False),
    ],
)
def test_prose_about_time_is_held_against_time(said: str, differs: bool) -> None:
    tariff = of(always(at(3, "TIME")), tariff_alt_text=[{"language": "en", "text": said}])
    assert ("text_price_mismatch" in codes(tariff)) is differs


def test_all_amounts_of_one_text_are_told_together() -> None:
    tariff = told("0,45 euro per kWh, dan 5 cent per minuut", price=0.36)
    (finding,) = lint(text(tariff), now=NOW)
    assert "'0,45 euro per kWh', but ENERGY costs 0.36" in finding.message
    assert "'5 cent per minuut', but nothing prices TIME or PARKING_TIME" in finding.message


def test_a_decimal_comma_is_put_right_in_the_suggestion() -> None:
    (finding,) = lint(text(of(always(at("0,40")))), now=NOW)
    assert (finding.code, finding.suggestion) == ("unreadable", "0.40, without quotes")


def test_a_version_is_told_by_the_object_or_given() -> None:
    assert codes(NEW, "2.1.1") >= {"unexpected_field"}
    assert "required_field" in codes(CLEAN, "2.3.0")
    with pytest.raises(RefusalError, match=r"3\.0 is not spoken"):
        lint(CLEAN, "3.0")


def test_many_and_frames_give_a_row_for_each_finding() -> None:
    texts = [text(CLEAN), text(CASES["dead_component"][0]), "[1]", None, "{"]
    frame = lint_frame(pl.DataFrame({"tariff": texts}), now=NOW)
    found = frame.select("row", "code", "severity").rows()
    assert found == [
        (1, "dead_component", "error"),
        (2, "unreadable", "error"),
        (3, "not_json", "error"),
        (4, "not_json", "error"),
    ]
    assert frame.row(0, named=True)["id"] == "T1"
    assert [one.worst for one in lint_many(texts[:2], now=NOW)] == [None, Severity.ERROR]
    assert lint_frame(pl.DataFrame({"tariff": texts[:1]})).columns == frame.columns


SHARED = Path(__file__).parents[3] / ".." / "shared"
SHAPES = SHARED / "data" / "ocpi_tariff_shapes_nl.jsonl"
EXAMPLES = SHARED / "reference" / "ocpi" / "examples"


@pytest.mark.skipif(not SHAPES.exists(), reason="the published tariffs are not here")
def test_published_tariffs_show_what_they_are_known_for() -> None:
    """Counts of tariffs, not of shapes: each shape stands for many."""
    tariffs: Counter[str] = Counter()
    elements: Counter[str] = Counter()
    shadowed = changed = 0
    for line in SHAPES.read_text().splitlines():
        shape = loads(line)
        version = version_of(shape["example"], "Tariff")
        read_tariff(version, shape["example"])
        found = lint(shape["example"], version)
        elements.update(one.code for one in found)
        for code in {one.code for one in found}:
            tariffs[code] += shape["n_tariffs"]
        dead = {"dead_component", "unreachable_element", "redundant_component"}
        behind = [one for one in found if one.code in dead and "(no restrictions)" in one.message]
        shadowed += shape["n_tariffs"] * bool(behind)
        changed += shape["n_tariffs"] * any(one.severity is Severity.ERROR for one in behind)
    assert (shadowed, changed) == (13, 2)
    assert tariffs["empty_date_window"] == tariffs["dynamic_without_fallback"] == 16
    assert tariffs["uses_date_restrictions"] == 704
    assert tariffs["flat_step_size"] == 39
    assert 583 <= tariffs["dimension_not_exhaustive"] + tariffs["partly_free"] <= 620
    assert elements["day_end_gap"] >= 17
    assert not elements["unreadable"]


EXPECTED = {
    "tariff_4_complex.json": {"dimension_not_exhaustive", "unused_time_step_size"},
    "tariff_5_free_of_charge.json": {"free_of_charge", "flat_step_size"},
    "tariff_6_025kwh_start_max_price.json": {"never_active"},
    "tariff_13_simple_3hour_5parking.json": {"unused_time_step_size"},
    "tariff_14_step_size.json": {"dimension_not_exhaustive", "unused_time_step_size"},
    "tariff_20_simple_north_american_inclusive.json": {"tax_included_without_rate"},
    "tariff_put_example.json": {"required_field"},
}
"""Example -> codes; the others have none."""


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the specifications' examples are not here")
@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_the_examples_of_the_specifications_lint_as_expected(version: str) -> None:
    paths = sorted((EXAMPLES / version).glob("tariff_*.json"))
    found = {path.name: codes(path.read_text()) for path in paths}
    assert len(found) >= 17
    assert {name: one for name, one in found.items() if one} == {
        name: one for name, one in EXPECTED.items() if name in found
    }


@pytest.mark.parametrize("name", ["start_time", "end_time", "start_date", "reservation"])
def test_an_empty_text_is_named_and_not_taken_for_none(name: str) -> None:
    found = {(one.code, one.pointer) for one in lint(text(of(when(**{name: ""}), always())))}
    assert ("unreadable", f"/elements/0/restrictions/{name}") in found
    assert "empty_restrictions" not in {code for code, _ in found}


def test_what_lint_calls_unreadable_is_refused_by_the_reader() -> None:
    for code in ("unreadable", "required_field", "weekday_unknown", "negative_step_size"):
        with pytest.raises(MalformedObjectError):
            read_tariff("2.2.1", loads(text(CASES[code][0])))
