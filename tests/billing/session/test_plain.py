"""Sessions of chargers that do as they should."""

from decimal import Decimal
from typing import Any

from billing.session import Activity, EnergySource, SessionState, StampSource


def test_a_plain_session(story: Any, rules: Any, minute: Any) -> None:
    session = story().start(0, 1000).meter(15, 3000).meter(30, 5000).stop(60, 9000).one()
    assert session.state is SessionState.CLOSED
    assert (session.start_at, session.end_at) == (minute(0), minute(60))
    assert session.start_source is session.end_source is StampSource.CHARGER
    assert session.energy_wh == 8000
    assert session.energy_source is EnergySource.METER_STOP
    assert [(r.at, r.wh) for r in session.registers] == [
        (minute(0), 0),
        (minute(15), 2000),
        (minute(30), 4000),
        (minute(60), 8000),
    ]
    assert rules(session) == set()
    assert not session.held
    assert (session.version, session.transaction, session.id_token) == (1, "100", "A")
    assert (session.closed_at, session.emitted_at) == (minute(60), minute(70))
    assert [str(source) for source in session.sources] == [
        "ingest-1:0",
        "ingest-1:2",
        "ingest-1:3",
        "ingest-1:4",
    ]
    assert [change.activity for change in session.activity] == [Activity.CHARGING]
    assert session.meter_start_wh == Decimal(1000)
    assert [candidate.rung for candidate in session.candidates] == [
        EnergySource.METER_STOP,
        EnergySource.REGISTER,
    ]


def test_a_plain_transaction_of_2_0_1(story: Any, rules: Any, minute: Any) -> None:
    told = story("ocpp2.0.1").start(0, message_id="a").meter(0, 500, same=True)
    told.update(20, charging_state="Charging").meter(20, 2500, same=True)
    told.stop(40, charging_state="EVConnected").meter(40, 4500, same=True)
    session = told.one()
    assert session.energy_wh == 4000
    assert session.energy_source is EnergySource.METER_STOP
    assert (session.meter_start_wh, session.meter_stop_wh) == (500, 4500)
    assert [(r.at, r.wh) for r in session.registers] == [
        (minute(0), 0),
        (minute(20), 2000),
        (minute(40), 4000),
    ]
    assert rules(session) == set()
    assert (session.evse, session.connector, session.protocol) == (1, 1, "ocpp2.0.1")


def test_nothing_is_emitted_before_it_settled(story: Any) -> None:
    told = story().start(0, 0).stop(60, 9000)
    assert told.fold(hours=69.9 / 60).sessions == ()
    assert len(told.fold(hours=70 / 60).sessions) == 1


def test_two_sessions_after_each_other(story: Any) -> None:
    told = story().start(0, 0, tx="1").stop(10, 100, transaction="1")
    told.start(20, 100, tx="2").stop(30, 250, transaction="2")
    sessions = told.fold().sessions
    assert [session.energy_wh for session in sessions] == [100, 150]
    assert len({session.id for session in sessions}) == 2
