"""CDRs and Sessions of three versions: valid by the tables, adding up, and read back the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.cdr import CDR
from billing.party import EVSE, Connector, Location, Token
from billing.period import ChargingPeriod
from billing.receipt import Amount, CostGroup, Line, Receipt
from billing.session import Activity
from billing.tariff import Dimension, PriceComponent, Tariff, TariffElement
from ingest.protocols.ocpi import (
    VERSIONS,
    MalformedObjectError,
    OfferedEVSE,
    OfferedLocation,
    check,
    completed,
    dumps,
    loads,
    read_cdr,
    read_location,
    read_session,
    read_token,
    write_cdr,
    write_location,
    write_session,
    write_token,
)

START = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)
VAT = Decimal(21)
CONNECTOR = Connector(2, "IEC_62196_T2", "SOCKET", "AC_3_PHASE", 230, 32, Decimal(22))
PLACE = Location(
    "NL", "WTP", "L1", "Harbour", "Kade 1", "Rotterdam", "3011AA", "NLD", "51.917400", "4.484900",
    "Europe/Amsterdam", START - timedelta(days=9),
)  # fmt: skip
TARIFF = Tariff(
    country_code="NL", party_id="WTP", id="T1", currency="EUR",
    elements=(TariffElement((PriceComponent(Dimension.ENERGY, Decimal("0.35"), 1, VAT),)),),
    last_updated=START - timedelta(days=30),
)  # fmt: skip


def line(dimension: Dimension, group: CostGroup, net: str, period: int = 0) -> Line:
    value = Decimal(net)
    tax = value * VAT / 100
    return Line(
        period, dimension, group, Decimal(1), Decimal(1), 1, value, value, VAT, tax, "T1", 0, 0, ""
    )


def amount(net: str, tax: str | None = None) -> Amount:
    return Amount(Decimal(net), () if tax is None else ((VAT, Decimal(tax)),))


def period(ordinal: int, minutes: int, wh: str, activity: Activity, **more: Any) -> ChargingPeriod:
    start = START + timedelta(minutes=40 * ordinal)
    end = start + timedelta(minutes=minutes)
    return ChargingPeriod(ordinal, start, end, activity, Decimal(wh), tariff_id="T1", **more)


def cdr(**changes: Any) -> CDR:
    """11 kWh in 40 + 40 minutes, then 40 minutes parked; the totals rounded to cents."""
    parts = (
        (CostGroup.ENERGY, amount("3.851925", "0.80890425")),
        (CostGroup.PARKING, amount("1.3333333333", "0.28")),
        (CostGroup.FIXED, amount("0.5", "0.105")),
    )
    receipt = Receipt(
        currency="EUR",
        lines=(line(Dimension.FLAT, CostGroup.FIXED, "0.5"),),
        exact_total=amount("5.6852583333", "1.19390425"),
        total=amount("5.69", "1.19"),
        totals=parts,
        notes=(),
        policies=(),
    )
    plain = CDR(
        country_code="NL", party_id="WTP", id="0f1e2d3c-0000-4000-8000-000000000001",
        session_id="0f1e2d3c-0000-4000-8000-000000000000", session_version=1,
        start_at=START, end_at=START + timedelta(hours=2),
        token=Token("04A1B2C3", "RFID", "DE-ABC", "DE-ABC-C00000001-X"),
        auth_method="WHITELIST", authorization_reference="", location=PLACE,
        evse=EVSE("CP-1-1", "NL*WTP*E1", 1, (CONNECTOR,)), connector=CONNECTOR,
        meter_id="METER-1", currency="EUR", tariffs=(TARIFF,),
        periods=(
            period(0, 40, "7333.333", Activity.CHARGING, max_power_kw=Decimal("11.04")),
            period(1, 40, "3672.167", Activity.CHARGING),
            period(2, 40, "0", Activity.PARKED),
        ),
        receipt=receipt,
        total_energy_kwh=Decimal("11.0055"), total_time_h=Decimal(2),
        total_parking_time_h=Decimal(40) / 60, signed_values=(), remark="", credit=False,
        credit_reference_id="", last_updated=START + timedelta(hours=3),
    )  # fmt: skip
    return replace(plain, **changes)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"credit": True, "credit_reference_id": "cdr-1", "id": "cdr-1-credit"},
        {"periods": ()},
        {"tariffs": ()},
        {"signed_values": ('OCMF|{"RD":[{"TX":"B"},{"TX":"E"}]}|{"SD":"00"}', "AAEC")},
        {"location": replace(PLACE, address="x" * 200, name="", postal_code="",
                             latitude="51.9174001234", longitude="-104.484900123")},
        {"token": Token("uid", "APP_USER", "DE-ABC", "")},
        {"auth_method": "COMMAND", "authorization_reference": "ref-1", "remark": "y" * 300},
        {"evse": EVSE("u", "", 1, (CONNECTOR,))},
        {"last_updated": START + timedelta(microseconds=123456)},
    ],
    ids=lambda changes: "-".join(changes) or "plain",
)  # fmt: skip
def test_whatever_is_written_satisfies_the_tables(version: str, changes: dict[str, Any]) -> None:
    written = cdr(**changes)
    assert check(version, "CDR", loads(dumps(write_cdr(version, written)))) == ()
    session = write_session(version, completed(written))
    assert check(version, "Session", loads(dumps(session))) == ()


def test_as_written_the_parts_are_the_total() -> None:
    wire = write_cdr("2.2.1", cdr())
    parts = [wire[f"total_{name}_cost"] for name in ("energy", "parking", "fixed")]
    assert wire["total_cost"] == {"excl_vat": Decimal("5.69"), "incl_vat": Decimal("6.88")}
    assert sum(part["excl_vat"] for part in parts) == Decimal("5.69")
    assert sum(part["incl_vat"] for part in parts) == Decimal("6.88")
    listed = write_cdr("2.3.0", cdr())["total_energy_cost"]
    assert [tax["percentage"] for tax in listed["taxes"]] == [VAT]
    assert write_cdr("2.1.1", cdr())["total_cost"] == Decimal("5.69")


def volumes(wire: dict[str, Any]) -> list[dict[str, Decimal]]:
    return [
        {dimension["type"]: dimension["volume"] for dimension in period["dimensions"]}
        for period in wire["charging_periods"]
    ]


def test_as_written_the_periods_are_the_totals() -> None:
    wire = write_cdr("2.2.1", cdr())
    assert volumes(wire) == [
        {"ENERGY": Decimal("7.3333"), "TIME": Decimal("0.6667"), "MAX_POWER": Decimal("11.04")},
        {"ENERGY": Decimal("3.6722"), "TIME": Decimal("0.6666")},
        {"PARKING_TIME": Decimal("0.6667")},
    ]
    assert (wire["total_energy"], wire["total_time"]) == (Decimal("11.0055"), 2)
    assert wire["total_parking_time"] == Decimal("0.6667")


def test_2_1_1_says_flat_and_no_power() -> None:
    assert volumes(write_cdr("2.1.1", cdr()))[0] == {
        "FLAT": 1, "ENERGY": Decimal("7.3333"), "TIME": Decimal("0.6667")
    }  # fmt: skip


def test_a_reservation_has_its_own_dimension() -> None:
    held = period(0, 40, "0", Activity.PARKED, reserved=True)
    assert volumes(write_cdr("2.2.1", cdr(periods=(held,))))[0] == {
        "RESERVATION_TIME": Decimal("0.6667")
    }
    only = {"TIME": Decimal(2)}
    assert volumes(write_cdr("2.1.1", cdr(periods=(held,), receipt=bare("1", None)))) == [only]


def bare(net: str, tax: str | None) -> Receipt:
    total = amount(net, tax)
    return Receipt("EUR", (), total, total, ((CostGroup.ENERGY, total),), (), ())


def test_a_credit_negates_its_total_cost_only() -> None:
    plain = write_cdr("2.2.1", cdr())
    credit = write_cdr("2.2.1", cdr(credit=True, credit_reference_id="c1", id="c2"))
    differing = {name for name in credit if credit[name] != plain.get(name)}
    assert differing == {"id", "credit", "credit_reference_id", "total_cost"}
    assert credit["total_cost"] == {"excl_vat": Decimal("-5.69"), "incl_vat": Decimal("-6.88")}
    assert "home_charging_compensation" not in plain
    assert "credit" not in plain
    older = write_cdr("2.1.1", cdr(credit=True, credit_reference_id="c1", id="c2"))
    assert (older["total_cost"], older["remark"]) == (Decimal("-5.69"), "Credit for CDR c1")


def test_no_tax_applies_is_not_zero_percent() -> None:
    none = cdr(receipt=bare("1.5", None))
    nothing = Amount(Decimal("1.5"), ((Decimal(0), Decimal(0)),))
    zero = cdr(receipt=replace(bare("1.5", "0"), total=nothing))
    assert write_cdr("2.2.1", none)["total_cost"] == {"excl_vat": Decimal("1.5")}
    assert write_cdr("2.2.1", zero)["total_cost"]["incl_vat"] == Decimal("1.5")
    assert write_cdr("2.3.0", none)["total_cost"] == {"before_taxes": Decimal("1.5")}
    assert write_cdr("2.3.0", zero)["total_cost"]["taxes"] == [
        {"name": "VAT", "percentage": 0, "amount": 0}
    ]


def test_signed_values_are_passed_on_byte_for_byte() -> None:
    texts = (
        'OCMF|{"FV":"1.0", "RD":[{"TX":"B","RV":1.0}]}|{"SD":"aa"}',
        'OCMF|{"RD":[{"TX":"C"}]}|{"SD":"bb"}',
        'OCMF|{"RD":[{"TX":"B"},{"TX":"E"}]}|{"SD":"cc"}',
        "OCMF|not json|{}",
        "hex:4f434d46",
        "OCMF|" + "x" * 5000 + "|{}",
    )
    signed = write_cdr("2.3.0", cdr(signed_values=texts))["signed_data"]
    assert signed["encoding_method"] == "OCMF"
    assert [value["nature"] for value in signed["signed_values"]] == [
        "Start", "Intermediate", "End", "Intermediate"
    ]  # fmt: skip
    assert [value["signed_data"] for value in signed["signed_values"]] == list(texts[:4])
    assert signed["signed_values"][0]["plain_data"] == '{"FV":"1.0", "RD":[{"TX":"B","RV":1.0}]}'
    assert "signed_data" not in write_cdr("2.3.0", cdr(signed_values=("hex:00",)))


MONEY = st.decimals(0, 500, places=2)


@st.composite
def said(draw: st.DrawFn, version: str) -> CDR:
    """A CDR that a version can say in full: what is not on its wire is empty."""
    kwh = draw(st.lists(st.decimals(0, 50, places=4), min_size=1, max_size=5))
    minutes = draw(
        st.lists(st.integers(1, 40).map(lambda n: n * 9), min_size=len(kwh), max_size=len(kwh))
    )
    start, made, parked = START, [], Decimal(0)
    for ordinal, (energy, span) in enumerate(zip(kwh, minutes, strict=True)):
        end = start + timedelta(minutes=span)
        idle = draw(st.booleans())
        parked += Decimal(span) / 60 if idle else 0
        activity = Activity.PARKED if idle else Activity.CHARGING
        tariff_id = "" if version == "2.1.1" else draw(st.sampled_from(["", "T1"]))
        made.append(
            ChargingPeriod(ordinal, start, end, activity, energy * 1000, tariff_id=tariff_id)
        )
        start = end
    rate = VAT if version == "2.3.0" else None
    net, tax = draw(MONEY), draw(MONEY)
    taxes = () if version == "2.1.1" or draw(st.booleans()) else ((rate, tax),)
    total = Amount(net, taxes)
    parts = () if version == "2.1.1" else ((CostGroup.ENERGY, total),)
    credit = draw(st.booleans()) and net > 0
    plain = cdr(
        session_version=0,
        end_at=start,
        periods=tuple(made),
        tariffs=(),
        total_energy_kwh=sum(kwh, Decimal(0)),
        total_time_h=Decimal(sum(minutes)) / 60,
        total_parking_time_h=parked,
        receipt=Receipt("EUR", (), total, total, parts, (), ()),
        credit=credit,
        credit_reference_id="c1" if credit else "",
        remark="Credit for CDR c1" if credit and version == "2.1.1" else "",
    )
    return _as_known(plain, version)


def _as_known(made: CDR, version: str) -> CDR:
    """Without what the version's wire does not carry."""
    if version == "2.1.1":
        connector = replace(CONNECTOR, max_power_kw=Decimal(0))
        return replace(
            made,
            country_code="",
            party_id="",
            session_id="",
            token=Token("", "", "", made.token.contract_id),
            location=replace(PLACE, country_code="", party_id=""),
            evse=EVSE("CP-1-1", "NL*WTP*E1", 0, (connector,)),
            connector=connector,
        )
    connector = replace(CONNECTOR, max_voltage=0, max_amperage=0, max_power_kw=Decimal(0))
    return replace(
        made,
        location=replace(PLACE, time_zone="", last_updated=START),
        evse=EVSE("CP-1-1", "NL*WTP*E1", 0, (connector,)),
        connector=connector,
    )


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_written_reads_back_the_same(version: str, data: st.DataObject) -> None:
    made = data.draw(said(version))
    wire = loads(dumps(write_cdr(version, made)))
    assert check(version, "CDR", wire) == ()
    read, notes = read_cdr(version, wire)
    assert notes == ()
    assert read == made


def test_a_partners_credit_that_negates_energy_too_is_set_upright() -> None:
    wire = write_cdr("2.2.1", cdr(credit=True, credit_reference_id="c1"))
    wire["total_energy"] = -wire["total_energy"]
    for period in wire["charging_periods"]:
        for dimension in period["dimensions"]:
            if dimension["type"] == "ENERGY":
                dimension["volume"] *= -1
    read, notes = read_cdr("2.2.1", wire)
    assert read.total_energy_kwh == Decimal("11.0055")
    assert read.periods[0].energy_wh == Decimal("7333.3")
    assert read.receipt.total.net == Decimal("5.69")
    assert {note.code for note in notes} == {"credit_energy_sign"}
    wire["total_cost"] = {"excl_vat": Decimal("5.69")}
    assert "credit_sign" in [note.code for note in read_cdr("2.2.1", wire)[1]]


@pytest.mark.parametrize(
    ("version", "other", "shape"),
    [("2.3.0", "2.2.1", "2.2.1"), ("2.2.1", "2.3.0", "2.3.0")],
)
def test_a_price_is_read_by_its_shape(version: str, other: str, shape: str) -> None:
    wire = write_cdr(version, cdr(tariffs=()))
    wire["total_cost"] = write_cdr(other, cdr())["total_cost"]
    read, notes = read_cdr(version, wire)
    assert read.receipt.total.gross == Decimal("6.88")
    assert ("price_shape", "/total_cost", f"a price in the shape of OCPI {shape}") in [
        (note.code, note.pointer, note.message) for note in notes
    ]


def test_a_cdr_without_address_or_token_owner_is_refused_with_paths() -> None:
    wire = write_cdr("2.2.1", cdr())
    for name in ("address", "city", "country", "coordinates"):
        del wire["cdr_location"][name]
    del wire["cdr_token"]["party_id"]
    with pytest.raises(MalformedObjectError) as caught:
        read_cdr("2.2.1", wire)
    assert {problem.pointer for problem in caught.value.problems} >= {
        "/cdr_location/address", "/cdr_location/city", "/cdr_location/country",
        "/cdr_token/party_id",
    }  # fmt: skip


def test_times_that_differ_from_their_span_are_noted() -> None:
    wire = write_cdr("2.2.1", cdr())
    wire["charging_periods"][0]["dimensions"][1]["volume"] = Decimal("0.8")
    wire["charging_periods"][1]["dimensions"].append({"type": "PARKING_TIME", "volume": 0})
    read, notes = read_cdr("2.2.1", wire)
    assert [(note.code, note.pointer) for note in notes] == [
        ("period_time_differs", "/charging_periods/0/dimensions"),
        ("mixed_period", "/charging_periods/1/dimensions"),
    ]
    assert read.periods[1].activity is Activity.CHARGING


@pytest.mark.parametrize("version", VERSIONS)
def test_sessions_read_back(version: str) -> None:
    read, notes = read_session(version, loads(dumps(write_session(version, completed(cdr())))))
    assert notes == ()
    assert (read.id, read.status) == (cdr().session_id, "COMPLETED")
    assert read.energy_kwh == Decimal("11.0055")
    assert read.total is not None
    assert read.total.net == Decimal("5.69")
    again = write_session(version, read)
    assert again == write_session(version, completed(cdr()))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_running_session_needs_no_end_and_no_cost(version: str) -> None:
    running = replace(completed(cdr()), end_at=None, total=None, status="ACTIVE", periods=())
    wire = write_session(version, running)
    assert check(version, "Session", wire) == ()
    read, _ = read_session(version, wire)
    assert (read.end_at, read.total, read.periods) == (None, None, ())


@pytest.mark.parametrize("version", VERSIONS)
def test_locations_read_back(version: str) -> None:
    offered = OfferedLocation(
        location=PLACE,
        evses=(OfferedEVSE(EVSE("CP-1-1", "NL*WTP*E1", 0, (CONNECTOR,)), "AVAILABLE", ("T1",)),),
        operator="Wattproof",
    )
    wire = loads(dumps(write_location(version, offered)))
    assert check(version, "Location", wire) == ()
    read, notes = read_location(version, wire)
    assert notes == ()
    if version == "2.1.1":
        weak = replace(CONNECTOR, max_power_kw=Decimal(0))
        evse = replace(offered.evses[0], evse=EVSE("CP-1-1", "NL*WTP*E1", 0, (weak,)))
        place = replace(PLACE, country_code="", party_id="")
        offered = replace(offered, location=place, evses=(evse,))
    assert read == offered


@pytest.mark.parametrize("version", VERSIONS)
def test_tokens_read_back(version: str) -> None:
    token = Token("04A1", "RFID", "DE-ABC", "DE-ABC-C1", valid=False, known_from=START)
    wire = write_token(version, token)
    assert check(version, "Token", wire) == ()
    assert read_token(version, wire) == (token, ())


def test_a_connector_that_2_1_1_cannot_name_is_not_renamed() -> None:
    new = replace(CONNECTOR, standard="MCS")
    wire = write_cdr("2.1.1", cdr(connector=new, evse=EVSE("u", "e", 1, (new,))))
    assert [note.code for note in check("2.1.1", "CDR", wire)] == ["unknown_value"]
    assert check("2.3.0", "CDR", write_cdr("2.3.0", cdr(connector=new))) == ()


def test_a_session_dimension_in_a_cdr_is_an_issue() -> None:
    wire = write_cdr("2.2.1", cdr())
    wire["charging_periods"][0]["dimensions"].append({"type": "STATE_OF_CHARGE", "volume": 80})
    assert [note.code for note in check("2.2.1", "CDR", wire)] == ["session_only"]
