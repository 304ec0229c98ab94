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
    assert amperes(told.stop(60, 9000).one()) == [(10, 32), (20, 24)]


@pytest.mark.parametrize("apart", [1 / 600, 1 / 60, 2])
def test_phases_told_at_different_instants_are_summed(story: Any, apart: float) -> None:
    """Each holds until its next sample: 48 A while all three are at 16, then 42, 36 and 30 A."""
    told = story().start(0, 0)
    for at, ampere in ((10, "16"), (20, "10")):
        for number, phase in enumerate(("L1", "L2", "L3-N")):
            told.currents(at + number * apart, {phase: ampere})
    found = amperes(told.stop(60, 9000).one())
    assert [ampere for _, ampere in found] == [48, 48, 48, 42, 36, 30]
    assert [at for at, _ in found] == pytest.approx(
        [10, 10 + apart, 10 + 2 * apart, 20, 20 + apart, 20 + 2 * apart], abs=1e-6
    )


def test_powers_of_phases_told_at_different_instants_are_summed(story: Any) -> None:
    told = story().start(0, 0)
    for at, phase, watt in ((10, "L1", 3000), (11, "L2", 2000), (20, "L1", 0), (21, "", 2100)):
        told.meter(at, None, watt=watt, phase=phase)
    assert [one.watt for one in told.stop(60, 3000).one().power] == [5000, 5000, 2000, 2100]


def test_a_phase_told_outside_start_and_stop_is_not_known(story: Any) -> None:
    told = story().start(10, 0).currents(5, {"L3": "9"}).currents(20, {"L1": "16"})
    session = told.currents(30, {"L2": "16"}).stop(60, 9000).one()
    assert amperes(session) == [(10, 32), (20, 32)]


def test_a_phase_to_neutral_is_that_phase(story: Any) -> None:
    told = story().start(0, 0).currents(10, {"L1": "9", "L1-N": "16", "L2-N": "2"})
    assert amperes(told.stop(60, 9000).one()) == [(10, 18)]


def test_a_total_counts_before_its_phases(story: Any) -> None:
    """Where one is told; phases that are told alone are summed in the same session."""
    told = story().start(0, 0).currents(10, PHASES | {"": "31"}).currents(20, PHASES)
    assert amperes(told.stop(60, 9000).one()) == [(10, 31), (20, Decimal("31.625"))]


@pytest.mark.parametrize("field", ["ampere", "watt"])
def test_the_outlet_counts_where_several_places_are_measured(story: Any, field: str) -> None:
    """An inlet may feed other outlets, too: what it tells at other instants is not mixed in."""
    told = story().start(0, 0)
    for at in (10, 20, 30):
        told.meter(at, None, location="Outlet", **{field: Decimal(600 + at)})
    for at in (10, 12, 14, 22, 24):
        told.meter(at, None, location="Inlet", **{field: Decimal(900)})
    session = told.stop(60, 6000).one()
    found = session.power if field == "watt" else session.current
    assert [getattr(one, field) for one in found] == [610, 620, 630]


@pytest.mark.parametrize("alone", [(0,), (60,), (0, 60)])
def test_a_begin_and_an_end_without_a_place_do_not_silence_the_others(
    story: Any, alone: tuple[int, ...]
) -> None:
    """What names no place is of the outlet; a lone 0 at start or stop is no more than that."""
    told = story().start(0, 0)
    for minute in (0, 20, 40, 60):
        if minute in alone:
            told.meter(minute, None, watt=0)
        if minute in {20, 40} or (len(alone) > 1 and minute == 60):
            told.meter(minute, None, watt=11_000, location="Inlet")
    found = [one.watt for one in told.stop(60, 11_000).one().power]
    assert found == [11_000] * (2 if len(alone) == 1 else 3)


def test_where_others_draw_from_too_counts_only_alone(story: Any) -> None:
    told = story().start(0, 0).currents(10, {"": "200"}, location="Upstream")
    assert amperes(told.stop(60, 9000).one()) == [(10, 200)]
    told = story().start(0, 0).currents(10, {"": "200"}, location="Upstream")
    assert amperes(told.currents(20, {"": "16"}).stop(60, 9000).one()) == [(20, 16)]


@pytest.mark.parametrize(
    ("watt", "phase", "kept"),
    [
        # 11 kW: 95.65 A at 115 V, half of 230 V
        (11_000, "31.8", True), (11_000, "31.9", False), (11_000, "-31.9", False),
        (22_080, "64", True), (22_080, "64.001", False),
    ],
)  # fmt: skip
def test_currents_that_the_connector_cannot_carry(
    story: Any, rules: Any, watt: int, phase: str, *, kept: bool
) -> None:
    """All of the session are dropped: milliamperes of a parked vehicle look like amperes."""
    told = story().start(0, 0).currents(10, {"": "6"})
    told.currents(20, dict.fromkeys(("L1", "L2", "L3"), phase)).stop(60, 9000)
    session = told.one(SessionPolicy(connector_power_w={(1, 1): Decimal(watt)}))
    assert amperes(session) == ([(10, 6), (20, 3 * Decimal(phase))] if kept else [])
    assert rules(session) == (set() if kept else {"value_out_of_range"})
    assert not session.held


@pytest.mark.parametrize("tx", ["100", "", "0"])
def test_a_current_that_was_not_read_puts_the_others_in_doubt(
    story: Any, rules: Any, tx: str
) -> None:
    """16000 of a phase, and 0 at the stop: the 0 alone would hold for the whole session."""
    flags = (("value_out_of_range", "value: 16000 is no current of a connector"),)
    told = story().start(0, 0)
    told.meter(
        10, None, measurand="Current.Import", phase="L1", flags=flags, transaction=tx, value=None
    )
    session = told.currents(60, {"": "0"}).stop(60, 9000).one()
    assert session.current == ()
    assert "value_out_of_range" in rules(session)


def test_what_was_not_read_at_a_farther_place_puts_nothing_in_doubt(story: Any) -> None:
    flags = (("value_out_of_range", "value: 4000 is no current of a connector"),)
    told = story().start(0, 0).currents(10, {"": "16"})
    told.meter(10, None, measurand="Current.Import", location="Upstream", flags=flags)
    assert amperes(told.stop(60, 9000).one()) == [(10, 16)]


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
