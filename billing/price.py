"""What a session costs, and why: the calculation of OCPI, step by step.

Read `price`: it is the specification in a few lines. Knows periods, tariffs and policies. Refuses
clocks, I/O and floats: the same input gives the same receipt, to the last digit.
OCPI 2.2.1 mod_tariffs and mod_cdrs; what they leave open is a named field of PricingPolicy.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from zoneinfo import ZoneInfo

from billing.cost import Running, amount_of, cost_lines, new_line, rounded, totals_of
from billing.limit import adjustments
from billing.money import EXACT, ROUNDINGS, minor_unit
from billing.mould import mould
from billing.notes import Notes
from billing.period import ChargingPeriod
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.receipt import CostGroup, Line, Receipt
from billing.record import decimal_text
from billing.restriction import Moment, new_moment, site_clock
from billing.schedule import Choice, Phase, Schedule, prepare
from billing.spread import moments_within, split
from billing.step import TIMES, block, surplus
from billing.tariff import ENERGY, FLAT, PARKING_TIME, TIME, Dimension, Tariff
from billing.use import BUDGETS, Budget, Use, new_use
from billing.volume import Volume, phase_of, times, volumes

OVERTIME = Phase.OVERTIME
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
    UnknownCurrency, a tax no price can include) and ZoneInfoNotFoundError.
    """
    with localcontext(EXACT):
        notes = Notes()
        book = _book(tariffs, zone, policy, start_at, notes)
        periods = _in_order(periods, start_at, end_at, policy, notes)
        uses = _uses(book, periods, start_at, notes)
        added = surplus(uses, policy)
        lines, totals = cost_lines(uses, added)
        limits = _limit_lines(book, periods, lines, totals, notes)
        _check_uses(uses, added, policy, notes)
        return _receipt(book, (*lines, *limits), (*totals, *limits), notes)


@dataclass(frozen=True, slots=True)
class _Book:
    """The tariffs of one session by id (a CiString), the versions of one in the order given;
    `start` is the one in force when it started, `sole` its id where there is no other.
    """

    schedules: Mapping[str, Sequence[Schedule]]
    start: Schedule
    sole: str = ""

    def named(self, period: ChargingPeriod) -> Sequence[Schedule]:
        """The versions of the tariff a period names that are valid when it starts; where none is,
        the first.
        """
        known = self.schedules.get(period.tariff_id.upper(), ())
        if len(known) == 1:
            return known
        return [one for one in known if is_valid(one.tariff, period.start_at)] or known[:1]


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
    if len(tariffs) > 1 and len({tariff.currency for tariff in tariffs}) > 1:
        raise ValueError("the tariffs of one session must share a currency")
    minor_unit(tariffs[0].currency)
    clock = site_clock(ZoneInfo(zone) if isinstance(zone, str) else zone, start_at, policy)
    schedules = [prepare(tariff, clock, policy) for tariff in tariffs]
    if len(schedules) == 1 and is_valid(tariffs[0], start_at):
        return _new_book({tariffs[0].id.upper(): schedules}, schedules[0], tariffs[0].id)
    valid = [one for one in schedules if is_valid(one.tariff, start_at)]
    if not valid:
        notes.add("periods_outside_validity", "no tariff was valid when the session started")
    by_id: dict[str, list[Schedule]] = {}
    for one in schedules:
        by_id.setdefault(one.tariff.id.upper(), []).append(one)
    return _new_book(by_id, valid[0] if valid else schedules[0])


_new_book = mould(_Book)


def is_valid(tariff: Tariff, at: datetime) -> bool:
    """Whether the tariff's own start and end (OCPI Tariff.start_date_time, exclusive end) hold."""
    return (tariff.start_at is None or tariff.start_at <= at) and (
        tariff.end_at is None or at < tariff.end_at
    )


def _schedule_of(book: _Book, period: ChargingPeriod, notes: Notes) -> Schedule | None:
    """The tariff a period is priced by; None: none is relevant."""
    if not period.tariff_id:
        if book.start.policy.period_without_tariff == "free":
            notes.add("period_without_tariff", "a period names no tariff: it is free")
            return None
        notes.add("period_without_tariff", "a period names no tariff: the first valid one is used")
        return book.start
    if period.tariff_id == book.sole:
        return book.start
    versions = book.named(period)
    if not versions:
        text = f"tariff {period.tariff_id} is not among those given: the first valid one is used"
        notes.add("unknown_tariff", text, period.ordinal)
        return book.start
    found = versions[0]
    if len(versions) > 1 and any(one.tariff != found.tariff for one in versions):
        text = f"several versions of tariff {period.tariff_id} are valid: the first is used"
        notes.add("several_versions", text, period.ordinal)
    if found is not book.start and not is_valid(found.tariff, period.start_at):
        text = f"tariff {period.tariff_id} was not valid when the period started"
        notes.add("periods_outside_validity", text, period.ordinal)
    return found


def _uses(
    book: _Book, periods: Sequence[ChargingPeriod], start_at: datetime, notes: Notes
) -> list[Use]:
    """Steps 2 to 4: for each period and dimension, the component that applies at its start.

    What nothing prices is left out, unless a policy lets it fill a step.
    """
    before, since = start_at, _session_start(periods, start_at, book.start.policy)
    fees, wh = _Fees(book.start.policy), ZERO
    uses: list[Use] = []
    for whole in periods:
        schedule = _schedule_of(book, whole, notes)
        if schedule is not None:
            phase = phase_of(whole)
            for period, moment in _parts(schedule, whole, wh, before if whole.reserved else since):
                for volume in volumes(period, phase, schedule.policy, notes):
                    use = _priced(schedule, period, volume, moment, notes)
                    if use is not None:
                        uses.append(use)
                uses += fees.due(schedule, period, phase, moment, notes)
                if schedule.conditional:
                    _check_moment(schedule, phase, period, moment, notes)
        if not whole.reserved:
            wh += whole.energy_wh
    return uses


def _parts(
    schedule: Schedule, period: ChargingPeriod, wh: Decimal, origin: datetime
) -> Iterable[tuple[ChargingPeriod, Moment]]:
    """A period with its moment; in parts where policy period_spans_price_change splits it."""
    if not schedule.conditional:
        return ((period, _ANY_MOMENT),)
    moment = _moment(schedule, period, wh / WH_PER_KWH, origin)
    if schedule.policy.period_spans_price_change == "price_at_start":
        return ((period, moment),)
    parts = []
    for part in split(schedule, period, moment):
        parts.append((part, _moment(schedule, part, wh / WH_PER_KWH, origin)))
        wh += part.energy_wh
    return parts


def _priced(
    schedule: Schedule, period: ChargingPeriod, volume: Volume, moment: Moment, notes: Notes
) -> Use | None:
    """Step 3, the component: the first element, in list order, that has the dimension and holds."""
    phase, dimension, amount, billable = volume
    asked = (phase, dimension)
    if asked not in schedule.asked:
        return None
    choice = schedule.find(phase, dimension, moment)
    if choice is None:
        if schedule.prices(phase, dimension):
            text = f"{dimension} is free here: no element with it applies"
            notes.add("no_price_component", text, period.ordinal)
        if schedule.policy.step_counts_unpriced == "no":
            return None
    if schedule.elements and (differs := _other_reading(schedule, asked, moment, choice)):
        notes.add("element_choice_differs", differs, period.ordinal)
    return new_use(period, phase, dimension, amount, billable, choice)


class _Fees:
    """Step 4, FLAT: looked for at the start of each period, charged as policy flat_scope says.

    A reservation that expires, or is cancelled, stays the same one: its fee is not due again.
    """

    def __init__(self, policy: PricingPolicy) -> None:
        self._scope = policy.flat_scope
        self._charged: set[Phase] = set()
        self._last: dict[Budget, Choice] = {}

    def due(
        self,
        schedule: Schedule,
        period: ChargingPeriod,
        phase: Phase,
        moment: Moment,
        notes: Notes,
    ) -> list[Use]:
        """The fees of a period: of its own phase, and of the overtime within it."""
        found = []
        for part in (phase, OVERTIME) if period.overtime_s else (phase,):
            asked = (part, FLAT)
            if asked not in schedule.asked or not self._is_open(part):
                continue
            choice = schedule.find(part, FLAT, moment)
            if schedule.elements and (differs := _other_reading(schedule, asked, moment, choice)):
                notes.add("element_choice_differs", differs, period.ordinal)
            if choice is None:
                continue
            budget = BUDGETS[part]
            again = _same_fee(self._last.get(budget), choice)
            self._charged.add(part)
            self._last[budget] = choice
            if not again:
                found.append(new_use(period, part, FLAT, ONE, ONE, choice))
        return found

    def _is_open(self, phase: Phase) -> bool:
        if self._scope == "session":
            return not self._charged
        return self._scope == "activation" or phase not in self._charged


def _same_fee(last: Choice | None, fee: Choice) -> bool:
    if last is None or last.tariff is not fee.tariff:
        return False
    return (last.element, last.component) == (fee.element, fee.component)


def _session_start(
    periods: Sequence[ChargingPeriod], start_at: datetime, policy: PricingPolicy
) -> datetime:
    """Where durations are counted from (policy duration_origin); a session starts when its
    reservation ends.
    """
    held = [one.end_at for one in periods if one.reserved]
    session = max(start_at, *held) if held else start_at
    if policy.duration_origin == "first_period":
        return min((one.start_at for one in periods if not one.reserved), default=session)
    return session


def _moment(schedule: Schedule, period: ChargingPeriod, kwh: Decimal, origin: datetime) -> Moment:
    """Step 2, what restrictions see: everything as it is at the start of the period."""
    return new_moment(
        at=period.start_at,
        zone=schedule.zone,
        kwh=ZERO if period.reserved else kwh,
        elapsed=period.start_at - origin,
        min_power=period.min_power_kw,
        max_power=period.max_power_kw,
        min_current=period.min_current_a,
        max_current=period.max_current_a,
    )


_ANY_MOMENT = Moment(datetime(1970, 1, 1, tzinfo=UTC), UTC, ZERO, timedelta())
"""What a tariff without restrictions is asked with: nothing of it is looked at."""


def _limit_lines(
    book: _Book,
    periods: Sequence[ChargingPeriod],
    lines: Sequence[Line],
    totals: Sequence[Running],
    notes: Notes,
) -> list[Line]:
    """Step 7, min_price and max_price of the tariff in force at the start (policy limit_tariff)."""
    tariff = book.start.tariff
    if book.start.policy.limit_tariff == "at_end" and periods:
        tariff = next(iter(book.named(periods[-1])), book.start).tariff
    if tariff.min_price is None and tariff.max_price is None:
        return []
    if len({line.tariff_id for line in lines} | {tariff.id}) > 1:
        notes.add("limits_from_start_tariff", f"the limits are those of tariff {tariff.id}")
    shares: dict[Decimal | None, tuple[Decimal, Decimal]] = {}
    for one in totals:
        net, tax = shares.get(one.vat, (ZERO, ZERO))
        shares[one.vat] = (net + one.net, tax + one.tax)
    found = adjustments(tariff, shares, book.start.policy)
    if not found:
        return []
    word = "min_price raises" if sum(one.net + one.tax for one in found) > 0 else "max_price caps"
    notes.add("total_clamped", f"{word} the total")
    if any(one.vat is None and one.tax for one in found):
        notes.add("unattributed_tax", "a price limit sets a tax that no component has a rate for")
    return [
        new_line(
            period=-1,
            dimension=FLAT,
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


def _receipt(
    book: _Book, lines: tuple[Line, ...], parts: Sequence[Line | Running], notes: Notes
) -> Receipt:
    """Step 8, rounding: last of all and once. `parts` are what the lines sum to, by group."""
    exact, currency, policy = amount_of(parts), book.start.tariff.currency, book.start.policy
    if exact.tax < ZERO <= exact.net:
        notes.add("negative_tax", "the price limits leave less after tax than before it")
    return _new_receipt(
        currency=currency,
        lines=lines,
        exact_total=exact,
        total=rounded(exact, rounding_unit(currency, policy), ROUNDINGS[policy.money_rounding]),
        totals=totals_of(parts, exact),
        notes=tuple(notes.found.values()),
        policies=book.start.decided,
    )


def rounding_unit(currency: str, policy: PricingPolicy) -> Decimal:
    """What totals of the currency are multiples of: policy rounding_unit."""
    return _UNITS.get(policy.rounding_unit) or minor_unit(currency)


_UNITS = {"four_decimals": Decimal("0.0001"), "five_hundredths": Decimal("0.05")}


def _in_order(
    periods: Sequence[ChargingPeriod],
    start_at: datetime,
    end_at: datetime,
    policy: PricingPolicy,
    notes: Notes,
) -> Sequence[ChargingPeriod]:
    """The periods should be in order, without gaps, and span the session exactly."""
    for before, after in pairwise(periods):
        if after.start_at < before.end_at:
            text = f"starts at {after.start_at:%H:%M:%S}, before the one before it ends"
            notes.add("periods_out_of_order", text, after.ordinal)
    if policy.period_order == "by_start":
        periods = sorted(periods, key=lambda one: (one.start_at, one.ordinal))
    if periods and (periods[0].start_at, periods[-1].end_at) != (start_at, end_at):
        notes.add("periods_disagree_with_stamps", "the periods do not span the session exactly")
    return periods


_BOUNDS = {
    "unknown_bound": "a power or current restriction was met without a measured power or current",
    "straddling_bound": "power or current crossed a restriction's threshold within the period",
}


def _check_moment(
    schedule: Schedule, phase: Phase, period: ChargingPeriod, moment: Moment, notes: Notes
) -> None:
    """A period should say its power where that decides, and be cut where a price changes: the
    price of its start is used.
    """
    for code in sorted(moment.codes):
        notes.add(code, _BOUNDS[code], period.ordinal)
    within = list(moments_within(schedule, period, moment))
    if not within:
        return
    asked = [(phase, ENERGY)] if period.energy_wh and not period.reserved else []
    asked += [(part, dimension) for part, dimension, seconds in times(period, phase) if seconds]
    changed: dict[str, None] = {}
    for part, dimension in asked:
        first = schedule.find(part, dimension, moment)
        if any(schedule.find(part, dimension, inner) is not first for inner in within):
            changed[dimension] = None
    if changed:
        text = f"the price of {' and '.join(changed)} changes within: that of the start is used"
        notes.add("period_spans_price_change", text, period.ordinal)


def _other_reading(
    schedule: Schedule, asked: tuple[Phase, Dimension], moment: Moment, choice: Choice | None
) -> str:
    """2.1.1 chooses elements, not components: where that gives another price, it is said."""
    other = schedule.by_element(*asked, moment)
    mine, theirs = (one.rule.price if one is not None else ZERO for one in (choice, other))
    if mine == theirs:
        return ""
    return f"{asked[1]}: {mine:f}, and {theirs:f} if elements are chosen whole"


_HALF_GRAIN = Decimal("0.18")
"""Seconds: half of the 0.0001 h that a volume on the wire can tell apart."""


def _check_uses(
    uses: Sequence[Use], added: dict[int, Decimal], policy: PricingPolicy, notes: Notes
) -> None:
    """What a reader of the total must know about steps and taxes."""
    times = [use for use in uses if use.dimension in TIMES and use.choice is not None]
    if times:
        _check_times(times, added, policy, notes)
    for position, extra in sorted(added.items()):
        _check_step(uses[position], extra, policy, notes)
    for use in uses:
        if use.choice is not None and use.choice.rate_is_unknown:
            text = "prices include tax at an unknown rate: net is shown as gross"
            notes.add("tax_included_without_rate", text)


def _check_times(
    times: Sequence[Use], added: dict[int, Decimal], policy: PricingPolicy, notes: Notes
) -> None:
    """Which of several times is rounded up is left open where charging follows parking, or where
    time was reserved.
    """
    session = [use.dimension for use in times if BUDGETS[use.phase] == "session"]
    if PARKING_TIME in session and session[-1] is TIME:
        text = f"charged after parking: {policy.time_step_target} decides which time is rounded"
        notes.add("time_step_target", text)
    if added and session and any(BUDGETS[use.phase] == "reserved" for use in times):
        text = f"reservation and session times: budgets are {policy.reservation_step_budget}"
        notes.add("reservation_and_time_steps", text)


def _check_step(use: Use, extra: Decimal, policy: PricingPolicy, notes: Notes) -> None:
    """A block is begun by less than the wire can tell apart; or 2.1.1 leaves open when it is."""
    assert use.choice is not None, "what has no price fills no step"
    if use.choice.tariff.original_version == "2.1.1":
        text = f"2.1.1 bills in blocks without saying how often: once per {policy.step_scope}"
        notes.add("step_once_per_session", text)
    size = block(use, policy)
    if use.period.time_s is None and use.period.parking_s is None:
        return
    if use.dimension in TIMES and not _HALF_GRAIN < extra < size - _HALF_GRAIN:
        into = decimal_text(size - extra)
        text = f"{into} s into a block of {size} s: less than 0.0001 h can say"
        notes.add("step_flip_by_rounding", text, use.period.ordinal)
