"""Whether a CDR agrees with itself in money, tariffs and currency; and whether it can be true.

Knows what can be said without pricing. What a connector's power allows is only known where the CDR,
or the caller, says so; else a bound so wide that nothing real exceeds it.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from billing.cdr import CDR
from billing.money import UnknownCurrency, minor_unit
from billing.plausibility import Limit
from billing.receipt import Amount
from billing.tariff import Tariff
from billing.verify.reckoning import PARTS, TOTAL, ZERO, Costs
from billing.verify.report import Check, Group, Kind, Place, Side

CURRENCY_DIFFERS = "currency_differs"
TIME_WITHOUT_ENERGY = "time_without_energy"
UNKNOWN_DIMENSION = "unknown_dimension"
UNKNOWN_TARIFF = "unknown_tariff"
_HUNDRED = Decimal(100)
_PLACEHOLDER = datetime(1970, 1, 2, tzinfo=UTC)
_MOST_KW = {
    "AC_1_PHASE": Decimal(20),
    "AC_2_PHASE": Decimal(40),
    "AC_2_PHASE_SPLIT": Decimal(40),
    "AC_3_PHASE": Decimal(60),
    "DC": Decimal(4000),
}
"""More than any connector of the kind delivers (IEC 62196: 63 A AC; MCS: 3,750 kW)."""


def taxes(cdr: CDR, limit: Amount | None) -> Iterator[Check]:
    """Each price by itself: less after tax than before by a unit or more, or a tax above its
    percentage; parts share less than a unit so that they add up.

    `limit` is what min_price or max_price adds: its taxes are in proportion to nothing.
    """
    amounts = dict(cdr.receipt.totals)
    stated = {TOTAL: cdr.receipt.total} | {
        field: amounts[group] for field, group in PARTS.items() if group in amounts
    }
    for field, amount in stated.items():
        if amount.net > 0 and -amount.tax >= _unit(cdr.currency):
            text = "less after tax than before tax"
            yield _tax(cdr, field, amount.net, amount.gross, ("negative_tax", text))
        if limit is None:
            yield from _percentages(cdr, field, amount)


def _percentages(cdr: CDR, field: str, amount: Amount) -> Iterator[Check]:
    """A single tax is at most its percentage of the price: part of that may bear no tax."""
    rates = [rate for rate, _ in amount.taxes]
    if len(rates) != 1 or rates[0] is None:
        return
    due, unit = amount.net * rates[0] / _HUNDRED, _unit(cdr.currency)
    if abs(amount.tax) > abs(due) + unit:
        text = f"the tax is more than {rates[0]} % of the price before tax"
        yield _tax(cdr, field, amount.tax, due, ("tax_above_its_percentage", text))


def _tax(cdr: CDR, field: str, claimed: Decimal, computed: Decimal, why: tuple[str, str]) -> Check:
    return Check(
        Group.CONSISTENCY,
        field,
        Kind.UNEXPLAINED,
        (field,),
        claimed=claimed,
        computed=computed,
        unit=cdr.currency,
        tolerance=_unit(cdr.currency),
        cause=why[0],
        message=why[1],
    )


def parts(cdr: CDR, costs: Costs | None, limit: Amount | None) -> Iterator[Check]:
    """The part costs that are stated sum to total_cost, where all that cost anything are stated.

    `limit` is what min_price or max_price adds: it is in the total and in no part.
    """
    amounts = dict(cdr.receipt.totals)
    if not amounts:
        return
    silent = [field for field, group in PARTS.items() if group not in amounts]
    if costs is None or any(costs[field].lines for field in silent):
        return
    extra, total = limit or Amount(ZERO), cdr.receipt.total
    if limit is not None and total.net == costs[TOTAL].rounded_before:
        return  # the limit decides the total, whatever the parts are
    net, unit = sum([a.net for a in amounts.values()], extra.net), costs[TOTAL].unit
    yield _sum(cdr, Side.BEFORE_TAX, (total.net, net), unit)
    if total.taxes and all(amount.taxes for amount in amounts.values()):
        gross = sum([a.gross for a in amounts.values()], extra.gross)
        yield _sum(cdr, Side.AFTER_TAX, (total.gross, gross), unit)


def _sum(cdr: CDR, side: Side, sides: tuple[Decimal, Decimal], unit: Decimal) -> Check:
    """`unit` is what each amount may have been rounded to."""
    claimed, computed = sides
    gap = abs(claimed - computed)
    fits = gap < unit * (len(cdr.receipt.totals) + 1)
    kind = Kind.EXACT if not gap else Kind.ROUNDING if fits else Kind.UNEXPLAINED
    return Check(
        Group.CONSISTENCY,
        TOTAL,
        kind,
        (TOTAL,),
        side,
        claimed,
        computed,
        cdr.currency,
        unit * (len(cdr.receipt.totals) + 1),
        "parts_not_total" if kind is Kind.UNEXPLAINED else "",
        "the part costs do not sum to it" if kind is Kind.UNEXPLAINED else "",
    )


def references(cdr: CDR, tariffs: Sequence[Tariff]) -> Iterator[Check]:
    """Tariffs that periods name but nobody has; a currency other than the tariff's."""
    known = {tariff.id.upper() for tariff in tariffs}
    for period in cdr.periods:
        if period.tariff_id and period.tariff_id.upper() not in known:
            place = ("charging_periods", period.ordinal, "tariff_id")
            text = f"tariff {period.tariff_id} is neither in the CDR nor held by us"
            yield _remark(Group.CONSISTENCY, "tariff_id", place, (UNKNOWN_TARIFF, text))
    for tariff in tariffs:
        if tariff.currency != cdr.currency:
            text = f"the CDR is in {cdr.currency}, tariff {tariff.id} in {tariff.currency}"
            yield _remark(Group.CONSISTENCY, "currency", ("currency",), (CURRENCY_DIFFERS, text))


def unread(place: Place, text: str) -> Check:
    """A volume in a dimension that does not exist: nobody can say what it is worth."""
    return Check(
        Group.CONSISTENCY,
        "charging_periods",
        Kind.NOT_CHECKED,
        place,
        cause=UNKNOWN_DIMENSION,
        message=text,
    )


def plausible(cdr: CDR, max_power_kw: Decimal | None) -> Iterator[Check]:
    """What cannot have happened: backwards, before our time, or faster than the connector."""
    span = cdr.end_at - cdr.start_at
    for at, place in ((cdr.start_at, "start_date_time"), (cdr.end_at, "end_date_time")):
        if at < _PLACEHOLDER:
            text = "a placeholder, no instant: no time can be priced from it"
            yield _remark(Group.PLAUSIBILITY, place, (place,), ("placeholder_stamp", text))
        elif at > cdr.last_updated > _PLACEHOLDER:
            text = f"later than the CDR itself, last updated {cdr.last_updated:%F %T} UTC"
            yield _remark(Group.PLAUSIBILITY, place, (place,), ("stamp_after_sale", text))
    if span < timedelta():
        text = f"the session ends {-span} before it starts"
        yield _remark(
            Group.PLAUSIBILITY, "end_date_time", ("end_date_time",), ("negative_duration", text)
        )
        return
    yield from _power(cdr, span, max_power_kw)
    time_cost = sum([a.net for g, a in cdr.receipt.totals if g is PARTS["total_time_cost"]], ZERO)
    delivered = cdr.total_energy_kwh or any(period.energy_wh for period in cdr.periods)
    if time_cost and not delivered:
        text = f"charging time costs {time_cost} {cdr.currency}, yet no energy was delivered"
        why = (TIME_WITHOUT_ENERGY, text)
        yield _remark(Group.PLAUSIBILITY, "total_time_cost", ("total_time_cost",), why)


def _power(cdr: CDR, span: timedelta, stated_kw: Decimal | None) -> Iterator[Check]:
    """Energy above power × time: of the connector, and of each period that states its power."""
    rated = stated_kw or cdr.connector.max_power_kw
    most = rated or _MOST_KW.get(cdr.connector.power_type)
    wh = cdr.total_energy_kwh * 1000
    if most and not Limit(most * 1000).allows(wh, span):
        source = f"{most} kW" if rated else f"{most} kW, more than any {cdr.connector.power_type}"
        text = f"{cdr.total_energy_kwh} kWh in {span} is more than {source}"
        yield _remark(
            Group.PLAUSIBILITY, "total_energy", ("total_energy",), ("power_impossible", text)
        )
    for period in cdr.periods:
        kw, length = period.max_power_kw, period.end_at - period.start_at
        if kw and length > timedelta() and not Limit(kw * 1000).allows(period.energy_wh, length):
            text = f"{period.energy_wh / 1000} kWh in {length} at no more than {kw} kW"
            place = ("charging_periods", period.ordinal, "dimensions")
            yield _remark(
                Group.PLAUSIBILITY, "charging_periods", place, ("period_power_impossible", text)
            )


def _remark(group: Group, field: str, place: tuple[str | int, ...], why: tuple[str, str]) -> Check:
    return Check(group, field, Kind.UNEXPLAINED, place, cause=why[0], message=why[1])


def _unit(currency: str) -> Decimal:
    """The currency's minor unit; of a code nobody lists, 0.01."""
    try:
        return minor_unit(currency)
    except UnknownCurrency:
        return Decimal("0.01")
