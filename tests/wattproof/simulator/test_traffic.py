"""The seeded fleet, its month, and real sessions from a table."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.protocols import actions
from wattproof.refusals import RefusalError
from wattproof.simulator import csvsessions
from wattproof.simulator.charges import Step
from wattproof.simulator.curve import Vehicle, charge, fastest_even_power
from wattproof.simulator.faults import Fault
from wattproof.simulator.fleet import fleet
from wattproof.simulator.network import Network, provisioning
from wattproof.simulator.traffic import Traffic, traffic

FIRST = date(2026, 10, 1)


@pytest.fixture(scope="module")
def network() -> Network:
    return fleet(7)


@pytest.fixture(scope="module")
def month(network: Network) -> Traffic:
    return traffic(network, 7, first=FIRST, days=31, sessions=600)


def test_the_same_seed_gives_the_same_month(network: Network, month: Traffic) -> None:
    again = traffic(fleet(7), 7, first=FIRST, days=31, sessions=600)
    assert again == month
    assert traffic(network, 8, first=FIRST, days=31, sessions=600) != month


def test_the_fleet_is_varied(network: Network) -> None:
    assert {one.version for one in network.outlets} == {"1.6", "2.0.1"}
    assert len({one.time_zone for one in network.outlets}) >= 2
    assert {one.dc for one in network.outlets} == {True, False}
    assert sum(party.role == "EMSP" for party in network.parties) >= 3
    assert any(party.role == "DRIVER" for party in network.parties)
    assert len(network.tariffs) >= 3


def test_what_is_registered_is_understood(network: Network) -> None:
    said = provisioning(network, {})
    assert all(actions.read(actions.write(action)) for action in said)
    parties = [one for one in said if isinstance(one, actions.PartyAdd)]
    tokens = [one for one in said if isinstance(one, actions.TokenAdd)]
    assert {one.token.party for one in tokens} <= {one.party.code for one in parties}


def test_every_fault_is_injected_once_and_known(month: Traffic) -> None:
    assert [fault for fault, _, _ in month.injected] == list(Fault)
    by_id = {one.id: one for one in month.charges}
    assert all(by_id[charge].has(fault) for fault, _, charge in month.injected)
    numbers = [fault.value.number for fault in Fault]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_connector_holds_one_vehicle_at_a_time(month: Traffic) -> None:
    by_connector: dict[tuple[str, int], list[tuple[datetime, datetime]]] = {}
    for one in month.charges:
        span = one.start_at, one.end_at or one.start_at
        by_connector.setdefault((one.station, one.connector), []).append(span)
    for spans in by_connector.values():
        assert all(before[1] < after[0] for before, after in pairwise(sorted(spans)))


def test_registers_go_on_where_they_were(month: Traffic) -> None:
    by_connector: dict[tuple[str, int], list[tuple[datetime, int, int]]] = {}
    spoilt = {Fault.REGISTER_RESET, Fault.ENERGY_AFTER_STOP}
    keys = {(one.station, one.connector) for one in month.charges if one.faults & spoilt}
    for one in month.charges:
        key = one.station, one.connector
        if key not in keys:
            line = one.start_at, one.meter_start_wh, one.meter_start_wh + one.energy_wh
            by_connector.setdefault(key, []).append(line)
    assert len(by_connector) > 20
    for lines in by_connector.values():
        assert all(before[2] == after[1] for before, after in pairwise(sorted(lines)))


def test_samples_rise_within_the_charge(month: Traffic) -> None:
    for one in month.charges:
        readings = [(sample.at, sample.wh) for sample in one.samples]
        assert readings == sorted(readings)
        assert all(wh <= one.energy_wh for _, wh in readings)


def test_moments_are_in_order_and_silent_while_the_link_is_down(month: Traffic) -> None:
    told = [(one.told_at, one.station, one.at, one.rank, one.step) for one in month.moments]
    assert told == sorted(told)
    down: set[str] = set()
    for one in month.moments:
        if one.step is Step.DISCONNECT:
            down.add(one.station)
        elif one.step is Step.CONNECT:
            down.discard(one.station)
        else:
            assert one.station not in down


@given(
    st.integers(20_000, 120_000),
    st.integers(0, 990),
    st.integers(2_300, 300_000),
    st.booleans(),
    st.integers(0, 40_000),
)
def test_a_battery_only_fills(
    battery_wh: int, soc: int, outlet_w: int, dc: bool, limit_s: int
) -> None:
    vehicle = Vehicle(battery_wh, 11_000, 150_000)
    points = charge(vehicle, soc_permille=soc, outlet_w=outlet_w, dc=dc, limit_s=limit_s)
    assert points[0].wh == 0
    assert points[-1].offset_s <= limit_s
    assert all(before.wh <= after.wh for before, after in pairwise(points))
    assert points[-1].wh <= battery_wh - battery_wh * soc // 1000 + 1
    assert all(point.watt <= outlet_w for point in points if point.watt > 400)


def test_dc_power_falls_near_full() -> None:
    vehicle = Vehicle(60_000, 11_000, 120_000)
    points = charge(vehicle, soc_permille=100, outlet_w=150_000, dc=True, limit_s=36_000)
    assert max(point.watt for point in points) == 120_000
    assert points[-2].watt < 20_000
    assert points[-1].watt == 0


def test_power_for_a_measured_session() -> None:
    assert fastest_even_power(3_680, 3_600) == 3_680
    assert fastest_even_power(3_681, 3_600) == 7_360
    assert fastest_even_power(10, 0) == 150_000


ROWS = """dataset,session_id,station_id,connector_id,token,start_utc,end_utc,tz,energy_wh,quirks
d,1,G1-1,1,T1,2019-03-30T20:00:00Z,2019-03-31T08:00:00Z,Europe/Oslo,12000,crosses_dst
d,2,G1-2,1,T2,2019-04-01T10:00:00Z,,Europe/Oslo,7000,missing_end
d,3,G1-2,1,T3,2019-04-01T11:30:00Z,2019-04-01T12:30:00Z,Europe/Oslo,3000,
d,4,G1-1,1,T1,2019-04-02T10:00:00Z,2019-04-02T10:00:00Z,Europe/Oslo,10,
d,5,G1-1,1,T1,2019-04-02T10:00:00Z,2019-04-02T10:01:00Z,Europe/Oslo,10,duplicate
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "sessions.csv"
    path.write_text(ROWS)
    return path


def test_a_table_becomes_charges(table: Path) -> None:
    made = csvsessions.charges(csvsessions.read_rows(table))
    first, open_end, after, short, again = made
    assert (first.energy_wh, first.meter_start_wh) == (12_000, 0)
    assert first.samples[-1].wh == 12_000
    assert open_end.end_at is None
    assert (after.meter_start_wh, short.meter_start_wh) == (7_000, 12_000)
    assert (again.meter_start_wh, again.start_at) == (short.meter_start_wh, short.start_at)
    assert again.end_at == datetime(2019, 4, 2, 10, 1, tzinfo=UTC)


def test_a_session_without_end_falls_silent_at_the_next_start(table: Path) -> None:
    rows = csvsessions.read_rows(table)
    moments = csvsessions.csv_moments(csvsessions.charges(rows, sample_s=900))
    open_end = [one for one in moments if one.charge is not None and one.charge.id == "2"]
    assert max(one.at for one in open_end) < datetime(2019, 4, 1, 11, 30, tzinfo=UTC)
    assert {Step.STOP, Step.UNPLUG}.isdisjoint(one.step for one in open_end)
    assert len(open_end) >= 5


SAME_MINUTE = """session_id,station_id,token,start_utc,end_utc,tz,energy_wh
1,G,T1,2019-04-02T10:00:00Z,2019-04-02T10:00:00Z,Europe/Oslo,10
2,G,T1,2019-04-02T10:00:00Z,2019-04-02T10:09:00Z,Europe/Oslo,470
3,G,T2,2019-04-02T10:09:00Z,,Europe/Oslo,20
4,G,T3,2019-04-02T10:09:00Z,2019-04-02T11:00:00Z,Europe/Oslo,900
"""


def test_sessions_of_one_minute_are_told_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text(SAME_MINUTE)
    moments = csvsessions.csv_moments(csvsessions.charges(csvsessions.read_rows(path)))
    told = [(one.charge.id, one.step.name) for one in moments if one.charge is not None]
    steps = [(charge, step) for charge, step in told if step in {"PLUG", "STOP", "UNPLUG"}]
    assert steps == [
        ("1", "PLUG"),
        ("1", "STOP"),
        ("1", "UNPLUG"),
        ("2", "PLUG"),
        ("2", "STOP"),
        ("2", "UNPLUG"),
        ("3", "PLUG"),
        ("4", "PLUG"),
        ("4", "STOP"),
        ("4", "UNPLUG"),
    ]


def test_a_table_says_what_must_be_registered(table: Path) -> None:
    rows = csvsessions.read_rows(table)
    needed = csvsessions.network(rows, ocpp="both")
    assert [one.station.id for one in needed.outlets] == ["G1-1", "G1-2"]
    assert [driver.token.uid for driver in needed.drivers] == ["T1", "T2", "T3"]
    assert all(actions.read(actions.write(one)) for one in provisioning(needed, {}))
    only = csvsessions.network(rows, ocpp="2.0.1")
    assert {one.version for one in only.outlets} == {"2.0.1"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("station_id,token\n", "columns session_id"),
        (ROWS.replace(",12000,", ",much,"), "line 2"),
        (ROWS.replace("2019-03-31T08:00:00Z", "soon"), "line 2"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text(text)
    with pytest.raises(RefusalError, match=words):
        csvsessions.read_rows(path)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="can't be read"):
        csvsessions.read_rows(tmp_path / "nothing.csv")


REAL = Path(__file__).parents[3] / ".." / "shared" / "data" / "sessions_trondheim.csv"


@pytest.mark.skipif(not REAL.exists(), reason="the table of real sessions is not on this machine")
def test_real_sessions_are_told_whole() -> None:
    made = csvsessions.charges(csvsessions.read_rows(REAL))
    assert len(made) == 6878
    assert sum(one.energy_wh for one in made) == 87_493_280
    assert sum(one.end_at is None for one in made) == 34
    moments = csvsessions.csv_moments(made)
    stops = sum(one.step is Step.STOP for one in moments)
    assert stops == 6878 - 34
    assert moments[-1].told_at - moments[0].told_at > timedelta(days=400)
