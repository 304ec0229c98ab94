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

    flat_scope: Literal["phase", "session", "activation"] = "phase"
    """FLAT is charged once per phase (reservation, session), once altogether, or each time another
    FLAT begins to apply."""
    element_choice: Literal["per_dimension", "per_element"] = "per_dimension"
    """Whether each dimension looks for its own element, or the first element that applies counts
    for all (as 2.1.1 can be read)."""
    period_spans_price_change: Literal["price_at_start", "split_by_time"] = "price_at_start"
    """A period that crosses a price change keeps the price of its start, with a note; or it is
    split there, its volumes shared in proportion to time and marked imputed."""
    period_without_tariff: Literal["first_valid", "free"] = "first_valid"
    """A period that names no tariff: the first valid one counts, or none is relevant."""
    equal_window: Literal["whole_day", "never"] = "whole_day"
    """What start_time == end_time means."""
    zero_step: Literal["no_rounding", "one"] = "no_rounding"
    """step_size 0: the quantity as it is, or whole Wh and seconds."""
    step_scope: Literal["session", "period"] = "session"
    """Whether blocks are filled once per session, or in each period (as 2.1.1 can be read)."""
    time_step_target: Literal["parking_when_priced", "last_priced"] = "parking_when_priced"
    """Which time is rounded up where TIME and PARKING_TIME are both priced."""
    step_counts_unpriced: Literal["no", "yes"] = "no"
    """Whether volume without a price fills a step."""
    reservation_step_budget: Literal["separate", "shared"] = "separate"
    """Whether reserved time is rounded by itself or together with charging time."""
    missing_bound: Literal["other_bound", "unsatisfied", "satisfied"] = "other_bound"
    """A power or current restriction meets a period that lacks the bound it asks for."""
    straddling_bound: Literal["min_to_min_max_to_max", "highest"] = "min_to_min_max_to_max"
    """MIN and MAX of a period lie on both sides of a threshold: min_x looks at MIN, max_x at MAX;
    or both look at MAX."""
    duration_origin: Literal["session_start", "first_period"] = "session_start"
    """Where min_duration and max_duration are counted from."""
    vat_missing: Literal["no_vat_applies", "zero_rate"] = "no_vat_applies"
    """A component without vat: no tax line, which is not a rate of 0 percent; or just that."""
    money_rounding: Literal[
        "half_away_from_zero", "half_even", "half_toward_zero", "away_from_zero", "toward_zero"
    ] = "half_away_from_zero"
    """How the totals are rounded: once, at the very end."""
    rounding_unit: Literal["minor_unit", "four_decimals", "five_hundredths"] = "minor_unit"
    """To what: the currency's minor unit (ISO 4217), OCPI's four decimals, or 0.05 (cash in CHF).
    """
    clamp_tax: Literal["scaled", "one_line"] = "scaled"
    """min_price or max_price decides: taxes are scaled so that they sum to after minus before; or
    the difference stands on one line without a rate."""
    limit_tariff: Literal["at_start", "at_end"] = "at_start"
    """Whose limits count where several tariffs were used."""
    volume_rounding: Literal["exact", "four_decimals", "period_span"] = "exact"
    """kWh and hours are priced as stated; or first rounded to the wire's four decimals; or a stated
    time that is its period's own span but for less than 0.0001 h is that span: 0.6667 h from 12:00
    to 12:40 are 40 minutes."""
    negative_energy: Literal["not_credited", "credited"] = "not_credited"
    """Whether energy fed back into the grid earns money at the price of energy drawn."""
    total_time_source: Literal["stamps", "periods"] = "stamps"
    """Total time runs from the first to the last stamp of the CDR, or is what its periods sum to.
    """
    period_order: Literal["as_given", "by_start"] = "as_given"
    """Periods out of order are noted and priced as given, or in the order of their starts."""
    wrap_weekday: Literal["instant", "window_start"] = "instant"
    """Which weekday counts after midnight inside a window that wraps."""
    dst_clock: Literal["clock_as_shown", "offset_at_start"] = "clock_as_shown"
    """On the days the clock changes, restrictions follow the clock on the wall, or one that is not
    set until the session is over."""
    flat_cost_field: Literal["by_element", "fixed"] = "by_element"
    """FLAT of a parking-only element is a parking cost, of a reservation a reservation cost."""
    duplicate_component: Literal["first", "last"] = "first"
    """Which counts where one element prices one dimension twice."""
    tax_included_math: Literal["net_from_gross", "tax_on_top"] = "net_from_gross"
    """Prices with tax: net = gross / (1 + vat), and without a rate the net cannot be told apart; or
    tax is added as if they were net (wrong, and seen)."""
    empty_date_window: Literal["never", "same_day"] = "never"
    """What start_date == end_date means."""
    day_end_2359: Literal["literal", "as_2400"] = "literal"
    """Whether an end_time of 23:59 leaves the last minute of the day out."""
    time_with_seconds: Literal["to_the_second", "whole_minute"] = "to_the_second"
    """Whether an end_time of 19:59:59 leaves a second out, or means the whole minute."""
    zone_source: Literal["location_then_site", "site_then_location"] = "location_then_site"
    """Whether Location.time_zone or the configured zone of the site counts where both are known;
    with neither a session is refused, never guessed."""
    unpriced_dimension: Literal["free_with_note", "held"] = "free_with_note"
    """Energy the tariff prices at other times, but not here and now: free, or no CDR is made."""
    list_restrictions: Literal["one_entry", "refused"] = "one_entry"
    """Restrictions in a list: one entry counts as that object, or the tariff is refused."""
    lenient_number: Literal["accepted", "refused"] = "accepted"
    """A price in quotes."""
    unknown_fields: Literal["no_effect", "refused"] = "no_effect"
    """Fields the version does not have, such as a vendor's own or a misspelt name."""

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
