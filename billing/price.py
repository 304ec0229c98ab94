"""What a session costs, and why: the calculation of OCPI, step by step.

Read `price`: it is the specification in a few lines. Knows periods, tariffs and policies. Refuses
clocks, I/O and floats: the same input gives the same receipt, to the last digit.
OCPI 2.2.1 mod_tariffs and mod_cdrs; what they leave open is a named field of PricingPolicy.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from zoneinfo import ZoneInfo

from billing.cost import Use, amount_of, cost_lines, new_line, rounded, totals_of
from billing.limit import adjustments
from billing.money import EXACT, Rounding, minor_unit, round_to
from billing.mould import mould
from billing.period import ChargingPeriod
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.receipt import CostGroup, Line, Note, Receipt
from billing.restriction import Moment, duration
from billing.schedule import Phase, Schedule, prepare
from billing.session import Activity
from billing.step import TIMES, Quantity, surplus
from billing.tariff import Dimension, Tariff, TaxIncluded

ZERO, ONE, WH_PER_KWH = Decimal(0), Decimal(1), Decimal(1000)

_new_receipt = mould(Receipt)


def price(
    periods: Sequence[ChargingPeriod],
    tariffs: Sequence[Tariff],
    zone: ZoneInfo | str,
    *,
    start_at: datetime,
    end_at: datetime,
    policy: PricingPolicy = DEFAULT_POLICY,
) -> Receipt:
    """The receipt of a session (or reservation) from `start_at` to `end_at` (UTC).

    `periods` in order of time, each priced by the tariff it names; `tariffs` is not empty, all of
    one currency; `zone` is the site's. Raises ValueError (no tariff, two currencies,
    UnknownCurrency) and ZoneInfoNotFoundError.
    """
    with localcontext(EXACT):
        notes = Notes()
        book = _book(tariffs, zone, policy, start_at, notes)
        _check_stamps(periods, start_at, end_at, notes)
        uses = list(_uses(book, periods, start_at, notes))
        added = surplus([use.quantity for use in uses], policy)
        lines = cost_lines(uses, added)
        lines += _limit_lines(book, lines, notes)
        _check_uses(uses, added, policy, notes)
        return _receipt(book, lines, notes)


class Notes:
    """Notes by code and period, each once."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, int], Note] = {}

    def add(self, code: str, message: str, period: int = -1) -> None:
        """Keep the first message of each code and period."""
        self.found.setdefault((code, period), Note(code, message, period))


@dataclass(frozen=True, slots=True)
class _Book:
    """The tariffs of one session by id; `start` is the one in force when it started."""

    schedules: dict[str, Schedule]
    start: Schedule


def _book(
    tariffs: Sequence[Tariff],
    zone: ZoneInfo | str,
    policy: PricingPolicy,
    start_at: datetime,
    notes: Notes,
) -> _Book:
    """Step 1, the tariff: the one a period names, else the first that is valid at the start."""
    if not tariffs:
        raise ValueError("a session cannot be priced without a tariff")
    if len({tariff.currency for tariff in tariffs}) > 1:
        raise ValueError("the tariffs of one session must share a currency")
    minor_unit(tariffs[0].currency)
    schedules = [prepare(tariff, zone, policy) for tariff in tariffs]
    valid = [one for one in schedules if is_valid(one.tariff, start_at)]
    if not valid:
        notes.add("periods_outside_validity", "no tariff was valid when the session started")
    by_id = {one.tariff.id: one for one in reversed(schedules)}
    return _Book(by_id, valid[0] if valid else schedules[0])


def is_valid(tariff: Tariff, at: datetime) -> bool:
    """Whether the tariff's own start and end (OCPI Tariff.start_date_time, exclusive end) hold."""
    return (tariff.start_at is None or tariff.start_at <= at) and (
        tariff.end_at is None or at < tariff.end_at
    )


def _schedule_of(book: _Book, period: ChargingPeriod, notes: Notes) -> Schedule:
    if not period.tariff_id:
        notes.add("period_without_tariff", "a period names no tariff: the first valid one is used")
        return book.start
    found = book.schedules.get(period.tariff_id)
    if found is None:
        text = f"tariff {period.tariff_id} is not among those given: the first valid one is used"
        notes.add("unknown_tariff", text, period.ordinal)
        return book.start
    return found


def _uses(
    book: _Book, periods: Sequence[ChargingPeriod], start_at: datetime, notes: Notes
) -> Iterator[Use]:
    """Steps 2 to 4: for each period and dimension, the component that applies at its start.

    FLAT is looked for at the start of each period until one matches, once per phase. What nothing
    prices is left out, unless a policy lets it fill a step.
    """
    origins = _origins(periods, start_at, book.start.policy)
    charged: set[Phase] = set()
    wh = ZERO
    for period in periods:
        schedule, phase = _schedule_of(book, period, notes), _phase(period)
        moment = _moment(schedule, period, wh / WH_PER_KWH, origins[phase])
        for dimension, amount, billable in _volumes(period, schedule.policy, notes):
            choice = schedule.find(phase, dimension, moment)
            if choice is None:
                if schedule.prices(phase, dimension):
                    text = f"{dimension} is free here: no element with it applies"
                    notes.add("no_price_component", text, period.ordinal)
                if schedule.policy.step_counts_unpriced == "no":
                    continue
            step = None if choice is None else choice.rule.step_size
            quantity = Quantity(dimension, amount, step, billable, period.reserved)
            yield Use(period, quantity, choice, schedule.tariff)
        if _flat_is_due(phase, charged, schedule.policy):
            choice = schedule.find(phase, Dimension.FLAT, moment)
            if choice is not None:
                charged.add(phase)
                piece = Quantity(Dimension.FLAT, ONE, choice.rule.step_size, ONE)
                yield Use(period, piece, choice, schedule.tariff)
        if schedule.conditional:
            if moment.codes:
                for code in sorted(moment.codes):
                    notes.add(code, _BOUNDS[code], period.ordinal)
            _check_span(schedule, phase, period, moment, notes)
        if not period.reserved:
            wh += period.energy_wh


_BOUNDS = {
    "unknown_bound": "a power or current restriction was met without a measured power or current",
    "straddling_bound": "power or current crossed a restriction's threshold within the period",
}


def _phase(period: ChargingPeriod) -> Phase:
    if not period.reserved:
        return Phase.SESSION
    return Phase.EXPIRED if period.expired else Phase.RESERVED


def _origins(
    periods: Sequence[ChargingPeriod], start_at: datetime, policy: PricingPolicy
) -> dict[Phase, datetime]:
    """Where durations are counted from; a session starts when its reservation ends."""
    held = [one.end_at for one in periods if one.reserved]
    session = max(start_at, *held) if held else start_at
    if policy.duration_origin == "first_period":
        session = min((one.start_at for one in periods if not one.reserved), default=session)
    return {Phase.SESSION: session, Phase.RESERVED: start_at, Phase.EXPIRED: start_at}


def _moment(schedule: Schedule, period: ChargingPeriod, kwh: Decimal, origin: datetime) -> Moment:
    """Step 2, what restrictions see: everything as it is at the start of the period."""
    return Moment(
        at=period.start_at,
        zone=schedule.zone,
        kwh=ZERO if period.reserved else kwh,
        elapsed=period.start_at - origin,
        min_power=period.min_power_kw,
        max_power=period.max_power_kw,
        min_current=period.min_current_a,
        max_current=period.max_current_a,
    )


def _volumes(
    period: ChargingPeriod, policy: PricingPolicy, notes: Notes
) -> list[tuple[Dimension, Decimal, Decimal]]:
    """(dimension, measured, billable) in Wh and seconds: ENERGY, and TIME or PARKING_TIME.

    Reserved time is priced by the TIME of reservation elements (ReservationRestrictionType).
    """
    found = []
    wh, seconds = period.energy_wh, _seconds(period.end_at - period.start_at)
    if policy.volume_rounding == "four_decimals":
        wh = round_to(wh / 1000, _WIRE) * 1000
        seconds = round_to(seconds / 3600, _WIRE) * 3600
    if wh and not period.reserved:
        refused = wh < 0 and policy.negative_energy == "not_credited"
        if refused:
            notes.add("negative_energy", f"{wh} Wh fed back are not credited", period.ordinal)
        found.append((Dimension.ENERGY, wh, ZERO if refused else wh))
    if seconds > 0:
        found.append((_time(period), seconds, seconds))
    return found


def _time(period: ChargingPeriod) -> Dimension:
    parked = period.activity is Activity.PARKED and not period.reserved
    return Dimension.PARKING_TIME if parked else Dimension.TIME


_WIRE = Decimal("0.0001")
_MICROSECOND = timedelta(microseconds=1)


def _seconds(span: timedelta) -> Decimal:
    if not span.microseconds:
        return Decimal(span.days * 86_400 + span.seconds)
    return Decimal(span // _MICROSECOND) / 1_000_000


def _flat_is_due(phase: Phase, charged: set[Phase], policy: PricingPolicy) -> bool:
    if policy.flat_scope == "session":
        return not charged
    return phase not in charged


def _limit_lines(book: _Book, lines: list[Line], notes: Notes) -> list[Line]:
    """Step 7, min_price and max_price of the tariff in force at the start."""
    tariff = book.start.tariff
    if tariff.min_price is None and tariff.max_price is None:
        return []
    if len({line.tariff_id for line in lines} | {tariff.id}) > 1:
        notes.add("limits_from_start_tariff", f"the limits are those of tariff {tariff.id}")
    shares: dict[Decimal | None, tuple[Decimal, Decimal]] = {}
    for line in lines:
        net, tax = shares.get(line.vat, (ZERO, ZERO))
        shares[line.vat] = (net + line.net, tax + line.tax)
    found = adjustments(tariff, shares)
    if not found:
        return []
    word = "min_price raises" if sum(one.net + one.tax for one in found) > 0 else "max_price caps"
    notes.add("total_clamped", f"{word} the total")
    if any(one.vat is None and one.tax for one in found):
        notes.add("unattributed_tax", "a price limit sets a tax that no component has a rate for")
    return [
        new_line(
            period=-1,
            dimension=Dimension.FLAT,
            group=CostGroup.LIMIT,
            measured=ZERO,
            billed=ONE,
            step_size=0,
            price=one.net,
            net=one.net,
            vat=one.vat,
            tax=one.tax,
            tariff_id=tariff.id,
            element=-1,
            component=-1,
            reason=f"{word} the total",
        )
        for one in found
    ]


def _receipt(book: _Book, lines: list[Line], notes: Notes) -> Receipt:
    """Step 8, rounding: last of all and once."""
    exact, currency = amount_of(lines), book.start.tariff.currency
    if exact.tax < 0 <= exact.net:
        notes.add("negative_tax", "the price limits leave less after tax than before it")
    return _new_receipt(
        currency=currency,
        lines=tuple(lines),
        exact_total=exact,
        total=rounded(exact, currency, Rounding(book.start.policy.money_rounding)),
        totals=totals_of(lines, exact),
        notes=tuple(notes.found.values()),
        policies=book.start.decided,
    )


def _check_stamps(
    periods: Sequence[ChargingPeriod], start_at: datetime, end_at: datetime, notes: Notes
) -> None:
    """The periods should be in order, without gaps, and span the session exactly."""
    for before, after in pairwise(periods):
        if after.start_at < before.end_at:
            text = f"starts at {after.start_at:%H:%M:%S}, before the one before it ends"
            notes.add("periods_out_of_order", text, after.ordinal)
    if periods and (periods[0].start_at, periods[-1].end_at) != (start_at, end_at):
        notes.add("periods_disagree_with_stamps", "the periods do not span the session exactly")


def _check_span(
    schedule: Schedule, phase: Phase, period: ChargingPeriod, moment: Moment, notes: Notes
) -> None:
    """A period should have been cut where a price changes; the price of its start is used."""
    within = list(_moments_within(schedule, period, moment))
    if not within:
        return
    dimensions = [Dimension.ENERGY] if period.energy_wh else []
    dimensions.append(_time(period))
    for inner in within:
        for dimension in dimensions:
            if schedule.find(phase, dimension, inner) is not schedule.find(
                phase, dimension, moment
            ):
                text = f"the price of {dimension} changes within: that of the start is used"
                notes.add("period_spans_price_change", text, period.ordinal)
                return


def _moments_within(schedule: Schedule, period: ChargingPeriod, moment: Moment) -> Iterator[Moment]:
    """The start of the period, seen as at each instant or threshold that lies within it."""
    limits = schedule.thresholds
    for at in schedule.clock_edges(period.start_at, period.end_at):
        yield replace(moment, at=at, _local=None)
    if limits.kwh and not period.reserved:
        until = moment.kwh + period.energy_wh / WH_PER_KWH
        yield from (replace(moment, kwh=kwh) for kwh in limits.kwh if moment.kwh < kwh < until)
    for seconds in limits.seconds:
        elapsed = duration(seconds)
        if moment.elapsed < elapsed < moment.elapsed + (period.end_at - period.start_at):
            yield replace(moment, elapsed=elapsed)


def _check_uses(
    uses: Sequence[Use], added: dict[int, Decimal], policy: PricingPolicy, notes: Notes
) -> None:
    """What a reader of the total must know about steps and taxes."""
    priced = [use for use in uses if use.choice is not None]
    times = [use.quantity for use in priced if use.quantity.dimension in TIMES]
    session = [quantity.dimension for quantity in times if not quantity.reserved]
    if Dimension.PARKING_TIME in session and session[-1] is Dimension.TIME:
        text = f"charged after parking: {policy.time_step_target} decides which time is rounded"
        notes.add("time_step_target", text)
    if added and session and len(session) < len(times):
        text = f"reservation and session times: budgets are {policy.reservation_step_budget}"
        notes.add("reservation_and_time_steps", text)
    for use in priced:
        rule = use.choice.rule if use.choice is not None else None
        included = use.tariff.tax_included is TaxIncluded.YES
        if included and rule is not None and rule.vat is None and rule.price:
            text = "prices include tax at an unknown rate: net is shown as gross"
            notes.add("tax_included_without_rate", text)
