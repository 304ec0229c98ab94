"""The field's faults, one by one: clocks, tokens and the flow of transactions (fault table A–F).

As in `test_faults`: the numbers in the names are rows of the fault table.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.events import StampQuality
from billing.session import Activity, SessionState, StampSource
from billing.session_policy import SessionPolicy

BEGIN = "Transaction.Begin"
END = "Transaction.End"


# Clocks


def test_67_a_clock_that_was_never_set(story: Any, rules: Any, minute: Any) -> None:
    years = 56 * 365 * 24 * 60
    told = story(quality=StampQuality.EPOCH).start(-years, 0, 0).stop(-years + 30, 900, 30)
    session = told.one()
    assert (session.start_at, session.end_at) == (minute(0), minute(30))
    assert session.start_source is session.end_source is StampSource.RECEIVED
    assert "epoch_stamp" in rules(session)


def test_67_a_burst_bounds_nothing(story: Any, rules: Any) -> None:
    years = 56 * 365 * 24 * 60
    told = story(quality=StampQuality.EPOCH).start(-years, 0, 0).stop(-years + 30, 900, 0.5)
    session = told.one()
    assert session.held
    assert "time_unbounded" in rules(session)


@pytest.mark.parametrize("shift", [120, -360])
def test_70_a_clock_that_is_off_by_hours(story: Any, rules: Any, minute: Any, shift: int) -> None:
    told = story().start(shift, 0, 0).meter(shift + 15, 500, 15).stop(shift + 30, 900, 30)
    session = told.one()
    assert (session.start_at, session.end_at) == (minute(0), minute(30))
    assert session.start_source is StampSource.CORRECTED
    assert [register.at for register in session.registers] == [minute(0), minute(15), minute(30)]
    assert rules(session) == {"clock_skew"}
    assert not session.held


def test_26_a_backlog_is_no_skew(story: Any, rules: Any, minute: Any) -> None:
    told = story().start(-100, 0, 0).meter(-85, 500, 0.1).stop(-70, 900, 0.2)
    session = told.one()
    assert (session.start_at, session.end_at) == (minute(-100), minute(-70))
    assert not rules(session)


def test_71_stop_before_start(story: Any, rules: Any, minute: Any) -> None:
    session = story().start(0, 0).stop(-11, 900, 30).one()
    assert (session.start_at, session.end_at) == (minute(0), minute(30))
    assert session.held
    assert "negative_duration" in rules(session)


def test_72_stop_in_the_future(story: Any, rules: Any) -> None:
    session = story().start(0, 0).stop(90, 900, 30).one()
    assert session.held
    assert "stamp_future" in rules(session)


def test_73_not_a_date(story: Any, rules: Any, minute: Any) -> None:
    session = story().start(0, 0).stop(None, 900, 30).one()
    assert session.end_at == minute(30)
    assert session.end_source is StampSource.RECEIVED
    assert "stamp_impossible" in rules(session)


# Tokens and flow


def test_89_nobody_presented_a_token(story: Any, rules: Any) -> None:
    session = story().start(0, 0, id_token="").stop(30, 900, id_token="").one()
    assert rules(session) == {"token_empty"}


def test_93_another_token_stops(story: Any, rules: Any) -> None:
    groups = SessionPolicy(token_groups={"A": "G", "B": "G"})
    told = story().start(0, 0).stop(30, 900, id_token="b")
    assert rules(told.one()) == {"stop_token_foreign"}
    assert rules(told.one(groups)) == set()


def test_16_an_id_restarts_after_a_reboot(story: Any) -> None:
    told = story("ocpp2.0.1").start(0, tx="1").meter(0, 10, same=True, transaction="1")
    told.stop(20, transaction="1").meter(20, 500, same=True, transaction="1")
    told.start(60, tx="1").meter(60, 500, same=True, transaction="1")
    told.stop(90, transaction="1").meter(90, 900, same=True, transaction="1")
    assert [session.energy_wh for session in told.fold().sessions] == [490, 400]


def test_30_the_end_names_no_evse(story: Any) -> None:
    told = story("ocpp2.0.1").start(0, evse=2).meter(0, 10, same=True, evse=2)
    session = told.stop(20, heard=60, offline=True).meter(20, 500, same=True, evse=None).one()
    assert (session.evse, session.energy_wh) == (2, 490)


def test_17_19_20_an_orphan_keeps_its_id(story: Any, minute: Any) -> None:
    told = story().stop(30, 900, transaction="57").start(0, 100, 100, tx="57")
    one, two = told.fold().sessions
    assert (one.state, two.state) == (SessionState.ORPHAN_STOP, SessionState.CLOSED)
    assert (one.id, one.version) == (two.id, two.version - 1)
    assert (two.energy_wh, two.start_at) == (800, minute(0))


def test_20_an_orphan_that_was_not_told_takes_the_starts_id(story: Any) -> None:
    late = story().stop(30, 900, transaction="57").start(0, 100, 35, tx="57").one()
    plain = story().start(0, 100, tx="57").stop(30, 900, transaction="57").one()
    assert late.id == plain.id


def test_21_a_stale_session_that_lives_again(story: Any) -> None:
    day = 24 * 60
    told = story().start(0, 0).meter(10, 500).meter(3 * day, 900).stop(3 * day + 10, 950)
    one, two = told.fold(hours=24 * 14).sessions
    assert (one.state, one.energy_wh, one.held) == (SessionState.STALE_OPEN, 500, True)
    assert (two.state, two.energy_wh, two.version) == (SessionState.CLOSED, 950, 2)
    assert one.id == two.id


def test_repeats_for_days_make_no_version(story: Any) -> None:
    told = story().start(0, 0).stop(30, 900)
    for index in range(20):
        told.stop(30, 900, 60 + index * 30)
    folded = told.fold()
    assert len(folded.sessions) == 1
    assert sum(finding.rule == "dup_stop" for finding in folded.findings) == 20


def test_two_connectors_one_card(story: Any, rules: Any) -> None:
    """A stop without id that fits both is put to the earlier one, and says so."""
    told = story().start(0, 0, tx="1").start(5, 0, tx="2", evse=2)
    told.stop(30, 900, transaction="-1").stop(40, 800, transaction="-1")
    one, two = told.fold().sessions
    assert (one.evse, one.energy_wh, two.evse, two.energy_wh) == (1, 900, 2, 800)
    assert one.held
    assert "ambiguous_stop" in rules(one)


# Activity


def test_states_of_2_0_1_come_first(story: Any, minute: Any) -> None:
    told = story("ocpp2.0.1").start(0, charging_state="EVConnected").meter(0, 0, same=True)
    told.update(5, charging_state="Charging").update(30, charging_state="SuspendedEVSE")
    told.update(40, charging_state="SuspendedEV").status(45, "Charging")
    session = told.stop(60).meter(60, 4000, same=True).one()
    assert [(change.at, change.activity) for change in session.activity] == [
        (minute(0), Activity.PARKED),
        (minute(5), Activity.CHARGING),
        (minute(40), Activity.PARKED),
    ]


def test_power_where_no_state_was_told(story: Any, minute: Any) -> None:
    told = story().start(0, 0)
    for at, watt in ((5, 7000), (10, 7000), (15, 20), (20, 0)):
        told.meter(at, None, watt=watt)
    session = told.stop(60, 1500).one()
    assert [(change.at, change.activity) for change in session.activity] == [
        (minute(0), Activity.CHARGING),
        (minute(15), Activity.PARKED),
    ]


def test_the_register_where_nothing_else_was_told(story: Any, minute: Any) -> None:
    told = story().start(0, 0).meter(10, 2000).meter(20, 4000).meter(40, 4000)
    session = told.stop(60, 4000).one()
    assert [(change.at, change.activity) for change in session.activity] == [
        (minute(0), Activity.CHARGING),
        (minute(20), Activity.PARKED),
    ]


def test_energy_while_parked_is_told(story: Any, rules: Any) -> None:
    told = story().start(0, 0).status(1, "Charging").status(10, "SuspendedEV")
    session = told.meter(20, 2000).meter(30, 4000).stop(40, 4000).one()
    assert "activity_conflict" in rules(session)
    assert not session.held


def test_a_late_status_makes_a_version(story: Any, minute: Any) -> None:
    told = story().start(0, 0).status(1, "Charging").stop(60, 4000)
    told.status(30, "SuspendedEV", 200)
    one, two = told.fold().sessions
    assert len(one.activity) == 1
    assert two.activity[1].at == minute(30)
    assert two.emitted_at == minute(200) + timedelta(minutes=10)


def test_45_energy_between_sessions(story: Any, rules: Any) -> None:
    told = story().start(0, 2_259_000, tx="1").stop(30, 2_259_988, transaction="1")
    told.start(60, "2259992.1", tx="2").stop(90, "2260000", transaction="2")
    one, two = told.fold().sessions
    assert (one.energy_wh, two.energy_wh) == (988, Decimal("7.9"))
    assert rules(two) == {"energy_between_sessions"}
    assert not two.held
