"""Tariffs of three versions: exact, tolerant of what peers send, clear about what is not one."""

import contextlib
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from ingest.protocols.ocpi import (
    VERSIONS,
    MalformedObjectError,
    UnknownVersionError,
    check,
    dumps,
    loads,
    read_tariff,
    write_tariff,
)

PRICES = st.decimals(0, 100, places=4)
TEXTS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=36)
INSTANTS = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - the zone follows
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))


def components(*, vat: bool) -> st.SearchStrategy[PriceComponent]:
    rates = st.none() | st.decimals(0, 25, places=1) if vat else st.none()
    return st.builds(
        PriceComponent, st.sampled_from(Dimension), PRICES, st.integers(0, 3600), rates
    )


def restrictions(version: str) -> st.SearchStrategy[Restrictions]:
    some = st.none() | PRICES
    whole = st.none() | st.integers(0, 86_400)
    newer = {
        "min_current": some,
        "max_current": some,
        "reservation": st.none() | st.sampled_from(kinds(version)),
    }
    return st.builds(
        Restrictions,
        start_time=st.none() | st.builds(time, st.integers(0, 23), st.integers(0, 59)),
        end_time=st.none() | st.builds(time, st.integers(0, 23), st.integers(0, 59)),
        start_date=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        end_date=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        min_kwh=some,
        max_kwh=some,
        min_power=some,
        max_power=some,
        min_duration=whole,
        max_duration=whole,
        day_of_week=st.frozensets(st.sampled_from(DayOfWeek)),
        **(newer if version != "2.1.1" else {}),
    )


def kinds(version: str) -> list[ReservationRestriction]:
    """What of a reservation or booking a version can price."""
    return [
        kind
        for kind in ReservationRestriction
        if version == "2.3.0" or kind.startswith("RESERVATION")
    ]


def tariffs(version: str) -> st.SearchStrategy[Tariff]:
    """Tariffs that a version can say in full."""
    later = version != "2.1.1"
    limits = st.none() | st.builds(PriceLimit, PRICES, st.none() | PRICES)
    elements = st.builds(
        TariffElement,
        st.lists(components(vat=later), min_size=1, max_size=3).map(tuple),
        restrictions(version),
    )
    newer = {
        "country_code": st.just("NL"),
        "party_id": st.just("WTP"),
        "type": st.sampled_from(["", "REGULAR", "AD_HOC_PAYMENT"]),
        "min_price": limits,
        "max_price": limits,
        "start_at": st.none() | INSTANTS,
        "end_at": st.none() | INSTANTS,
    }
    included = TaxIncluded if version == "2.3.0" else [TaxIncluded.NO]
    return st.builds(
        Tariff,
        id=TEXTS,
        currency=st.just("EUR"),
        elements=st.lists(elements, min_size=1, max_size=3).map(tuple),
        last_updated=INSTANTS,
        alt_text=st.lists(st.tuples(st.just("nl"), TEXTS), max_size=2).map(tuple),
        tax_included=st.sampled_from(included),
        **(newer if later else {"country_code": st.just(""), "party_id": st.just("")}),
    )


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_written_reads_back_the_same(version: str, data: st.DataObject) -> None:
    tariff = data.draw(tariffs(version))
    wire = write_tariff(version, tariff)
    assert check(version, "Tariff", wire) == ()
    read, notes = read_tariff(version, loads(dumps(wire)))
    assert notes == ()
    assert replace(read, original="", original_version="") == tariff
    again, _ = read_tariff(version, write_tariff(version, read))
    assert again == read


def wire(**changes: Any) -> dict[str, Any]:
    element = {
        "price_components": [{"type": "ENERGY", "price": Decimal("0.35"), "step_size": 1}],
        "restrictions": {"start_time": "08:00", "end_time": "20:00"},
    }
    plain = {
        "country_code": "NL", "party_id": "WTP", "id": "T1", "currency": "EUR",
        "elements": [element], "tax_included": "NO", "last_updated": "2026-09-01T00:00:00Z",
    }  # fmt: skip
    return {**plain, **changes}


def element(**restrictions: Any) -> list[dict[str, Any]]:
    component = {"type": "ENERGY", "price": Decimal("0.35"), "step_size": 1}
    return [{"price_components": [component], "restrictions": restrictions}]


def codes(notes: Any) -> list[tuple[str, str]]:
    return [(note.code, note.pointer) for note in notes]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"vendor_price_round": 2}, "unexpected_field", "/vendor_price_round"),
        ({"type": None}, "needless_null", "/type"),
        ({"type": "SPECIAL"}, "unknown_value", "/type"),
        ({"id": "x" * 40}, "too_long", "/id"),
        ({"last_updated": "2026-09-01T02:00:00+02:00"}, "timestamp_form", "/last_updated"),
        ({"min_price": {"excl_vat": 1}}, "price_shape", "/min_price"),
        ({"tax_included": None}, "required_field", "/tax_included"),
        ({"elements": [{"price_components": [
            {"type": "FLAT", "price": "2.00", "step_size": 0}]}]},
         "string_number", "/elements/0/price_components/0/price"),
        ({"elements": [{"price_components": [
            {"type": "FLAT", "price": 2, "step_size": 0}], "restriction": {}}]},
         "unexpected_field", "/elements/0/restriction"),
        ({"elements": element(start_time="08:00:00")}, "time_form",
         "/elements/0/restrictions/start_time"),
        ({"elements": element(day_of_week=["monday"])}, "weekday_case",
         "/elements/0/restrictions/day_of_week"),
    ],
)  # fmt: skip
def test_what_is_understood_is_noted_with_its_pointer(
    changes: dict[str, Any], code: str, pointer: str
) -> None:
    tariff, notes = read_tariff("2.3.0", wire(**changes))
    assert (code, pointer) in codes(notes)
    assert tariff.currency == "EUR"


def test_restrictions_in_a_list_of_one_are_those_restrictions() -> None:
    listed = element()
    listed[0]["restrictions"] = [{"min_duration": 14460}]
    tariff, notes = read_tariff("2.2.1", wire(elements=listed))
    assert tariff.elements[0].restrictions == Restrictions(min_duration=14460)
    assert ("restrictions_as_list", "/elements/0/restrictions") in codes(notes)
    listed[0]["restrictions"] = []
    tariff, notes = read_tariff("2.2.1", wire(elements=listed))
    assert tariff.elements[0].restrictions == Restrictions()
    listed[0]["restrictions"] = [{"min_kwh": 1}, {"max_kwh": 2}]
    with pytest.raises(MalformedObjectError, match="/elements/0/restrictions: expected one object"):
        read_tariff("2.2.1", wire(elements=listed))


@pytest.mark.parametrize("name", ["start_time", "end_time", "start_date", "end_date", "booking"])
def test_an_empty_restriction_is_not_taken_for_none(name: str) -> None:
    listed = element()
    listed[0]["restrictions"] = {name: ""}
    with pytest.raises(MalformedObjectError, match=f"/elements/0/restrictions/{name}: expected"):
        read_tariff("2.3.0", wire(elements=listed))


def test_a_step_below_zero_and_an_empty_tax_are_faults() -> None:
    listed = element()
    listed[0]["price_components"][0]["step_size"] = -1
    with pytest.raises(MalformedObjectError) as caught:
        read_tariff("2.3.0", wire(elements=listed, tax_included=""))
    assert {one.pointer for one in caught.value.problems} == {
        "/elements/0/price_components/0/step_size", "/tax_included",
    }  # fmt: skip


def test_everything_wrong_is_named_at_once() -> None:
    broken = wire(
        id=None,
        last_updated="yesterday",
        elements=[
            {"price_components": [{"type": "WATT", "price": "free", "step_size": "1.5"}]},
            {"price_components": [], "restrictions": {"start_time": "25:00", "end_date": "1.1."}},
            7,
        ],
    )
    with pytest.raises(MalformedObjectError) as caught:
        read_tariff("2.2.1", broken)
    assert sorted(problem.pointer for problem in caught.value.problems) == sorted(
        [
            "/id",
            "/elements/0/price_components/0/type",
            "/elements/0/price_components/0/price",
            "/elements/0/price_components/0/step_size",
            "/elements/1/price_components",
            "/elements/1/restrictions/start_time",
            "/elements/1/restrictions/end_date",
            "/elements/2",
            "/elements/2/price_components",
            "/last_updated",
        ]
    )
    assert (caught.value.ocpi_status, caught.value.http_status) == (2001, 200)
    assert "/id: required field missing; " in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | PRICES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.sampled_from(VERSIONS), st.sampled_from(sorted(wire())), JSON)
def test_no_value_in_any_field_is_more_than_a_clear_error(
    version: str, field: str, value: Any
) -> None:
    for changed in (wire(**{field: value}), wire(elements=[value])):
        with contextlib.suppress(MalformedObjectError):
            tariff, _ = read_tariff(version, changed)
            assert loads(dumps(write_tariff(version, tariff))).get("id", "") == tariff.id


def test_a_tariff_is_carried_literally() -> None:
    free = [{"price_components": [{"type": "FLAT", "price": Decimal("0.00000"), "step_size": 0}]}]
    tariff, _ = read_tariff("2.2.1", wire(elements=free, energy_mix={"is_green_energy": True}))
    assert tariff.elements[0].components[0] == PriceComponent(Dimension.FLAT, Decimal(0), 0)
    assert '"price":0.00000' in tariff.original
    assert write_tariff("2.2.1", tariff)["energy_mix"] == {"is_green_energy": True}
    fine = element()
    fine[0]["price_components"][0]["price"] = Decimal("0.123456")
    tariff, _ = read_tariff("2.2.1", wire(elements=fine))
    assert '"price":0.123456' in dumps(write_tariff("2.2.1", tariff))


def test_preauthorize_amount_is_kept_and_said_where_it_can_be() -> None:
    tariff, notes = read_tariff("2.3.0", wire(preauthorize_amount=50))
    assert notes == ()
    assert write_tariff("2.3.0", tariff)["preauthorize_amount"] == 50
    assert "preauthorize_amount" not in write_tariff("2.2.1", tariff)


@pytest.mark.parametrize(
    ("vat", "price"), [(Decimal(21), "0.2893"), (Decimal(0), "0.35"), (None, "0.35")]
)
def test_a_gross_price_is_said_before_tax_where_there_is_no_other_way(
    vat: Decimal | None, price: str
) -> None:
    gross = element()
    gross[0]["price_components"][0]["vat"] = vat
    tariff, _ = read_tariff("2.3.0", wire(elements=gross, tax_included="YES"))
    assert tariff.tax_included is TaxIncluded.YES
    for version in ("2.1.1", "2.2.1"):
        written = write_tariff(version, tariff)["elements"][0]["price_components"][0]
        assert written["price"] == Decimal(price)
    assert write_tariff("2.3.0", tariff)["elements"][0]["price_components"][0]["price"] == Decimal(
        "0.35"
    )


def test_2_1_1_says_no_reservation_price() -> None:
    both = [*element(reservation="RESERVATION"), *element()]
    tariff, _ = read_tariff("2.2.1", wire(elements=both))
    assert len(write_tariff("2.1.1", tariff)["elements"]) == 1


def test_only_2_3_0_says_what_a_booking_costs() -> None:
    both = [*element(booking="BOOKING_OVERTIME"), *element()]
    tariff, _ = read_tariff("2.3.0", wire(elements=both, tax_included="NO"))
    assert tariff.elements[0].restrictions.reservation is ReservationRestriction.BOOKING_OVERTIME
    assert len(write_tariff("2.3.0", tariff)["elements"]) == 2
    assert len(write_tariff("2.2.1", tariff)["elements"]) == 1


ONE_OF_EACH = Restrictions(
    start_time=time(8), end_time=time(20, 30), start_date=date(2026, 9, 1),
    end_date=date(2027, 9, 1), min_kwh=Decimal(0), max_kwh=Decimal(20), min_current=Decimal(0),
    max_current=Decimal("31.5"), min_power=Decimal(0), max_power=Decimal(11), min_duration=0,
    max_duration=3600, day_of_week=frozenset({DayOfWeek.MONDAY}),
    reservation=ReservationRestriction.BOOKING,
)  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", [field.name for field in fields(Restrictions)])
def test_no_element_is_written_without_its_restriction(version: str, name: str) -> None:
    energy = (PriceComponent(Dimension.ENERGY, Decimal("0.35"), 1),)
    bound = replace(Restrictions(), **{name: getattr(ONE_OF_EACH, name)})
    assert bound != Restrictions()
    listed = (TariffElement(energy, bound), TariffElement(energy))
    tariff = Tariff("NL", "WTP", "T1", "EUR", listed, datetime(2026, 9, 1, tzinfo=UTC))
    read, _ = read_tariff(version, write_tariff(version, tariff))
    said = name != "reservation" or version == "2.3.0"
    assert read.elements == (listed if said else listed[1:])


def test_2_1_1_says_bounds_of_current_in_the_fields_that_came_later() -> None:
    tariff, _ = read_tariff("2.2.1", wire(elements=element(max_current=Decimal("31.5"))))
    written = write_tariff("2.1.1", tariff)
    assert written["elements"][0]["restrictions"] == {"max_current": Decimal("31.5")}
    read, notes = read_tariff("2.1.1", written)
    assert read.elements == tariff.elements
    assert codes(notes) == [("unexpected_field", "/elements/0/restrictions/max_current")]


@pytest.mark.parametrize(("version", "name"), [("2.1.1", "RESERVATION"), ("2.2.1", "BOOKING")])
def test_what_prices_no_charging_is_never_read_as_a_price_of_it(version: str, name: str) -> None:
    held = wire(elements=element(**{name.lower(): name}))
    tariff, notes = read_tariff(version, held)
    assert tariff.elements[0].restrictions.reservation == name
    pointer = f"/elements/0/restrictions/{name.lower()}"
    assert ("unexpected_field", pointer) in codes(notes)
    free, _ = read_tariff(version, write_tariff(version, tariff))
    nothing = PriceComponent(Dimension.FLAT, Decimal(0), 1)
    assert free.elements == (TariffElement((nothing,)),)


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(UnknownVersionError, match=r"OCPI 2\.2 is not spoken here"):
        read_tariff("2.2", wire())
