"""What OCPI leaves open, decided by name: every ambiguity of the specification is a field here.

The defaults are ours. A receipt records the whole set, so that a replay repeats the decision and a
dispute becomes a question of settings. Knows no tariff and no session.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints


@dataclass(frozen=True, slots=True)
class PricingPolicy:
    """One answer per open question. Selectable per partner; the names never change."""

    flat_scope: Literal["phase", "session"] = "phase"
    """FLAT is charged once per phase (reservation, session), or once altogether."""
    period_spans_price_change: Literal["price_at_start"] = "price_at_start"
    """A period that crosses a price change keeps the price of its start, with a note."""
    equal_window: Literal["whole_day", "never"] = "whole_day"
    """What start_time == end_time means."""
    zero_step: Literal["no_rounding"] = "no_rounding"
    """step_size 0."""
    time_step_target: Literal["parking_when_priced", "last_priced"] = "parking_when_priced"
    """Which time is rounded up where TIME and PARKING_TIME are both priced."""
    step_counts_unpriced: Literal["no", "yes"] = "no"
    """Whether volume without a price fills a step."""
    reservation_step_budget: Literal["separate", "shared"] = "separate"
    """Whether reserved time is rounded by itself or together with charging time."""
    missing_bound: Literal["other_bound", "unsatisfied", "satisfied"] = "other_bound"
    """A power or current restriction meets a period that lacks the bound it asks for."""
    straddling_bound: Literal["min_to_min_max_to_max"] = "min_to_min_max_to_max"
    """MIN and MAX of a period lie on both sides of a threshold: min_x looks at MIN, max_x at MAX.
    """
    duration_origin: Literal["session_start", "first_period"] = "session_start"
    """Where min_duration and max_duration are counted from."""
    vat_missing: Literal["no_vat_applies"] = "no_vat_applies"
    """A component without vat: no tax line, which is not a rate of 0 percent."""
    money_rounding: Literal[
        "half_away_from_zero", "half_even", "half_toward_zero", "away_from_zero", "toward_zero"
    ] = "half_away_from_zero"
    """How the totals are rounded to the currency's minor unit: once, at the very end."""
    clamp_tax: Literal["scaled"] = "scaled"
    """min_price or max_price decides: taxes are scaled so that they sum to after minus before."""
    limit_tariff: Literal["at_start"] = "at_start"
    """Whose limits count where several tariffs were used."""
    volume_rounding: Literal["exact", "four_decimals"] = "exact"
    """Whether kWh and hours are rounded to the wire's four decimals before they are priced."""
    negative_energy: Literal["not_credited", "credited"] = "not_credited"
    """Whether energy fed back into the grid earns money at the price of energy drawn."""
    total_time_source: Literal["stamps"] = "stamps"
    """Total time runs from the first to the last stamp of the CDR, whatever its periods say."""
    period_order: Literal["as_given"] = "as_given"
    """Periods out of order are noted, never reordered."""
    wrap_weekday: Literal["instant", "window_start"] = "instant"
    """Which weekday counts after midnight inside a window that wraps."""
    dst_clock: Literal["clock_as_shown"] = "clock_as_shown"
    """On the days the clock changes, restrictions follow the clock on the wall."""
    flat_cost_field: Literal["by_element", "fixed"] = "by_element"
    """FLAT of a parking-only element is a parking cost, of a reservation a reservation cost."""
    duplicate_component: Literal["first"] = "first"
    """One element prices one dimension twice."""
    tax_included_math: Literal["net_from_gross"] = "net_from_gross"
    """Prices with tax: net = gross / (1 + vat); without a rate the net cannot be told apart."""
    empty_date_window: Literal["never", "same_day"] = "never"
    """What start_date == end_date means."""
    day_end_2359: Literal["literal", "as_2400"] = "literal"
    """Whether an end_time of 23:59 leaves the last minute of the day out."""
    zone_source: Literal["location_then_site"] = "location_then_site"
    """Location.time_zone, else the configured zone of the site, else refused; never guessed."""
    unpriced_dimension: Literal["free_with_note"] = "free_with_note"
    """A dimension the tariff prices elsewhere, but not here and now."""

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every (name, decision), in the order above: what a receipt records."""
        return tuple((item.name, getattr(self, item.name)) for item in fields(self))


DEFAULT_POLICY = PricingPolicy()


def policy_from(pairs: Iterable[tuple[str, str]]) -> PricingPolicy:
    """The policy with the decisions given, the rest by default. Raises ValueError by name."""
    hints = get_type_hints(PricingPolicy)
    chosen: dict[str, Any] = {}
    for name, decision in pairs:
        if name not in hints:
            raise ValueError(f"no pricing policy is called {name!r}")
        if decision not in get_args(hints[name]):
            choices = ", ".join(get_args(hints[name]))
            raise ValueError(f"{name}: {decision!r} is not one of {choices}")
        chosen[name] = decision
    return PricingPolicy(**chosen)
