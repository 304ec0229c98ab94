"""The current of a session: what its charger said of it, phases summed, instant by instant."""

from decimal import Decimal
from typing import Any

import pytest

from billing.session import Session
from billing.session_policy import SessionPolicy

PHASES = {"L1": "16", "L2": "15.5", "L3": "0.125"}


def amperes(session: Session) -> list[tuple[float, Decimal]]:
    """(minutes since the start, A)."""
    start = session.start_at
    return [((one.at - start).total_seconds() / 60, one.ampere) for one in session.current]


def test_phases_are_summed(story: Any) -> None:
    told = story().start(0, 0).currents(10, PHASES).currents(20, {"L1": "6", "L2": "6", "L3": "6"})
    assert amperes(told.stop(60, 9000).one()) == [(10, Decimal("31.625")), (20, 18)]


def test_only_some_phases_ever_report(story: Any) -> None:
    told = story().start(0, 0).currents(10, {"L1": "16", "L2": "16"}).currents(20, {"L2": "8"})
    assert amperes(told.stop(60, 9000).one()) == [(10, 32), (20, 8)]


def test_a_phase_to_neutral_is_that_phase(story: Any) -> None:
    told = story().start(0, 0).currents(10, {"L1": "9", "L1-N": "16", "L2-N": "2"})
    assert amperes(told.stop(60, 9000).one()) == [(10, 18)]


def test_a_total_counts_before_its_phases(story: Any) -> None:
    """Where one is told; phases that are told alone are summed in the same session."""
    told = story().start(0, 0).currents(10, PHASES | {"": "31"}).currents(20, PHASES)
    assert amperes(told.stop(60, 9000).one()) == [(10, 31), (20, Decimal("31.625"))]


@pytest.mark.parametrize("field", ["ampere", "watt"])
def test_the_outlet_counts_where_several_places_are_measured(story: Any, field: str) -> None:
    told = story().start(0, 0)
    for at, place, value in (
        (10, "Outlet", 7000), (10, "Inlet", 400), (15, "EV", 1), (20, "Outlet", 6000),
    ):  # fmt: skip
        told.meter(at, None, location=place, **{field: Decimal(value)})
    session = told.stop(60, 6000).one()
    found = session.power if field == "watt" else session.current
    assert [getattr(one, field) for one in found] == [7000, 6000]


def test_without_the_outlet_the_place_nearest_to_it_counts(story: Any) -> None:
    told = story().start(0, 0).currents(10, {"": "9"}, location="EV")
    told.currents(10, {"": "10"}, location="Inlet").currents(20, {"": "11"}, location="Inlet")
    assert amperes(told.stop(60, 9000).one()) == [(10, 10), (20, 11)]


def test_what_lies_outside_or_comes_twice(story: Any) -> None:
    """As power: within start and stop, of one instant what came last, a negative value as sent."""
    told = story().start(10, 0).currents(5, {"": "1"}).currents(20, {"": "2"})
    told.currents(20, {"": "3"}, heard=21).currents(30, {"": "-0.5"}).stop(60, 9000)
    session = told.currents(61, {"": "4"}, heard=62).one()
    assert [one.ampere for one in session.current] == [3, Decimal("-0.5")]


def test_none_is_reckoned_from_power(story: Any) -> None:
    session = story().start(0, 0).meter(10, None, watt=11_000).stop(60, 9000).one()
    assert session.power
    assert session.current == ()


def test_a_late_current_makes_a_version(story: Any) -> None:
    """What a tariff may look at is what a session says: as late power does."""
    told = story().start(0, 0).currents(10, {"": "16"}).stop(60, 9000)
    told.currents(30, {"": "8"}, heard=200)
    first, second = told.fold(SessionPolicy()).sessions
    assert (first.version, second.version) == (1, 2)
    assert [one.ampere for one in second.current] == [16, 8]
    again = story().start(0, 0).currents(10, {"": "16"}).stop(60, 9000)
    again.currents(10, {"": "16"}, heard=200)
    assert len(again.fold(SessionPolicy()).sessions) == 1
