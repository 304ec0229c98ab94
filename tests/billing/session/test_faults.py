"""The field's faults, one by one: identities, meter values and energy (fault table A–F).

Numbers in the names are rows of the fault table. Each test tells the shortest story that carries
the fact, and says what is billed, from which rung, and which rule was broken.
"""

from decimal import Decimal
from typing import Any

import pytest

from billing.session import EnergySource
from billing.session_policy import SessionPolicy

BEGIN = "Transaction.Begin"
END = "Transaction.End"


def test_13_an_ended_id_goes_on(story: Any, rules: Any) -> None:
    session = story().start(0, 0).stop(30, 900).meter(35, 900).meter(37, 900).one()
    assert session.energy_wh == 900
    assert rules(session) == {"stale_tx"}
    assert not session.held


def test_13_an_ended_id_inside_the_next_session(story: Any, rules: Any) -> None:
    told = story().start(0, 0, tx="1").stop(30, 900, transaction="1")
    told.start(40, 900, tx="2").meter(50, 1500, transaction="1").stop(60, 2000, transaction="2")
    one, two = told.fold().sessions
    assert (one.energy_wh, two.energy_wh) == (900, 1100)
    assert "stale_tx" in rules(two)
    assert [register.wh for register in two.registers] == [0, 600, 1100]


def test_12_an_id_given_twice(story: Any, rules: Any) -> None:
    told = story().start(0, 0).stop(30, 900).start(60, 900).stop(90, 1500)
    one, two = told.fold().sessions
    assert one.id != two.id
    assert (one.energy_wh, two.energy_wh) == (900, 600)
    assert "tx_reissued" in rules(two)


def test_22_start_sent_at_the_end(story: Any, rules: Any) -> None:
    told = story().status(0, "Charging").status(60, "Finishing").start(61, 0).stop(62, 0)
    session = told.one()
    assert session.held
    assert "start_as_stop" in rules(session)


def test_22_a_replayed_start_is_none(story: Any, rules: Any) -> None:
    told = story().status(0, "Charging", 100).status(60, "Finishing", 101)
    told.start(-1, 0, 102).stop(61, 4000, 103)
    assert "start_as_stop" not in rules(told.one())


def test_38_begin_in_every_frame(story: Any, rules: Any) -> None:
    told = story().start(0, 111_000)
    for at in (10, 20):
        told.meter(at, 0, context=BEGIN).meter(at, 111_000 + at * 100, same=True)
    session = told.stop(30, 114_000).one()
    assert session.energy_wh == 3000
    assert "begin_repeated" in rules(session)
    assert [register.wh for register in session.registers] == [0, 1000, 2000, 3000]
    assert not session.held


@pytest.mark.parametrize("begin", [0, 18, 111])
def test_39_any_register_mode(story: Any, rules: Any, begin: int) -> None:
    session = story().start(0, begin).meter(10, begin + 700).stop(20, begin + 1500).one()
    assert session.energy_wh == 1500
    assert not rules(session)


def test_37_a_zero_begin_where_registers_run_on(story: Any, rules: Any) -> None:
    """Small registers: no power limit shows it, but the place's register is known to run on."""
    told = story()
    for index, meter in enumerate((1000, 2000, 3000, 0)):
        tx, at = str(index + 1), index * 60
        told.start(at, meter, tx=tx).meter(at + 5, (index + 1) * 1000 + 100, transaction=tx)
        told.stop(at + 30, (index + 2) * 1000, transaction=tx)
    *plain, last = told.fold().sessions
    assert [session.energy_wh for session in plain] == [1000, 1000, 1000]
    assert "begin_placeholder" in rules(last)
    assert (last.energy_wh, last.held) == (900, True)


def test_37_begin_zero_and_only_the_end(story: Any, rules: Any) -> None:
    session = story().start(0, 0).stop(30, 910_031).one()
    assert (session.energy_wh, session.energy_source) == (None, EnergySource.UNKNOWN)
    assert rules(session) >= {"begin_placeholder", "energy_unknown"}
    assert session.registers == ()


def test_40_leading_zeros(story: Any, rules: Any) -> None:
    told = story("ocpp2.0.1").start(0).meter(0, 0, same=True).meter(1, 0).meter(2, 2_191_457)
    session = told.stop(30).meter(30, 2_193_457, same=True).one()
    assert session.energy_wh == 2000
    assert "late_register" in rules(session)


@pytest.mark.parametrize(
    ("stop", "energy", "broken", "held"),
    [(999, 0, "meter_stop_short", False), (500, 3000, "meter_stop_lower", True)],
)
def test_41_meter_stop_below_start(
    *, story: Any, rules: Any, stop: int, energy: int, broken: str, held: bool
) -> None:
    told = story().start(0, 1000)
    if held:
        told.meter(10, 2500).meter(20, 4000)
    session = told.stop(30, stop).one()
    assert (session.energy_wh, session.held) == (energy, held)
    assert broken in rules(session)


def test_42_meter_stop_unknown(story: Any, rules: Any) -> None:
    session = story().start(0, 1000).meter(10, 2500).stop(30, -1).one()
    assert (session.energy_wh, session.energy_source) == (1500, EnergySource.REGISTER)
    assert rules(session) == {"meter_stop_unknown"}
    nothing = story().start(0, 1000).stop(30, -1).one()
    assert (nothing.energy_wh, nothing.held) == (None, True)


def test_43_meter_stop_equals_start(story: Any, rules: Any) -> None:
    session = story().start(0, 1000).meter(10, 1800).meter(20, 2600).stop(30, 1000).one()
    assert (session.energy_wh, session.energy_source) == (1600, EnergySource.REGISTER)
    assert session.held
    assert "meter_stop_frozen" in rules(session)


def test_44_meter_stop_beside_another_end(story: Any, rules: Any) -> None:
    told = story().start(0, 0).stop(30, 2310)
    session = told.meter(30, 2421, same=True, context=END, carrier="StopTransaction").one()
    assert (session.energy_wh, session.held) == (2310, True)
    assert "stop_sample_mismatch" in rules(session)


def test_46_the_last_sample_lies_before_the_stop(story: Any, rules: Any) -> None:
    session = story().start(0, 0).meter(29, 26).stop(30, 28).one()
    assert session.energy_wh == 28
    assert not rules(session)


def test_47_rounding_of_nothing(story: Any, rules: Any) -> None:
    session = story().start(0, 971).stop(30, 972).one()
    assert session.energy_wh == 1
    assert rules(session) == {"zero_energy"}


def test_48_kwh_labelled_wh(story: Any, rules: Any) -> None:
    told = story().start(0, 361)
    for index in range(1, 5):
        told.meter(index * 7, 361 + index).meter(index * 7, None, watt=9400, same=True)
    session = told.stop(30, 365).one()
    assert session.held
    assert "unit_factor" in rules(session)


def test_49_wh_labelled_kwh_in_the_samples(story: Any, rules: Any) -> None:
    told = story().start(0, 5000).meter(10, 5_500_000).meter(20, 6_000_000)
    session = told.stop(30, 6500).one()
    assert (session.energy_wh, session.held) == (1500, True)
    assert rules(session) == {"unit_factor"}


def test_51_milliwatthours_are_kept(story: Any) -> None:
    session = story().start(0, "0.005").stop(30, "300.05").one()
    assert session.energy_wh == Decimal("300.045")


def test_52_phases_are_summed_only_without_a_total(story: Any) -> None:
    told = story("ocpp2.0.1").start(0)
    for phase, wh in (("L1", 10), ("L2", 20), ("L3", 30)):
        told.meter(0, wh, same=True, phase=phase)
    told.stop(30)
    for phase, wh in (("L1", 110), ("L2", 220), ("L3", 330)):
        told.meter(30, wh, same=True, phase=phase)
    session = told.one()
    assert (session.energy_wh, session.energy_source) == (600, EnergySource.PHASE_SUM)
    total = told.meter(0, 60, 0, same=False).meter(30, 700, 30)
    both = total.one()
    assert (both.energy_wh, both.energy_source) == (640, EnergySource.REGISTER)


def test_53_one_phase_is_the_total(story: Any, rules: Any) -> None:
    told = story("ocpp2.0.1").start(0).meter(0, 10, same=True, phase="L1")
    session = told.stop(30).meter(30, 510, same=True, phase="L1").one()
    assert session.energy_wh == 500
    assert rules(session) == {"single_phase_register"}


def test_54_two_values_in_one_list(story: Any, rules: Any) -> None:
    told = story().start(0, 0).meter(10, 0).meter(10, 1244, same=True)
    session = told.stop(30, 3000).one()
    assert session.held
    assert "double_value" in rules(session)
    assert [register.wh for register in session.registers] == [0, 1244, 3000]


def test_55_connector_0_is_never_added(story: Any, rules: Any) -> None:
    told = story().start(0, 0).meter(10, 900).meter(10, 900, evse=0, connector=0)
    session = told.stop(30, 3000).one()
    assert session.energy_wh == 3000
    assert [register.wh for register in session.registers] == [0, 900, 3000]
    assert rules(session) == {"station_register"}


def test_56_readings_without_an_id(story: Any, rules: Any) -> None:
    told = story().start(0, 0).meter(10, 900, transaction="").stop(30, -1)
    session = told.one()
    assert (session.energy_wh, session.energy_source) == (900, EnergySource.REGISTER)


def test_56_the_main_register_beside_the_sessions_own(story: Any, rules: Any) -> None:
    told = story().start(0, 0).meter(10, 900).meter(15, 7_000_900, transaction="", evse=1)
    session = told.meter(20, 1800).stop(30, 2700).one()
    assert session.energy_wh == 2700
    assert [register.wh for register in session.registers] == [0, 900, 1800, 2700]
    assert not rules(session)


def test_58_a_batch_without_energy_is_no_zero(story: Any) -> None:
    told = story().start(0, 0).meter(10, 900)
    told.meter(20, None, measurand="SoC", value_text="40").stop(30, -1)
    assert told.one().energy_wh == 900


def test_59_no_register_at_all(story: Any, rules: Any) -> None:
    told = story("ocpp2.0.1").start(0).meter(10, None, watt=7000).stop(30)
    session = told.one()
    assert (session.energy_wh, session.energy_source) == (None, EnergySource.UNKNOWN)
    assert session.held
    assert "energy_unknown" in rules(session)
    assert [sample.watt for sample in session.power] == [7000]


def test_60_registers_beyond_32_bits(story: Any) -> None:
    session = story().start(0, 4_296_944_685).meter(10, 4_296_945_685).stop(30, 4_296_947_685).one()
    assert session.energy_wh == 3000


def test_60_a_jump(story: Any, rules: Any) -> None:
    policy = SessionPolicy(max_power_w=Decimal(22_000))
    told = story().start(0, 0).meter(60, 9000).meter(61, 49_000).stop(600, 60_000)
    session = told.one(policy)
    assert session.held
    assert "register_jump" in rules(session)


def test_62_buckets_out_of_order(story: Any) -> None:
    told = story().start(0, 0).meter(20, 2000, 25).meter(10, 1000, 25, same=True)
    session = told.stop(30, 3000).one()
    assert [register.wh for register in session.registers] == [0, 1000, 2000, 3000]


def test_66_frozen_at_high_power(story: Any, rules: Any) -> None:
    told = story().start(0, 500)
    for at in (5, 10, 15, 20):
        told.meter(at, 500).meter(at, None, watt=9400, same=True)
    session = told.stop(30, 500).one()
    assert session.held
    assert "register_frozen" in rules(session)


def test_a_register_that_falls_once(story: Any, rules: Any) -> None:
    told = story().start(0, 1000).meter(5, 1500).meter(10, 50).meter(15, 2000).stop(20, 2500)
    session = told.one()
    assert (session.energy_wh, session.held) == (1500, True)
    assert "register_drop" in rules(session)
    assert [register.wh for register in session.registers] == [0, 500, 1000, 1500]


def test_a_register_beyond_meter_stop(story: Any, rules: Any) -> None:
    session = story().start(0, 1000).meter(10, 2500).stop(20, 2000).one()
    assert (session.energy_wh, session.held) == (1000, True)
    assert "register_outside" in rules(session)


def test_28_energy_after_the_stop(story: Any, rules: Any) -> None:
    told = story().start(0, 0).stop(30, 52, 44).meter(45, 433, 46).meter(20, 45, 47)
    session = told.one()
    assert (session.energy_wh, session.held) == (52, True)
    assert "energy_after_stop" in rules(session)
    assert [register.wh for register in session.registers] == [0, 45, 52]


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
@pytest.mark.parametrize("heard", [35, 45])
def test_28_energy_after_the_stop_without_an_id(
    story: Any, rules: Any, protocol: str, heard: float
) -> None:
    """MeterValues of the place alone: all that 2.0.1 has outside a transaction."""
    told = story(protocol).start(0, 0).meter(0, 100, same=True).stop(30, None)
    told.meter(30, 900, same=True, context=END, carrier="TransactionEvent")
    told.meter(30.5, 902, transaction="").meter(31, 2400, heard=heard, transaction="")
    told.meter(32, 2500, heard=50, transaction="")
    *_, session = told.fold().sessions
    assert (session.energy_wh, session.held) == (900 - (0 if protocol == "ocpp1.6" else 100), True)
    assert [f.source.index for f in session.findings if f.rule == "energy_after_stop"] == [
        fact.source.index for fact in told.facts if getattr(fact, "wh", None) == 2400
    ]
    assert session.version == 1 + (heard > 40)


@pytest.mark.parametrize(
    "said",
    [
        {"wh": 902},
        {"wh": 2400, "at": 46},
        {"wh": 2400, "evse": 2},
        {"wh": 2400, "phase": "L1"},
        {"wh": 2400, "transaction": "another"},
    ],
)
def test_28_a_register_that_says_nothing_of_the_stop(
    story: Any, rules: Any, said: dict[str, Any]
) -> None:
    told = story().start(0, 0).stop(30, 900)
    told.meter(**{"at": 31, "transaction": "", **said})
    assert rules(told.one()) == set()


def test_28_what_came_before_a_second_session_is_not_of_the_first(story: Any) -> None:
    told = story().start(0, 0).stop(10, 500).start(12, 500, tx="2").stop(20, 900, transaction="2")
    told.meter(21, 900, transaction="")
    assert not any(session.held for session in told.fold().sessions)


def test_power_impossible_for_the_connector(story: Any, rules: Any) -> None:
    policy = SessionPolicy(connector_power_w={(1, 0): Decimal(11_000)})
    session = story().start(0, 0).stop(60, 20_000).one(policy)
    assert rules(session) == {"power_impossible"}
    assert not story().start(0, 0).stop(60, 11_500).one(policy).held
