"""What happens: who arrives when, how long they stay, what they take, and what goes wrong.

Seeded: the same seed gives the same charges, to the second and the watt-hour.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import accumulate, pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from wattproof.simulator.charges import (
    Charge,
    Ending,
    Moment,
    Outage,
    Sample,
    Step,
    charge_moments,
    outage_moments,
)
from wattproof.simulator.curve import STEP_S, Point, charge
from wattproof.simulator.faults import Fault
from wattproof.simulator.network import Driver, Network, Outlets

_WORKDAY = (1, 1, 1, 1, 1, 2, 5, 10, 12, 10, 7, 6, 6, 6, 5, 5, 7, 10, 11, 8, 5, 4, 3, 2)
_WEEKEND = (2, 1, 1, 1, 1, 1, 2, 3, 4, 6, 8, 10, 11, 11, 10, 9, 8, 7, 6, 5, 4, 3, 3, 2)
"""How arrivals spread over the hours of a local day."""
_DAYS = (10, 10, 11, 11, 12, 9, 7)
"""How arrivals spread over the days of a week, Monday first."""
_STAYS_MIN = ((35, 12), (75, 22), (140, 24), (260, 20), (500, 16), (780, 6))
"""How long a vehicle stays at an AC outlet: (minutes, weight)."""
_TURNAROUND = timedelta(minutes=4)


@dataclass(frozen=True, slots=True)
class Traffic:
    """All that a fleet does: its charges, its moments in order, and what was done wrong.

    `injected` holds (fault, station, charge id or ""), by number.
    """

    charges: tuple[Charge, ...]
    moments: tuple[Moment, ...]
    injected: tuple[tuple[Fault, str, str], ...]


def traffic(network: Network, seed: int, *, first: date, days: int, sessions: int) -> Traffic:
    """About `sessions` charges on `days` days from `first` on; every fault at least once.

    An arrival that finds no free outlet drives on, so that a crowded network has fewer.
    """
    rng = random.Random(f"traffic/{seed}")  # noqa: S311 - no secret, the same for the same seed
    arrivals = sorted(_arrivals(network, rng, first=first, days=days, sessions=sessions))
    accepted = {
        driver.token.uid
        for driver in network.drivers
        if driver.known and not driver.blocked and driver.token.valid_until is None
    }
    charges = [
        one if one.token in accepted else replace(one, energy_wh=0, samples=(), suspended_at=None)
        for one in _charges(network, arrivals, rng)
    ]
    versions = {one.station.id: one.version for one in network.outlets}
    charges, injected, outages = _misbehave(charges, versions, accepted, rng)
    charges = list(_metered(charges))
    moments = list(_moments(charges, outages, injected))
    until = datetime.combine(first + timedelta(days=days), time(12), ZoneInfo("UTC"))
    moments += _heartbeats(network, outages, first=first, until=until)
    return Traffic(tuple(charges), tuple(sorted(moments)), tuple(injected))


def _arrivals(
    network: Network, rng: random.Random, *, first: date, days: int, sessions: int
) -> Iterator[tuple[datetime, int, int]]:
    """(UTC time, index of the outlets, index of the driver)."""
    dates = [first + timedelta(days=offset) for offset in range(days)]
    by_day = list(accumulate(_DAYS[day.weekday()] for day in dates))
    busy = list(accumulate(4 if one.dc else 1 for one in network.outlets))
    for _ in range(sessions):
        day = rng.choices(dates, cum_weights=by_day)[0]
        place = rng.choices(range(len(busy)), cum_weights=busy)[0]
        hours = _WEEKEND if day.weekday() > 4 else _WORKDAY
        hour = rng.choices(range(24), hours)[0]
        zone = ZoneInfo(network.outlets[place].time_zone)
        local = datetime.combine(day, time(hour, rng.randrange(60), rng.randrange(60)), zone)
        yield local.astimezone(ZoneInfo("UTC")), place, rng.randrange(len(network.drivers))


def _charges(
    network: Network, arrivals: Iterable[tuple[datetime, int, int]], rng: random.Random
) -> Iterator[Charge]:
    free: dict[tuple[str, int], datetime] = {}
    busy: dict[int, datetime] = {}
    for number, (at, place, who) in enumerate(arrivals):
        outlets = network.outlets[place]
        station = outlets.station.id
        connector = next(
            (one for one in range(1, outlets.connectors + 1) if free.get((station, one), at) <= at),
            None,
        )
        if connector is None or busy.get(who, at) > at:
            continue
        made = _charge(outlets, connector, network.drivers[who], at, rng)
        made = replace(made, id=f"{number:06d}")
        assert made.end_at is not None
        free[station, connector] = made.end_at + _TURNAROUND
        busy[who] = made.end_at + _TURNAROUND
        yield made


def _charge(
    outlets: Outlets,
    connector: int,
    driver: Driver,
    at: datetime,
    rng: random.Random,
) -> Charge:
    if outlets.dc:
        soc, stay_s = rng.randrange(80, 450), rng.randrange(12, 50) * 60 + rng.randrange(60)
    else:
        minutes, weights = zip(*_STAYS_MIN, strict=True)
        usual = rng.choices(minutes, weights)[0] * 60
        soc, stay_s = rng.randrange(150, 850), usual * rng.randrange(70, 135) // 100
    points = charge(
        driver.vehicle, soc_permille=soc, outlet_w=outlets.power_w, dc=outlets.dc, limit_s=stay_s
    )
    last = points[-1]
    full = last.watt == 0 and last.offset_s < stay_s - 120
    return Charge(
        id="",
        station=outlets.station.id,
        connector=connector,
        token=driver.token.uid,
        start_at=at,
        end_at=at + timedelta(seconds=stay_s),
        meter_start_wh=0,
        energy_wh=last.wh,
        samples=tuple(_samples(points, at, stay_s, dc=outlets.dc)),
        suspended_at=at + timedelta(seconds=last.offset_s) if full else None,
        clock_aligned=not outlets.dc,
        ending=rng.choices((Ending.LOCAL, Ending.VEHICLE), (3, 1))[0],
        transaction=str(UUID(int=rng.getrandbits(128), version=4)),
    )


def _samples(points: list[Point], at: datetime, stay_s: int, *, dc: bool) -> Iterator[Sample]:
    """DC every five minutes; AC on the quarter hours of the clock, and hourly when idle."""
    first_s = 300 if dc else 900 - (at.minute % 15 * 60 + at.second)
    for offset in range(first_s, stay_s - 30, 300 if dc else 900):
        sample_at = at + timedelta(seconds=offset)
        wh, watt = _at(points, offset)
        if watt or sample_at.minute == 0:
            yield Sample(sample_at, wh, watt)


def _at(points: list[Point], offset_s: int) -> tuple[int, int]:
    """Energy in Wh and power in W between two points of a curve, or after its end."""
    place, rest_s = divmod(offset_s, STEP_S)
    if place + 1 >= len(points):
        return points[-1].wh, points[-1].watt
    before, after = points[place], points[place + 1]
    return before.wh + (after.wh - before.wh) * rest_s // STEP_S, before.watt


def _misbehave(
    charges: list[Charge], versions: dict[str, str], accepted: set[str], rng: random.Random
) -> tuple[list[Charge], list[tuple[Fault, str, str]], dict[str, list[Outage]]]:
    """Gives every fault to one charge of its own; a fault that finds none is left out."""
    free = [
        place
        for place, one in enumerate(charges)
        if one.token in accepted
        and one.energy_wh > 4_000
        and len(one.samples) >= 4
        and one.suspended_at is None
    ]
    rng.shuffle(free)
    injected: list[tuple[Fault, str, str]] = []
    outages: dict[str, list[Outage]] = {}
    changed = list(charges)
    for fault in Fault:
        place = next((p for p in free if _fits(fault, charges[p], versions, outages)), None)
        if place is None:
            continue
        free.remove(place)
        victim = changed[place]
        changed[place] = _spoil(victim, fault)
        injected.append((fault, victim.station, victim.id))
        if fault.cuts_the_link:
            outages[victim.station] = [_outage(victim, fault)]
    return changed, injected, outages


def _fits(
    fault: Fault, one: Charge, versions: dict[str, str], outages: dict[str, list[Outage]]
) -> bool:
    return versions[one.station] in fault.value.versions and one.station not in outages


def _spoil(one: Charge, fault: Fault) -> Charge:
    spoilt = replace(one, faults=frozenset({fault}))
    if fault is Fault.MISSING_STOP:
        return replace(spoilt, end_at=None)
    if fault is Fault.LOST_START:
        return replace(spoilt, samples=())
    return spoilt


def _outage(one: Charge, fault: Fault) -> Outage:
    assert one.end_at is not None
    back = one.end_at + timedelta(minutes=25)
    if fault is Fault.OFFLINE_STOP:
        return Outage(one.samples[1].at + timedelta(seconds=10), back)
    return Outage(one.start_at - timedelta(minutes=3), back)


def _metered(charges: Iterable[Charge]) -> Iterator[Charge]:
    """Each connector's register goes on where its last charge left it."""
    registers: dict[tuple[str, int], int] = {}
    for one in sorted(charges, key=lambda one: one.start_at):
        key = one.station, one.connector
        start = registers.get(key, _first_register(one))
        registers[key] = start + one.energy_wh
        if one.has(Fault.REGISTER_RESET):
            registers[key] = one.energy_wh - one.energy_wh // 2
        if one.has(Fault.ENERGY_AFTER_STOP):
            registers[key] += 1_500
        yield replace(one, meter_start_wh=start)


def _first_register(one: Charge) -> int:
    """What a connector had delivered before the simulation: some megawatt-hours."""
    seed = f"register/{one.station}/{one.connector}"
    return random.Random(seed).randrange(400_000, 9_000_000)  # noqa: S311 - no secret


def _moments(
    charges: Iterable[Charge],
    outages: dict[str, list[Outage]],
    injected: Iterable[tuple[Fault, str, str]],
) -> Iterator[Moment]:
    by_id = {one.id: one for one in charges}
    for one in by_id.values():
        yield from charge_moments(one, outages.get(one.station, ()))
    for station, cuts in outages.items():
        yield from outage_moments(station, cuts)
    for fault, station, victim in injected:
        at = by_id[victim].start_at + timedelta(minutes=6)
        if fault is Fault.NOT_JSON:
            yield Moment(at, station, at, 0, Step.GARBAGE)
        if fault is Fault.RECONNECT_STORM:
            yield Moment(at, station, at, 0, Step.STORM)


def _heartbeats(
    network: Network, outages: dict[str, list[Outage]], *, first: date, until: datetime
) -> Iterator[Moment]:
    """Two signs of life a day from every station whose link is up, and a last one at `until`."""
    begin = datetime.combine(first, time(0), ZoneInfo("UTC"))
    times = [begin]
    while times[-1] + timedelta(hours=12) < until:
        times.append(times[-1] + timedelta(hours=12))
    assert all(earlier < later for earlier, later in pairwise(times))
    for outlets in network.outlets:
        station = outlets.station.id
        cuts = outages.get(station, [])
        for at in (*times, until):
            if not any(cut.begin <= at < cut.end for cut in cuts):
                yield Moment(at, station, at, 0, Step.HEARTBEAT)
