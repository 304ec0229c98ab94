"""A CDR of any version prices the same, in its own shape; what is missing is noted or refused."""

from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ingest.protocols.ocpi import dumps, loads
from tests.wattproof.pricing.samples import VERSIONS, ZONE, cdr, element, evening, tariff
from wattproof.pricing import UnpriceableError, as_json, price, price_frame, reading
from wattproof.refusals import RefusalError

D = Decimal
EXAMPLES = Path(__file__).parents[3] / ".." / "shared" / "reference" / "ocpi" / "examples"


def codes(wire: dict[str, Any], **options: Any) -> set[tuple[str, str]]:
    return {(note.code, note.pointer) for note in price(wire, **options).notes}


@pytest.mark.parametrize(
    ("version", "net", "gross"), [("2.2.1", "4.00", "4.40"), ("2.3.0", "4.00", "4.40")]
)
def test_the_example_of_the_specification(version: str, net: str, gross: str) -> None:
    path = EXAMPLES / version / "cdr_example.json"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside this checkout")
    found = price(path.read_text(), time_zone="Europe/Brussels")
    assert found.version == version
    assert (found.total.net, found.total.gross) == (D(net), D(gross))


def test_a_price_in_quotes_of_2_1_1_is_priced_and_noted() -> None:
    own = {
        "id": "12",
        "currency": "EUR",
        "elements": [{"price_components": [{"type": "TIME", "price": "2.00", "step_size": 300}]}],
        "last_updated": "2015-02-02T14:15:01Z",
    }
    wire = cdr("2.1.1", [("2015-06-29T23:39:09", {"TIME": D("1.973")})], "2015-06-30T01:37:32", own)
    found = price(wire)
    assert as_json(found)["total_cost"] == 4
    pointer = "/tariffs/0/elements/0/price_components/0/price"
    assert ("string_number", pointer) in codes(wire)
    with pytest.raises(UnpriceableError, match="lenient_number=refused"):
        price(wire, policy={"lenient_number": "refused"})


SHAPES = {
    "2.1.1": (D("8.93"), D("4.38")),
    "2.2.1": (
        {"excl_vat": D("8.93"), "incl_vat": D("10.80")},
        {"excl_vat": D("4.38"), "incl_vat": D("5.29")},
    ),
    "2.3.0": (
        {
            "before_taxes": D("8.93"),
            "taxes": [{"name": "VAT", "percentage": 21, "amount": D("1.87")}],
        },
        {
            "before_taxes": D("4.38"),
            "taxes": [{"name": "VAT", "percentage": 21, "amount": D("0.91")}],
        },
    ),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_price_has_the_shape_of_its_version(version: str) -> None:
    found = as_json(price(evening(version), time_zone=ZONE))
    assert (found["total_cost"], found["total_parking_cost"]) == SHAPES[version]
    assert (found["version"], found["currency"], found["time_zone"]) == (version, "EUR", ZONE)
    assert (found["total_energy"], found["total_time"]) == (D("15.533"), 3)
    assert found["total_parking_time"] == D("1.1667")
    again = loads(dumps(found))
    assert again["total_energy"] == D("15.533"), "numbers are JSON numbers"
    net = sum((line["net"] for line in found["lines"]), D(0))
    exact = found["exact"]["total_cost"]
    assert net == (exact if version == "2.1.1" else exact[_NET[version]]) == D("8.92761")


_NET = {"2.2.1": "excl_vat", "2.3.0": "before_taxes"}


def test_a_line_says_what_it_rests_on() -> None:
    lines = as_json(price(evening(), time_zone=ZONE))["lines"]
    first, _, stepped, parking = lines
    assert first["pointer"] == "/tariffs/0/elements/0/price_components/0"
    assert first["surplus"] == 0
    assert (stepped["measured"], stepped["billed"]) == (D("12.4"), D("12.867"))
    assert stepped["surplus"] == D("0.467")
    assert stepped["policies"] == ["step_scope"]
    assert parking["policies"] == ["step_scope", "duration_origin"]
    assert parking["cost"]["exact"] == {
        "net": D("4.375"), "tax": D("0.91875"), "gross": D("5.29375"),
    }  # fmt: skip
    assert parking["cost"]["rounded"]["net"] == D("4.38")


def test_all_policies_are_told_and_which_are_not_the_default() -> None:
    policy = {"money_rounding": "toward_zero", "step_scope": "period"}
    found = as_json(price(evening(), time_zone=ZONE, policy=policy))
    own = {one["name"]: one["value"] for one in found["policies"] if not one["is_default"]}
    assert own == policy
    with pytest.raises(RefusalError, match="no pricing policy is called 'roundness'"):
        price(evening(), time_zone=ZONE, policy={"roundness": "high"})


def test_a_credit_is_negative_in_its_total_only() -> None:
    wire = evening(credit=True, credit_reference_id="CDR-0")
    found = as_json(price(wire, time_zone=ZONE))
    assert found["total_cost"] == {"excl_vat": D("-8.93"), "incl_vat": D("-10.80")}
    assert found["exact"]["total_cost"]["excl_vat"] == D("-8.92761")
    assert found["total_parking_cost"]["excl_vat"] == D("4.38")
    assert found["total_energy"] == D("15.533")
    upside_down = deepcopy(wire) | {"total_energy": D("-15.533")}
    for period in upside_down["charging_periods"][:2]:
        period["dimensions"][0]["volume"] *= -1
    assert price(upside_down, time_zone=ZONE).total.net == D("-8.93")


CREDITS = [
    ([{"ENERGY": D(-10), "TIME": D(-2)}], {"total_energy": D(-10), "total_time": D(-2)}, "-17.00"),
    ([{"ENERGY": D(-10), "TIME": D(2)}], {"total_energy": D(10)}, "-17.00"),
    ([{"ENERGY": D(10), "TIME": D(2)}], {"total_energy": D(-10)}, "-17.00"),
    ([{"TIME": D(-1)}, {"PARKING_TIME": D(-1)}], {"total_time": D(-2)}, "-9.00"),
    ([{"ENERGY": D(-10), "TIME": D(1)}, {"ENERGY": D(2), "TIME": D(1)}], {}, "-13.00"),
    ([{"ENERGY": D(4), "TIME": D(1)}, {"TIME": D(-1)}], {}, "-8.00"),
]


@pytest.mark.parametrize(("volumes", "totals", "net"), CREDITS)
def test_volumes_of_a_credit_are_turned_as_a_whole_or_not_at_all(
    volumes: list[dict[str, Any]], totals: dict[str, Any], net: str
) -> None:
    own = tariff(element("ENERGY 0.5 - 1"), element("TIME 6 - 1", "PARKING_TIME 3 - 1"))
    starts = ("2026-10-05T12:00", "2026-10-05T13:00")
    wire = cdr(
        "2.2.1", list(zip(starts, volumes, strict=False)), "2026-10-05T14:00", own,
        **{"credit": True, "total_time": D(2), "total_cost": {"excl_vat": D(-17)}} | totals,
    )  # fmt: skip
    found = price(wire, time_zone=ZONE)
    assert found.total.net == D(net)
    told = {note.code for note in found.notes}
    assert told & {"credit_energy_sign", "credit_time_sign", "credit_mixed_signs"}


def test_a_credit_of_energy_fed_back_keeps_its_signs() -> None:
    rows = [
        ("2026-10-05T12:00", {"ENERGY": D(-10)}),
        ("2026-10-05T13:00", {"ENERGY": D(2)}),
    ]
    own = tariff(element("ENERGY 0.5 - 1"))
    wire = cdr("2.2.1", rows, "2026-10-05T14:00", own, credit=True)
    read = reading(wire, time_zone=ZONE).cdr
    assert [one.energy_wh for one in read.periods] == [-10_000, 2_000]
    assert read.total_energy_kwh == -8
    assert ("credit_mixed_signs", "/charging_periods") in codes(wire, time_zone=ZONE)


def test_the_zone_is_the_location_s_or_given_or_asked_for() -> None:
    with pytest.raises(RefusalError, match="time zone") as refusal:
        price(evening())
    assert "--time-zone" in refusal.value.advice
    assert price(evening("2.1.1")).zone.key == ZONE
    at = ("zone_from_configuration", "/cdr_location/time_zone")
    assert at not in codes(evening(), time_zone=ZONE), "the one who gave it knows"
    assert "zone_from_configuration" not in {code for code, _ in codes(evening("2.1.1"))}
    other = codes(evening("2.1.1"), time_zone="UTC")
    assert ("zone_from_configuration", "/location/time_zone") in other
    told = {"zone_source": "site_then_location"}
    assert price(evening("2.1.1"), time_zone="UTC", policy=told).zone.key == "UTC"
    with pytest.raises(UnpriceableError, match="'Amsterdam' does not exist"):
        price(evening(), time_zone="Amsterdam")


def test_a_receipt_records_that_the_zone_given_went_before_the_location_s() -> None:
    for wire, given, decision in (
        (evening("2.1.1"), "UTC", "site_then_location"),
        (evening("2.1.1"), ZONE, "location_then_site"),
        (evening("2.1.1"), "", "location_then_site"),
        (evening(), "UTC", "location_then_site"),
    ):
        found = price(wire, time_zone=given)
        assert dict(found.receipt.policies)["zone_source"] == found.policy.zone_source == decision


def test_where_no_tax_applies_none_is_written() -> None:
    rows = [("2026-10-05T12:00", {"ENERGY": D(10)})]
    own = tariff(element("ENERGY 0.5 - 1"))
    wire = cdr("2.2.1", rows, "2026-10-05T13:00", own)
    assert as_json(price(wire, time_zone=ZONE))["total_cost"] == {"excl_vat": 5}
    newer = cdr("2.3.0", rows, "2026-10-05T13:00", own | {"tax_included": "NO"})
    assert as_json(price(newer, time_zone=ZONE))["total_cost"] == {"before_taxes": 5, "taxes": []}
    zero = cdr("2.2.1", rows, "2026-10-05T13:00", tariff(element("ENERGY 0.5 0 1")))
    assert as_json(price(zero, time_zone=ZONE))["total_cost"] == {"excl_vat": 5, "incl_vat": 5}


@pytest.mark.parametrize(
    "field",
    [
        "id", "country_code", "party_id", "cdr_token", "auth_method", "cdr_location", "currency",
        "total_cost", "total_energy", "total_time", "last_updated",
    ],
)  # fmt: skip
def test_what_a_price_does_not_need_may_be_missing(field: str) -> None:
    wire = evening()
    del wire[field]
    assert ("required_field", f"/{field}") in codes(wire, time_zone=ZONE)
    assert price(wire, time_zone=ZONE).total.gross == D("10.80")


def test_a_tariff_may_lack_what_no_price_comes_from() -> None:
    wire = evening()
    for field in ("country_code", "party_id", "currency", "last_updated"):
        del wire["tariffs"][0][field]
    del wire["tariffs"][0]["elements"][0]["price_components"][1]["step_size"]
    assert price(wire, time_zone=ZONE).total.gross == D("10.80")


REFUSED = [
    ("/start_date_time", None),
    ("/end_date_time", None),
    ("/end_date_time", "1970-01-01T00:00:00Z"),
    ("/end_date_time", "2026-10-05T20:00:00Z"),
    ("/end_date_time", "2126-10-05T20:00:00Z"),
    ("/charging_periods", None),
    ("/charging_periods", []),
    ("/charging_periods/1/start_date_time", None),
    ("/charging_periods/1/start_date_time", "yesterday"),
    ("/charging_periods/1/dimensions/0/volume", None),
    ("/charging_periods/1/dimensions/0/volume", "much"),
    ("/charging_periods/1/dimensions/0/type", None),
    ("/tariffs", None),
    ("/tariffs/0/elements", []),
    ("/tariffs/0/currency", "EURO"),
    ("/tariffs/0/elements/1/price_components/0/price", None),
    ("/tariffs/0/elements/1/price_components/0/step_size", None),
    ("/tariffs/0/elements/1/price_components/0/type", "KWH"),
    ("/tariffs/0/elements/0/restrictions/start_time", "7 o'clock"),
    ("/tariffs/0/elements/0/restrictions/start_time", ""),
    ("/tariffs/0/elements/0/restrictions/end_time", ""),
    ("/tariffs/0/elements/0/restrictions/start_date", ""),
    ("/tariffs/0/elements/0/restrictions/reservation", ""),
    ("/tariffs/0/elements/0/restrictions/reservation", {}),
    ("/tariffs/0/elements/1/price_components/0/step_size", -500),
]


@pytest.mark.parametrize(("pointer", "value"), REFUSED)
def test_what_a_price_needs_is_named_where_it_is_missing(pointer: str, value: Any) -> None:
    wire = evening()
    *path, last = pointer.split("/")[1:]
    parent: Any = wire
    for name in path:
        parent = parent[int(name) if name.isdecimal() else name]
    parent[int(last) if last.isdecimal() else last] = value
    with pytest.raises(UnpriceableError) as refusal:
        price(wire, time_zone=ZONE)
    assert pointer in {problem.pointer for problem in refusal.value.problems}


def test_an_empty_limit_is_not_taken_for_none() -> None:
    wire = evening()
    wire["tariffs"][0]["max_price"] = {}
    with pytest.raises(UnpriceableError, match="/tariffs/0/max_price/before_taxes"):
        price(wire, time_zone=ZONE)


def test_a_tariff_given_goes_before_the_one_carried() -> None:
    other = tariff(element("ENERGY 1.00 - 1"), id="OTHER")
    found = price(evening(), tariff=other, time_zone=ZONE)
    assert (found.total.net, found.total.gross) == (D("15.53"), D("15.53"))
    assert ("tariff_given", "/tariffs") in codes(evening(), tariff=other, time_zone=ZONE)
    assert "unknown_tariff" not in {note.code for note in found.notes}
    bare = evening(tariffs=[])
    assert price(bare, tariff=other, time_zone=ZONE).total.net == D("15.53")
    with pytest.raises(UnpriceableError) as refusal:
        price(evening(), tariff=[other, tariff(element("FLAT 1 - 1"), currency="SEK")])
    assert [one.pointer for one in refusal.value.problems] == ["/tariffs/1/currency"]


def test_a_volume_that_only_a_total_states_is_never_a_silent_zero() -> None:
    own = tariff(element("ENERGY 0.39 21 1", "TIME 1.00 21 1"))
    wire = cdr(
        "2.2.1", [("2026-10-05T12:00", {"MAX_POWER": D(11)})], "2026-10-05T15:00", own,
        total_energy=D(20),
    )  # fmt: skip
    found = price(wire, time_zone=ZONE)
    assert found.total.net == 0
    assert {("energy_not_in_periods", "/total_energy"), ("time_not_in_periods", "/total_time")} <= {
        (note.code, note.pointer) for note in found.notes
    }


PARTLY = [
    ([{"ENERGY": D(10), "TIME": D(1)}, {"ENERGY": D(10)}], {}, {"time"}),
    ([{"ENERGY": D(10), "TIME": D(1)}, {"TIME": D(1)}], {}, {"energy"}),
    ([{"ENERGY": D(10), "TIME": D(1)}, {"Energy": D(10), "TIME": D(1)}], {}, set()),
    ([{"ENERGY": D("9.99995"), "TIME": D(1)}, {"ENERGY": D("9.9999"), "TIME": D(1)}], {}, set()),
    ([{"ENERGY": D(20), "TIME": D(1)}, {"PARKING_TIME": D(1)}], {}, set()),
    ([{"ENERGY": D(20), "RESERVATION_TIME": D(1)}, {"TIME": D(1)}], {}, set()),
    (
        [{"ENERGY": D(20), "TIME": D(1)}, {"PARKING_TIME": D("0.5")}],
        {"total_parking_time": D(1)},
        {"parking_time"},
    ),
]


@pytest.mark.parametrize(("volumes", "totals", "partly"), PARTLY)
def test_a_total_that_periods_state_only_in_part_is_noted(
    volumes: list[dict[str, Any]], totals: dict[str, Any], partly: set[str]
) -> None:
    own = tariff(element("ENERGY 0.5 - 1", "TIME 6 - 1", "PARKING_TIME 2 - 1"))
    rows = list(zip(("2026-10-05T12:00", "2026-10-05T13:00"), volumes, strict=True))
    wire = cdr(
        "2.2.1", rows, "2026-10-05T14:00", own,
        **{"total_energy": D(20), "total_time": D(2)} | totals,
    )  # fmt: skip
    told = codes(wire, time_zone=ZONE)
    assert "unknown_value" not in {code for code, _ in told}
    found = {code: pointer for code, pointer in told if "_in_p" in code}
    assert found == {f"{name}_not_in_periods": f"/total_{name}" for name in partly}


def test_the_part_of_a_total_without_a_price_is_told_in_figures() -> None:
    own = tariff(element("ENERGY 0.5 - 1"))
    rows = [("2026-10-05T12:00", {"ENERGY": D(10)})]
    wire = cdr("2.2.1", rows, "2026-10-05T13:00", own, total_energy=D("20.50"))
    (told,) = (n.message for n in price(wire, time_zone=ZONE).notes if "_in_p" in n.code)
    assert told == "20.50 kWh in total, 10 in the periods: 10.5 are not priced"


def test_times_are_those_that_periods_state_not_those_between_stamps() -> None:
    own = tariff(element("TIME 6.00 - 1", "PARKING_TIME 12.00 - 1"))
    both = {"TIME": D("0.5"), "PARKING_TIME": D("0.25")}
    wire = cdr("2.2.1", [("2026-10-05T12:00", both)], "2026-10-05T13:00", own)
    assert price(wire, time_zone=ZONE).total.net == 6
    assert {code for code, _ in codes(wire, time_zone=ZONE)} >= {"mixed_period"}


def test_reserved_time_and_charging_in_one_period_are_read_as_two() -> None:
    own = tariff(element("TIME 4.00 - 1", reservation="RESERVATION"), element("ENERGY 0.50 - 1"))
    both = {"RESERVATION_TIME": D("0.25"), "ENERGY": D(10)}
    found = price(
        cdr("2.2.1", [("2026-10-05T12:00", both)], "2026-10-05T13:00", own), time_zone=ZONE
    )
    written = as_json(found)
    assert written["total_reservation_cost"]["excl_vat"] == 1
    assert written["total_energy_cost"]["excl_vat"] == 5


def test_a_session_counts_its_duration_from_the_end_of_its_reserved_time() -> None:
    own = tariff(
        element("TIME 1.00 - 1", reservation="RESERVATION"),
        element("TIME 0.00 - 1", max_duration=1800),
        element("TIME 6.00 - 1"),
    )
    rows = [
        ("2026-10-05T12:00", {"RESERVATION_TIME": D("0.25"), "TIME": D("0.75")}),
        ("2026-10-05T13:00", {"TIME": D(1)}),
    ]
    found = price(cdr("2.2.1", rows, "2026-10-05T14:00", own), time_zone=ZONE)
    assert [line.net for line in found.receipt.lines] == [D("0.25"), 0, 6]
    assert "periods_out_of_order" not in {note.code for note in found.notes}


def test_periods_out_of_order_are_noted_and_ordered_only_by_policy() -> None:
    wire = evening()
    wire["charging_periods"][:2] = reversed(wire["charging_periods"][:2])
    assert ("periods_out_of_order", "/charging_periods/1/start_date_time") in codes(
        wire, time_zone=ZONE
    )
    sorted_price = price(wire, time_zone=ZONE, policy={"period_order": "by_start"})
    assert sorted_price.total.gross == D("10.80")
    line = as_json(sorted_price)["lines"][0]
    assert (line["period"], line["start_date_time"]) == (1, "2026-10-05T20:40:00Z")


def test_energy_without_a_price_is_held_where_the_policy_says_so() -> None:
    wire = evening()
    wire["tariffs"][0]["elements"] = wire["tariffs"][0]["elements"][:1]
    assert ("no_price_component", "/charging_periods/1") in codes(wire, time_zone=ZONE)
    with pytest.raises(UnpriceableError) as refusal:
        price(wire, time_zone=ZONE, policy={"unpriced_dimension": "held"})
    assert [one.pointer for one in refusal.value.problems] == ["/charging_periods/1"]


def test_a_response_is_taken_for_the_cdr_it_carries() -> None:
    response = {"status_code": 1000, "timestamp": "2026-10-06T08:00:00Z", "data": evening()}
    assert price(dumps(response), time_zone=ZONE).total.gross == D("10.80")


def test_another_version_than_guessed_can_be_asked_for() -> None:
    assert reading(evening("2.3.0"), time_zone=ZONE).version == "2.3.0"
    assert reading(evening("2.3.0"), time_zone=ZONE, ocpi="2.2.1").version == "2.2.1"
    with pytest.raises(RefusalError, match=r"OCPI 1\.0 is not spoken here"):
        reading(evening(), time_zone=ZONE, ocpi="1.0")


NEWER = [
    ([element("TIME 5 - 1", reservation="RESERVATION"), element("ENERGY 1 - 1")], {}, "10.00"),
    ([element("ENERGY 9 - 1", min_current=D(64)), element("ENERGY 1 - 1")], {}, "10.00"),
    ([element("FLAT 9 - 1", booking="BOOKING"), element("ENERGY 1 - 1")], {}, "10.00"),
    ([element("ENERGY 1 21 1")], {}, "10.00"),
    ([element("ENERGY 1 - 1")], {"max_price": {"excl_vat": D(4)}}, "4.00"),
    ([element("ENERGY 1 25 1")], {"tax_included": "YES"}, "8.00"),
]


@pytest.mark.parametrize(("elements", "fields", "net"), NEWER)
def test_a_tariff_of_a_newer_version_than_its_cdr_is_read_by_its_own(
    elements: list[dict[str, Any]], fields: dict[str, Any], net: str
) -> None:
    own = {"id": "T1", "currency": "EUR", "elements": elements} | fields
    rows = [("2026-10-05T12:00", {"ENERGY": D(10), "TIME": D(1)})]
    wire = cdr("2.1.1", rows, "2026-10-05T13:00", own)
    found = price(wire, ocpi="2.1.1")
    assert (found.version, found.total.net) == ("2.1.1", D(net))
    told = {(note.code, note.pointer) for note in found.notes}
    assert ("tariff_of_newer_version", "/tariffs/0") in told
    assert "unexpected_field" not in {code for code, _ in told}
    assert "/tariffs/0/country_code" not in {at for _, at in told}
    given = price(wire | {"tariffs": []}, tariff=own, ocpi="2.1.1")
    assert given.total.net == D(net)
    assert "tariff_of_newer_version" in {note.code for note in given.notes}


def test_a_tariff_that_only_names_its_owner_stays_of_its_cdr_s_version() -> None:
    own = tariff(element("ENERGY 1 - 1"))
    wire = cdr("2.1.1", [("2026-10-05T12:00", {"ENERGY": D(10)})], "2026-10-05T13:00", own)
    assert "tariff_of_newer_version" not in {code for code, _ in codes(wire)}


def test_a_frame_has_a_row_for_each_cdr() -> None:
    texts = [dumps(evening(version)) for version in VERSIONS] + ["{", dumps(evening(id="last"))]
    found = price_frame(pl.DataFrame({"cdr": texts}), time_zone=ZONE)
    assert found["net"].to_list() == [D("8.93")] * 3 + [None] + [D("8.93")]
    assert found["gross"].to_list()[1] == D("10.80")
    assert found["exact_net"].to_list()[1] == D("8.92761")
    assert found["parking_net"].to_list()[4] == D("4.375")
    assert [error is None for error in found["error"].to_list()] == [True] * 3 + [False, True]
    assert "not JSON" in found["error"][3]
    assert price_frame(pl.DataFrame({"cdr": []}, schema={"cdr": pl.String})).height == 0
