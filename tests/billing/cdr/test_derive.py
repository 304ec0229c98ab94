"""A session becomes a CDR or says why not; a correction is a credit and a new CDR."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.cdr import CDR, Rejection, cdr_id, credit, derive, supersede, total_time_h
from billing.finding import Finding, Severity
from billing.money import EXACT
from billing.policy import PricingPolicy
from billing.record import dumps, loads
from billing.tariff import (
    Dimension,
    PriceComponent,
    PriceLimit,
    ReservationRestriction,
    Restrictions,
    TariffElement,
    TaxIncluded,
)
from tests.billing.cdr.samples import SITE, SOURCE, context, session
from tests.billing.pricing.samples import at, periods, tariff, tariff_of

HOLD = Finding(SOURCE, "energy_impossible", Severity.HOLD, "too much")


def made(session_changes: dict[str, Any] | None = None, **context_changes: Any) -> CDR:
    found = derive(session(**(session_changes or {})), context(**context_changes))
    assert isinstance(found, CDR), found
    return found


def test_a_cdr_holds_the_session_as_it_stood() -> None:
    cdr = made({"parked_from": "2026-10-05T13:30"}, tariff_name="start_energy_parking")
    assert (cdr.start_at, cdr.end_at) == (at("2026-10-05T12:00"), at("2026-10-05T14:00"))
    assert (cdr.total_energy_kwh, cdr.total_time_h, cdr.total_parking_time_h) == (
        20,
        2,
        Decimal("0.5"),
    )
    assert cdr.total_cost.net == Decimal("6.50")
    assert len(cdr.id) == 36
    assert cdr.last_updated == at("2026-10-05T14:10")
    assert [one.tariff_id for one in cdr.periods] == [cdr.tariffs[0].id] * 2


def test_a_cdr_reads_back_from_its_record() -> None:
    cdr = made(tariff_name="complex")
    assert loads(CDR, dumps(cdr)) == cdr


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("session_held", {"held": True, "findings": (HOLD,)}, {}, "energy_impossible"),
    ("time_impossible", {"end_at": at("2026-10-05T11:00")}, {}, "before it starts"),
    ("energy_unknown", {"energy": None}, {}, "how much energy"),
    ("token_unknown", {"id_token": ""}, {}, "no token"),
    ("token_unknown", {}, {"token": None}, "04A1"),
    ("party_unknown", {}, {"buyer": None}, "DE-ABC"),
    ("location_unknown", {}, {"location": None}, "CP1"),
    ("connector_unknown", {}, {"connector": None}, "connector 1"),
    ("connector_unknown", {}, {"evse": None}, "EVSE 1"),
    ("zone_unknown", {}, {"location": replace(SITE, time_zone="")}, "time zone"),
    ("zone_unknown", {}, {"location": replace(SITE, time_zone="Mars/Base")}, "Mars/Base"),
    ("tariff_missing", {}, {"tariff": None}, "no tariff"),
    ("tariff_missing", {}, {"tariff": replace(tariff("energy"), currency="XXX")}, "XXX"),
    ("tariff_missing", {}, {"tariff": replace(tariff("energy"), elements=())}, "no elements"),
]


@pytest.mark.parametrize(
    ("rule", "changed", "missing", "words"),
    REFUSED,
    ids=[f"{row[0]}-{number}" for number, row in enumerate(REFUSED)],
)
def test_nothing_vanishes(
    rule: str, changed: dict[str, Any], missing: dict[str, Any], words: str
) -> None:
    one = session(**changed)
    found = derive(one, context(**missing))
    assert isinstance(found, Rejection)
    assert (found.session_id, found.version, found.rule) == (one.id, 1, rule)
    assert words in found.message


def test_the_zone_of_the_site_serves_where_the_location_names_none() -> None:
    assert made(location=replace(SITE, time_zone=""), zone="Europe/Oslo").currency == "EUR"


def test_which_zone_counts_is_a_policy() -> None:
    evening = tariff_of([["ENERGY 1", {"start_time": "13:00"}], ["ENERGY 2"]])
    known = context(tariff=evening, zone="Europe/Moscow")
    start = session("2026-10-05T12:00", "2026-10-05T12:30", energy="1000")
    nets = []
    for answer in ("location_then_site", "site_then_location"):
        found = derive(start, known, PricingPolicy(zone_source=answer))
        assert isinstance(found, CDR)
        nets.append(found.total_cost.net)
    assert nets == [2, 1]


def test_energy_without_a_price_is_free_or_holds_the_cdr() -> None:
    day = tariff_of([["ENERGY 1", {"end_time": "13:00"}]])
    night = tariff_of([["ENERGY 1", {"start_time": "22:00", "end_time": "06:00"}]])
    for known in (context(tariff=day), context(tariff=night)):
        found = derive(session(), known)
        assert isinstance(found, CDR)
        assert "no_price_component" in {note.code for note in found.receipt.notes}
        held = derive(session(), known, PricingPolicy(unpriced_dimension="held"))
        assert isinstance(held, Rejection)
        assert held.rule == "energy_unpriced"
    by_time = context(tariff=tariff_of([["TIME 1"]]))
    assert isinstance(derive(session(), by_time, PricingPolicy(unpriced_dimension="held")), CDR)


def test_total_time_from_stamps_or_from_periods() -> None:
    start, end = at("2026-10-05T12:00"), at("2026-10-05T14:00")
    found = periods(("2026-10-05T12:15", "charging"), end="2026-10-05T13:45")
    assert total_time_h(found, start, end) == 2
    by_periods = PricingPolicy(total_time_source="periods")
    assert total_time_h(found, start, end, by_periods) == Decimal("1.5")


def test_a_tariff_out_of_this_world_is_a_rejection_and_stops_no_run() -> None:
    endless = tariff_of({"elements": [["ENERGY 0.45 vat -100"]], "tax_included": "YES"})
    found = derive(session(), context(tariff=endless))
    assert isinstance(found, Rejection)
    assert (found.rule, "cannot include -100 %" in found.message) == ("not_priceable", True)


wild = st.decimals(allow_nan=False, allow_infinity=False)
whole = st.integers(-(10**20), 10**20)


@settings(deadline=None)
@given(
    st.builds(PriceComponent, st.sampled_from(Dimension), wild, whole, st.none() | wild),
    st.builds(
        Restrictions,
        min_kwh=st.none() | wild,
        max_power=st.none() | wild,
        min_duration=st.none() | st.integers(0, 10**20),
        start_date=st.none() | st.dates(),
        start_time=st.none() | st.times(),
        end_time=st.none() | st.times(),
        reservation=st.none() | st.sampled_from(ReservationRestriction),
    ),
    st.sampled_from(TaxIncluded),
    st.none() | st.builds(PriceLimit, wild, st.none() | wild),
)
def test_no_tariff_breaks_a_run(
    rule: PriceComponent, limits: Restrictions, taxes: TaxIncluded, cap: PriceLimit | None
) -> None:
    own = replace(
        tariff("energy"),
        elements=(TariffElement((rule,), limits), *tariff("start_energy_parking").elements),
        tax_included=taxes,
        max_price=cap,
    )
    found = derive(session(parked_from="2026-10-05T13:07"), context(tariff=own))
    if isinstance(found, CDR):
        assert sum(one.energy_wh for one in found.periods) == 20_000
        with localcontext(EXACT):
            assert sum(line.net for line in found.receipt.lines) == found.receipt.exact_total.net
    else:
        assert found.rule == "not_priceable"


def test_a_credit_takes_the_whole_cdr_back() -> None:
    cdr, now = made(), datetime(2026, 11, 1, tzinfo=UTC)
    taken = credit(cdr, now)
    assert taken.id != cdr.id
    assert len(taken.id) == 36
    assert (taken.credit, taken.sign, taken.credit_reference_id) == (True, -1, cdr.id)
    assert taken.total_cost.net == -cdr.total_cost.net
    assert taken.total_cost.gross == -cdr.total_cost.gross
    assert taken.exact_cost.gross == -cdr.exact_cost.gross
    assert taken.last_updated == now
    same = {"id", "credit", "credit_reference_id", "last_updated"}
    assert replace(taken, **{name: getattr(cdr, name) for name in same}) == cdr


def test_a_new_version_with_another_bill_brings_a_credit_and_a_new_cdr() -> None:
    first = made()
    later = {"version": 2, "emitted_at": first.last_updated + timedelta(days=1)}
    second = made({**later, "energy": "21000"})
    taken, new = supersede(first, second)
    assert (taken.credit_reference_id, new) == (first.id, second)
    assert taken.last_updated == second.last_updated
    assert second.id != first.id
    assert taken.total_cost.net + first.total_cost.net == 0


def test_a_new_version_with_the_same_bill_brings_nothing() -> None:
    assert supersede(made(), made({"version": 2, "stop_reason": "Remote"})) == ()


def test_a_first_bill_stands_alone_and_a_rejection_takes_nothing_back() -> None:
    first = made()
    assert supersede(None, first) == (first,)
    assert supersede(first, Rejection(first.session_id, 2, "session_held", "held")) == ()


def test_ids_depend_on_session_and_version_alone() -> None:
    assert made().id == made(tariff_name="night").id
    assert made().id != made({"version": 2}).id
    assert credit(made(), at("2026-11-01T00:00")).id == credit(made(), at("2027-01-01T00:00")).id


@given(st.text(), st.integers(1, 99))
def test_an_id_is_a_uuid_of_version_5(name: str, version: int) -> None:
    found = UUID(cdr_id(name, version))
    assert found == uuid5(UUID("8a1f8a52-8fd0-5c2b-9b8e-5b6a0f3f6c11"), f"{name}:{version}")
    assert str(found) == cdr_id(name, version)


def test_a_tariff_without_a_price_for_energy_holds_no_energy_back() -> None:
    by_day = context(tariff=tariff_of([["TIME 1", {"end_time": "13:00"}]]))
    assert isinstance(derive(session(), by_day, PricingPolicy(unpriced_dimension="held")), CDR)
