"""How a battery fills: power over time, for AC and DC, in whole watts, watt-hours and seconds.

Knows constant power, the DC hump and the taper near full; knows no charger, tariff or clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass

STEP_S = 60
"""Resolution of the curve."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A battery and what its on-board charger (AC) and inlet (DC) can take."""

    battery_wh: int
    max_ac_w: int
    max_dc_w: int


@dataclass(frozen=True, slots=True)
class Point:
    """Energy since the start and momentary power, `offset_s` after the start."""

    offset_s: int
    wh: int
    watt: int


def charge(
    vehicle: Vehicle, *, soc_permille: int, outlet_w: int, dc: bool, limit_s: int
) -> list[Point]:
    """Minute by minute from `soc_permille` until full or `limit_s`; the last power is 0 if full.

    The first point is (0, 0 Wh); energy never falls.
    """
    return list(_points(vehicle, soc_permille, outlet_w, dc=dc, limit_s=limit_s))


def _points(
    vehicle: Vehicle, soc_permille: int, outlet_w: int, *, dc: bool, limit_s: int
) -> Iterator[Point]:
    stored_ws = vehicle.battery_wh * soc_permille * 36 // 10
    full_ws = vehicle.battery_wh * 3600
    start_ws = stored_ws
    offset_s = 0
    while True:
        soc = stored_ws * 1000 // full_ws
        watt = 0 if stored_ws >= full_ws else _power(vehicle, soc, outlet_w, dc=dc)
        yield Point(offset_s, (stored_ws - start_ws) // 3600, watt)
        step_s = min(STEP_S, limit_s - offset_s)
        if watt == 0 or step_s <= 0:
            return
        stored_ws = min(full_ws, stored_ws + watt * step_s)
        offset_s += step_s


def _power(vehicle: Vehicle, soc: int, outlet_w: int, *, dc: bool) -> int:
    """Power at a state of charge (permille): AC is flat to 97 %, DC falls from 55 % on."""
    if not dc:
        watt = min(vehicle.max_ac_w, outlet_w)
        return watt if soc < 970 else max(watt * (1030 - soc) // 60, 400)
    if soc < 80:
        share = 60
    elif soc < 550:
        share = 100
    elif soc < 800:
        share = 100 - (soc - 550) * 55 // 250
    else:
        share = max(45 - (soc - 800) * 38 // 200, 7)
    return min(vehicle.max_dc_w * share // 100, outlet_w)


def fastest_even_power(energy_wh: int, duration_s: int) -> int:
    """The smallest usual outlet power in W that delivers `energy_wh` within `duration_s`.

    Where none does (a measured session of no length), the biggest is the answer.
    """
    usual = (2_300, 3_680, 7_360, 11_040, 22_080, 50_000, 150_000)
    return next((watt for watt in usual if watt * duration_s >= energy_wh * 3600), usual[-1])
