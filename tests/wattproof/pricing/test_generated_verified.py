"""What we generate we verify without a difference, whatever the tariff and the charge."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.cdr import CDR
from billing.generate.generate import generate
from billing.generate.profile import Profile, Stretch
from billing.money import minor_unit
from billing.tariff import Tariff, TaxIncluded
from billing.verify.report import Group, Kind
from ingest.protocols.ocpi import check, dumps, read_cdr, write_cdr
from tests.billing.pricing.test_properties import open_tariffs, tariffs
from wattproof.pricing.verify import Terms, Verified, verify

ZONE = "Europe/Amsterdam"
powers = st.none() | st.decimals(1, 100, places=1)


@st.composite
def sayable(draw: Any, version: str) -> Tariff:
    """A tariff whose every word the version has: power on periods and prices with tax are newer."""
    own = draw(tariffs)
    if version != "2.3.0":
        own = replace(own, tax_included=TaxIncluded.NO)
    if version == "2.1.1" or draw(st.booleans()):
        return own
    elements = [
        replace(
            one,
            restrictions=replace(
                one.restrictions, min_power=draw(powers), max_current=draw(powers)
            ),
        )
        for one in own.elements
    ]
    return replace(own, elements=tuple(elements))


@st.composite
def profiles(draw: Any, grain: int = 1) -> Profile:
    """One to four stretches of `grain` seconds or a multiple, pauses included, then perhaps parked.

    Nine seconds are 0.0025 h: the wire's four decimals can say them.
    """
    start = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 2_600_000)))
    curve = draw(
        st.lists(
            st.builds(
                Stretch,
                st.integers(1, 9_000 // grain).map(lambda n: timedelta(seconds=n * grain)),
                st.decimals(0, 150, places=1),
            ),
            min_size=1,
            max_size=4,
        )
    )
    return Profile(start, tuple(curve), timedelta(seconds=draw(st.sampled_from([0, 63, 3_996]))))


def verified(tariff: Tariff, profile: Profile, version: str) -> Verified:
    cdr = generate(tariff, profile, ZONE)
    assert isinstance(cdr, CDR)
    wire = write_cdr(version, cdr)
    assert check(version, "CDR", wire) == ()
    back, notes = read_cdr(version, wire)
    assert (back.total_energy_kwh, notes) == (cdr.total_energy_kwh, ())
    return verify(dumps(wire), Terms(time_zone=ZONE, ocpi=version))


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
@settings(deadline=None, max_examples=30)
@given(st.data(), profiles())
def test_what_is_generated_is_right(version: str, data: st.DataObject, profile: Profile) -> None:
    found = verified(data.draw(sayable(version)), profile, version)
    assert [one for one in found.report.differences if one.cause not in FREE] == []
    total = [one for one in found.report.checks if one.group is Group.COST]
    assert {one.kind for one in total if one.field == "total_cost"} <= {
        Kind.EXACT,
        Kind.NOT_CHECKED,
    }


FREE = {"time_without_energy"}
"""True of a charge at 0 kW: it is told all the same."""


@settings(deadline=None, max_examples=25)
@given(open_tariffs, profiles(9), st.integers(1, 500))
def test_money_on_top_is_always_found(plain: Tariff, profile: Profile, units: int) -> None:
    """More than rounding can be, on the total alone: found, and exactly that is at stake."""
    tariff = replace(plain, tax_included=TaxIncluded.NO)
    cdr = generate(tariff, profile, ZONE)
    assert isinstance(cdr, CDR)
    wire = write_cdr("2.2.1", cdr)
    lines, unit = len(cdr.receipt.lines), minor_unit(tariff.currency)
    more = unit * (units + 2 * max(1, lines))
    total = {name: amount + more for name, amount in wire["total_cost"].items()}
    found = verify(wire | {"total_cost": total}, Terms(time_zone=ZONE)).report
    assert found.money_differs
    assert found.at_stake == more
    assert found.at_stake > Decimal(0)
