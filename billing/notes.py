"""Notes: what a reader of a total must know, by stable codes.

Knows codes and the sentences behind them. Refuses to decide anything: a note changes no amount.
"""

from billing.mould import mould
from billing.receipt import Note

_new_note = mould(Note)

NOTE_CODES = {
    "element_choice_differs": "choosing whole elements, as 2.1.1 can be read, gives another price",
    "limits_from_start_tariff": "several tariffs were used; the limits are those of one",
    "negative_energy": "energy was fed back and is not credited",
    "negative_tax": "the price limits leave less after tax than before it",
    "negative_time": "a time below zero was stated and is not priced",
    "no_price_component": "a dimension the tariff prices is free here",
    "period_spans_price_change": "a price changes within a period",
    "period_without_tariff": "a period names no tariff",
    "periods_disagree_with_stamps": "the periods do not span the session exactly",
    "periods_out_of_order": "a period starts before the one before it ends",
    "periods_outside_validity": "a tariff was used outside its own validity",
    "reservation_and_time_steps": "reserved and charging time are both billed in blocks",
    "several_versions": "several versions of a tariff are valid at once; the first is used",
    "step_flip_by_rounding": "the four decimals of a stated time may have changed the block count",
    "step_once_per_session": "2.1.1 does not say that blocks are filled once per session",
    "straddling_bound": "power or current crossed a restriction's threshold within a period",
    "tax_included_without_rate": "prices include tax at an unknown rate",
    "time_step_target": "charging went on after parking",
    "total_clamped": "min_price or max_price decides the total",
    "unattributed_tax": "a price limit sets a tax that no component has a rate for",
    "unknown_bound": "a power or current restriction met a period without a measured value",
    "unknown_tariff": "a period names a tariff that was not given",
}
"""Every code a receipt may carry, and what it says in general."""


class Notes:
    """Notes by code and period, each once."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, int], Note] = {}

    def add(self, code: str, message: str, period: int = -1) -> None:
        """Keep the first message of each code and period."""
        assert code in NOTE_CODES, f"{code} is not in the table"
        key = (code, period)
        if key not in self.found:
            self.found[key] = _new_note(code, message, period)
