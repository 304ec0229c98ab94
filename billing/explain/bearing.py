"""Which decisions on OCPI's open questions bore on a line of a receipt, and which on its total.

A table by name of policy: each asks whether the question arose at all, whatever was decided.
Refuses to know what a decision is called in any language. Policies of reading (`list_restrictions`
and its kind) and of totals bear on the whole.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import time, timedelta, tzinfo

from billing.period import ChargingPeriod
from billing.receipt import CostGroup, Line, Receipt
from billing.restriction import MIDNIGHT
from billing.step import TIMES
from billing.tariff import (
    Dimension,
    PriceComponent,
    Restrictions,
    Tariff,
    TariffElement,
    TaxIncluded,
)


@dataclass(frozen=True, slots=True)
class Bearing:
    """What a line was reckoned from. `considered` are the restrictions of the elements with its
    dimension, down to the one that was chosen; `codes` the notes about its period or the whole.
    """

    line: Line
    element: TariffElement
    rule: PriceComponent
    tariff: Tariff
    period: ChargingPeriod
    considered: tuple[Restrictions, ...]
    codes: frozenset[str]
    clock_changed: bool


class Bearings:
    """A receipt with the very tariffs and periods it was reckoned from, asked line by line."""

    def __init__(
        self,
        receipt: Receipt,
        tariffs: Sequence[Tariff],
        periods: Sequence[ChargingPeriod],
        zone: tzinfo,
    ) -> None:
        self._policies = [name for name, _ in receipt.policies if name in ON_LINE]
        self._tariffs = {one.id: one for one in reversed(tariffs)}
        self._places = {one.id: at for at, one in reversed(list(enumerate(tariffs)))}
        self._periods = {(one.ordinal, one.reserved): one for one in reversed(periods)}
        self._codes: dict[int, set[str]] = {}
        for note in receipt.notes:
            self._codes.setdefault(note.period, set()).add(note.code)
        self._zone = zone
        self._first = periods[0] if periods else None

    def policies(self, line: Line) -> tuple[str, ...]:
        """The names of the policies that bore on a line, in the order of the policy."""
        if line.group is CostGroup.LIMIT:
            several = "limits_from_start_tariff" in self._codes.get(-1, ())
            return ("clamp_tax", "limit_tariff") if several else ("clamp_tax",)
        facts = self._facts(line)
        return tuple([name for name in self._policies if ON_LINE[name](facts)])

    def tariff(self, line: Line) -> Tariff:
        """The tariff that priced a line."""
        return self._tariffs[line.tariff_id]

    def pointer(self, line: Line) -> str:
        """The price component of a line, as a JSON pointer into the CDR."""
        element = f"/tariffs/{self._places[line.tariff_id]}/elements/{line.element}"
        return f"{element}/price_components/{line.component}"

    def period(self, line: Line) -> ChargingPeriod:
        """The period a line is about: of two with its ordinal the reserved one, or the session's.
        Not for a price limit, which is about none.
        """
        held = line.group is CostGroup.RESERVATION
        found = self._periods.get((line.period, held))
        return found or self._periods[line.period, not held]

    def _facts(self, line: Line) -> Bearing:
        tariff, period = self.tariff(line), self.period(line)
        element = tariff.elements[line.element]
        codes = self._codes.get(line.period, set()) | self._codes.get(-1, set())
        return Bearing(
            line=line,
            element=element,
            rule=element.components[line.component],
            tariff=tariff,
            period=period,
            considered=_considered(tariff, line.element, line.dimension),
            codes=frozenset(codes),
            clock_changed=self._offset(period) != self._offset(self._first),
        )

    def _offset(self, period: ChargingPeriod | None) -> timedelta | None:
        return None if period is None else period.start_at.astimezone(self._zone).utcoffset()


def bearing_on_total(receipt: Receipt, noted: Collection[str] = ()) -> tuple[str, ...]:
    """The names of the policies that bore on the receipt as a whole; `noted` are further codes."""
    codes = {one.code for one in receipt.notes} | set(noted)
    if is_rounded(receipt):
        codes.add(_ROUNDED)
    return tuple(name for name, _ in receipt.policies if ON_TOTAL.get(name, _NEVER) & codes)


def is_rounded(receipt: Receipt) -> bool:
    """Whether rounding changed what is to be paid, before or after tax."""
    exact, total = receipt.exact_total, receipt.total
    return (exact.net, exact.gross) != (total.net, total.gross)


_ROUNDED = "(rounded)"
_NEVER: frozenset[str] = frozenset()


def _considered(tariff: Tariff, last: int, dimension: Dimension) -> tuple[Restrictions, ...]:
    reserved = tariff.elements[last].restrictions.reservation
    return tuple(
        [
            one.restrictions
            for one in tariff.elements[: last + 1]
            if one.restrictions.reservation is reserved
            and any(part.dimension is dimension for part in one.components)
        ]
    )


def _noted(code: str) -> Callable[[Bearing], bool]:
    return lambda facts: code in facts.codes


def _restricted(test: Callable[[Restrictions], bool]) -> Callable[[Bearing], bool]:
    return lambda facts: any(test(one) for one in facts.considered)


def _stepped(facts: Bearing) -> bool:
    return facts.line.billed > facts.line.measured >= 0


def _is_flat(facts: Bearing) -> bool:
    return facts.line.dimension is Dimension.FLAT


def _is_time(facts: Bearing) -> bool:
    return facts.line.dimension in TIMES


def _in_parking_element(facts: Bearing) -> bool:
    kinds = {part.dimension for part in facts.element.components}
    return _is_flat(facts) and kinds == {Dimension.FLAT, Dimension.PARKING_TIME}


def _lacks_bound(facts: Bearing) -> bool:
    """A restriction asks for a bound of power or current that the period does not have."""
    period = facts.period
    asked = (
        ("min_power", period.min_power_kw),
        ("max_power", period.max_power_kw),
        ("min_current", period.min_current_a),
        ("max_current", period.max_current_a),
    )
    return any(
        measured is None and getattr(one, name) is not None
        for one in facts.considered
        for name, measured in asked
    )


def _is_twice(facts: Bearing) -> bool:
    kinds = [part.dimension for part in facts.element.components]
    return kinds.count(facts.line.dimension) > 1


def _is_equal_window(one: Restrictions) -> bool:
    return one.start_time is not None and one.start_time == one.end_time


def _wraps_with_days(one: Restrictions) -> bool:
    start, end = one.start_time or MIDNIGHT, one.end_time or MIDNIGHT
    return bool(one.day_of_week) and MIDNIGHT < end < start


def _is_by_clock(one: Restrictions) -> bool:
    edges = (one.start_time, one.end_time, one.start_date, one.end_date)
    return bool(one.day_of_week) or any(edge is not None for edge in edges)


def _vat_is_missing(facts: Bearing) -> bool:
    taxed = facts.tariff.tax_included is TaxIncluded.NO
    return taxed and facts.rule.vat is None and bool(facts.rule.price)


ON_LINE: dict[str, Callable[[Bearing], bool]] = {
    "flat_scope": _is_flat,
    "element_choice": _noted("element_choice_differs"),
    "period_spans_price_change": lambda facts: (
        "period_spans_price_change" in facts.codes or facts.line.imputed
    ),
    "period_without_tariff": lambda facts: not facts.period.tariff_id,
    "equal_window": _restricted(_is_equal_window),
    "zero_step": lambda facts: not _is_flat(facts) and facts.line.step_size == 0,
    "step_scope": _stepped,
    "time_step_target": lambda facts: _is_time(facts) and "time_step_target" in facts.codes,
    "step_counts_unpriced": lambda facts: _stepped(facts) and "no_price_component" in facts.codes,
    "reservation_step_budget": lambda facts: (
        _is_time(facts) and "reservation_and_time_steps" in facts.codes
    ),
    "missing_bound": _lacks_bound,
    "straddling_bound": _noted("straddling_bound"),
    "duration_origin": _restricted(
        lambda one: one.min_duration is not None or one.max_duration is not None
    ),
    "vat_missing": _vat_is_missing,
    "volume_rounding": _noted("step_flip_by_rounding"),
    "negative_energy": lambda facts: facts.line.measured < 0,
    "period_order": _noted("periods_out_of_order"),
    "wrap_weekday": _restricted(_wraps_with_days),
    "dst_clock": lambda facts: facts.clock_changed and any(map(_is_by_clock, facts.considered)),
    "flat_cost_field": _in_parking_element,
    "duplicate_component": _is_twice,
    "tax_included_math": lambda facts: facts.tariff.tax_included is TaxIncluded.YES,
    "empty_date_window": _restricted(
        lambda one: one.start_date is not None and one.start_date == one.end_date
    ),
    "day_end_2359": _restricted(lambda one: _minute(one.end_time) == time(23, 59)),
    "time_with_seconds": _restricted(
        lambda one: one.end_time is not None and one.end_time.second > 0
    ),
}
"""Policy -> whether its question arose on a line."""

ON_TOTAL: dict[str, frozenset[str]] = {
    "money_rounding": frozenset({_ROUNDED}),
    "rounding_unit": frozenset({_ROUNDED}),
    "clamp_tax": frozenset({"total_clamped"}),
    "limit_tariff": frozenset({"limits_from_start_tariff"}),
    "total_time_source": frozenset({"periods_disagree_with_stamps"}),
    "zone_source": frozenset({"zone_from_configuration"}),
    "unpriced_dimension": frozenset({"no_price_component"}),
    "list_restrictions": frozenset({"restrictions_as_list"}),
    "lenient_number": frozenset({"string_number"}),
    "unknown_fields": frozenset({"unexpected_field"}),
}
"""Policy -> the notes that say its question arose on the whole."""


def _minute(clock: time | None) -> time | None:
    return None if clock is None else clock.replace(second=0)
