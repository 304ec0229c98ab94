"""What typical stops cost under a tariff: in each of its windows, at each power, parked or not.

For publishing prices, and for reading a tariff before it is published: what no stop of the table
was charged is listed too. Every row is a whole CDR's receipt, not a formula.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

from billing.cdr import CDR, Rejection
from billing.generate.generate import AC_VOLT, generate, in_power
from billing.generate.powers import Power, on_all_sides, plain
from billing.generate.profile import Profile, steady
from billing.generate.windows import Window, windows
from billing.money import EXACT, round_to
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.receipt import CostGroup
from billing.schedule import prepare
from billing.tariff import Dimension, Tariff

POWERS: tuple[Power, ...] = (
    ("AC 11 kW", Decimal(11)),
    ("DC 50 kW", Decimal(50)),
    ("DC 150 kW", Decimal(150)),
)
ENERGIES_KWH = (Decimal(10), Decimal(20), Decimal(40), Decimal(60))
ANY_POWER = "any power"
_PARKED = timedelta(hours=1)
_PER_KWH = Decimal("0.0001")
_LONGEST = timedelta(hours=24)


class StopError(ValueError):
    """The tariff makes no CDR of a stop; the words say why."""


@dataclass(frozen=True, slots=True)
class Stops:
    """Which stops are priced."""

    powers: tuple[Power, ...] = POWERS
    energies_kwh: tuple[Decimal, ...] = ENERGIES_KWH
    parked: timedelta = timedelta()
    """After every charge; with none, stops with an hour are added where parking costs."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One row: a stop and what it costs, rounded as an invoice would. `start_at` is UTC.

    `per_kwh` is all of it after tax, fees included, by kWh. `prices` are the (element, component)
    that were charged.
    """

    window: str
    start_at: datetime
    power: str
    power_kw: Decimal
    energy_kwh: Decimal
    duration: timedelta
    parked: timedelta
    net: Decimal
    tax: Decimal
    gross: Decimal
    per_kwh: Decimal
    prices: frozenset[tuple[int, int]]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriceTable:
    """All stops, in the order of windows, powers, energies; and the prices that none of them met.

    A price is (element, component), 0-based.
    """

    tariff_id: str
    currency: str
    zone: str
    stops: tuple[Stop, ...]
    unmet: tuple[tuple[int, int], ...]


DEFAULT_STOPS = Stops()


def price_table(
    tariff: Tariff,
    zone: str,
    on: date,
    *,
    stops: Stops = DEFAULT_STOPS,
    policy: PricingPolicy = DEFAULT_POLICY,
) -> PriceTable:
    """The table for the week that `on` lies in (local days; moved into the tariff's validity).

    Raises StopError where the tariff cannot be priced, saying why.
    """
    with localcontext(EXACT):
        monday = _monday(tariff, on, ZoneInfo(zone))
        usual = {kw for _, kw in stops.powers}
        powers = on_all_sides(stops.powers, prepare(tariff, zone, policy).thresholds)
        stops = replace(stops, powers=powers)
        schedule = prepare(in_power(tariff, AC_VOLT), zone, policy)
        open_at = windows(schedule, monday, [kw for _, kw in powers])
        priced = _Priced(tariff, zone, policy)
        found = [row for window in open_at for row in _rows(priced, window, stops)]
        usual_first = sorted(powers, key=lambda power: power[1] not in usual)
        met = {price for row in found for price in row.prices}
        for row in _further(priced, open_at, usual_first, met):
            found.append(row)
            met |= row.prices
        order = {window.label: place for place, window in enumerate(open_at)}
        found.sort(key=lambda row: order[row.window])
        unmet = [price for price in _all_prices(tariff) if price not in met]
        return PriceTable(tariff.id, tariff.currency, zone, tuple(found), tuple(unmet))


def _monday(tariff: Tariff, on: date, zone: ZoneInfo) -> date:
    """The Monday of a week in which the tariff is in force, `on`'s if that is."""
    if tariff.start_at is not None:
        on = max(on, tariff.start_at.astimezone(zone).date() + timedelta(days=6))
    if tariff.end_at is not None:
        on = min(on, tariff.end_at.astimezone(zone).date() - timedelta(days=7))
    return on - timedelta(days=on.weekday())


@dataclass(frozen=True, slots=True)
class _Priced:
    """A tariff, where and how: prices one stop after another."""

    tariff: Tariff
    zone: str
    policy: PricingPolicy

    def row(self, window: Window, power: Power, kwh: Decimal, parked: timedelta) -> Stop:
        """The stop that begins with the window."""
        name, kw = power
        profile = Profile(window.start_at, steady(kwh, kw), parked)
        cdr = generate(self.tariff, profile, self.zone, policy=self.policy)
        if isinstance(cdr, Rejection):
            raise StopError(cdr.message)
        return _stop(cdr, window, (name, kw), profile)


def _stop(cdr: CDR, window: Window, power: Power, profile: Profile) -> Stop:
    total, name, kw = cdr.receipt.total, *power
    return Stop(
        window=window.label,
        start_at=window.start_at,
        power=name,
        power_kw=kw,
        energy_kwh=plain(cdr.total_energy_kwh),
        duration=profile.end_at - profile.start_at,
        parked=profile.parked,
        net=total.net,
        tax=total.tax,
        gross=total.gross,
        per_kwh=round_to(total.gross / cdr.total_energy_kwh, _PER_KWH),
        prices=frozenset(
            (line.element, line.component)
            for line in cdr.receipt.lines
            if line.group is not CostGroup.LIMIT
        ),
        notes=tuple(dict.fromkeys(note.code for note in cdr.receipt.notes)),
    )


def _rows(priced: _Priced, window: Window, stops: Stops) -> Iterator[Stop]:
    """Energies at each power, then one stop that parks; once where the power changes no price."""
    extra = () if stops.parked or not _parking_costs(priced.tariff) else (_PARKED,)
    middle = stops.energies_kwh[len(stops.energies_kwh) // 2]
    found = []
    for power in stops.powers:
        rows = [priced.row(window, power, kwh, stops.parked) for kwh in stops.energies_kwh]
        rows += [priced.row(window, power, middle, parked) for parked in extra]
        found.append(rows)
    costs = {tuple((row.net, row.gross) for row in rows) for rows in found}
    if len(costs) == 1 and len(found) > 1:
        found = [[replace(row, power=ANY_POWER) for row in found[0]]]
    for rows in found:
        yield from rows


def _parking_costs(tariff: Tariff) -> bool:
    return any(
        component.dimension is Dimension.PARKING_TIME and component.price
        for element in tariff.elements
        for component in element.components
    )


def _further(
    priced: _Priced,
    open_at: Sequence[Window],
    powers: Sequence[Power],
    met: set[tuple[int, int]],
) -> Iterator[Stop]:
    """Longer and larger stops, only where they meet a price that none did so far."""
    limits = prepare(priced.tariff, priced.zone, priced.policy).thresholds
    kwhs = [Decimal(40), *(kwh + 10 for kwh in limits.kwh if kwh < 1_000)]
    waits = [timedelta(), *(timedelta(seconds=s + 3_600) for s in limits.seconds if s < 86_400)]
    for window in open_at:
        for kwh in kwhs:
            for power in powers:
                for wait in waits:
                    if set(_all_prices(priced.tariff)) <= met:
                        return
                    row = priced.row(window, power, kwh, wait)
                    if row.prices - met and row.duration <= _LONGEST * 2:
                        met |= row.prices
                        yield row


def _all_prices(tariff: Tariff) -> list[tuple[int, int]]:
    """Everything a session may be charged; reservations are no stop."""
    return [
        (number, position)
        for number, element in enumerate(tariff.elements)
        if element.restrictions.reservation is None
        for position, component in enumerate(element.components)
        if component.price
    ]
