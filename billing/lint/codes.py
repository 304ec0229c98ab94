"""Every code that linting a tariff can give: how grave it is, what it means, where it comes from.

One table for what the domain model shows and for what only the published object shows. An error
makes money wrong (or keeps the tariff from being priced at all), a warning may, an info can't.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Severity(StrEnum):
    """What a finding does to the money."""

    ERROR = "error"
    """Somebody pays a wrong amount, or the tariff can't be priced."""
    WARNING = "warning"
    """Probably not what was meant, or read differently by partners."""
    INFO = "info"
    """Worth knowing; the price is as published."""


class Code(NamedTuple):
    """`meaning` is one line for people; `source` the clause, discussion or field it rests on."""

    severity: Severity
    meaning: str
    source: str


_TARIFF = "OCPI mod_tariffs, Tariff"
_ELEMENT = "OCPI mod_tariffs, TariffElement"
_COMPONENT = "OCPI mod_tariffs, PriceComponent"
_LIMITS = "OCPI mod_tariffs, TariffRestrictions"
_TYPES = "OCPI types"
_SEEN = "seen in published tariffs"

_ERRORS = {
    "not_json": ("the text is not JSON", "RFC 8259"),
    "duplicate_field": ("a field stands twice in one object: which counts?", "RFC 8259 section 4"),
    "required_field": ("a required field is missing", "OCPI, field tables of each version"),
    "unreadable": ("a value cannot be understood: the tariff is refused", "OCPI, field tables"),
    "misspelt_field": ("an unknown field where a known one is missing: no effect", _SEEN),
    "restriction_not_in_version": ("a restriction the version lacks: it has no effect", _LIMITS),
    "weekday_case": ("a day's name in lower case: strict partners refuse it", "OCPI, DayOfWeek"),
    "weekday_unknown": ("a day's name that is none", "OCPI, DayOfWeek"),
    "unreachable_element": ("no component of the element can ever be chosen", _ELEMENT),
    "dead_component": ("a component that is never chosen, at another price", _ELEMENT),
    "late_flat": ("a FLAT that begins later than another that is always charged", _ELEMENT),
    "impossible_restriction": ("restrictions that exclude each other", _LIMITS),
    "max_restriction_zero": ("an upper bound of zero or below: never met", _LIMITS),
    "empty_date_window": ("start_date equals end_date, which is exclusive: no day", _LIMITS),
    "reservation_dimension": ("a reservation prices more than FLAT and TIME", _LIMITS),
    "dynamic_without_fallback": ("dated elements only: free when the last has passed", _SEEN),
    "never_active": ("the tariff's own validity is empty or over", _TARIFF),
    "validity_reversed": ("start_date_time is later than end_date_time", _TARIFF),
    "price_limits_cross": ("min_price is above max_price", _TARIFF),
    "limit_below_its_net": ("a price limit is lower after tax than before it", _TARIFF),
    "currency_unknown": ("no currency of ISO 4217: nothing can be priced", "ISO 4217"),
    "negative_step_size": ("a step_size below zero", _COMPONENT),
    "vat_impossible": ("a price cannot include a tax of −100 % or less", _COMPONENT),
}

_WARNINGS = {
    "unexpected_field": ("a field that the version does not have: no effect", "OCPI, field tables"),
    "wrong_type": ("a value of another type than the field's, not used", "OCPI, field tables"),
    "unknown_value": ("a value that the field's list does not have", "OCPI, enumerations"),
    "too_long": ("more characters than the field holds", "OCPI, field tables"),
    "timestamp_form": ("an instant that is not written in UTC as …Z", _TYPES),
    "number_as_text": ("a number where a text belongs", _TYPES),
    "integer_form": ("a whole number written with decimals", _TYPES),
    "price_shape": ("a price in the shape of another OCPI version", "OCPI, Price"),
    "string_number": ("a number sent as text", _TYPES),
    "time_form": ("a clock time that is not HH:MM", _LIMITS),
    "restrictions_as_list": ("restrictions sent as a list instead of an object", _SEEN),
    "duplicate_dimension": ("an element prices one dimension twice: the first counts", "ocpi#402"),
    "day_end_gap": ("a window ends a minute or a second early: a hole before the next", _SEEN),
    "nothing_priced_by_use": ("no price for energy or time at all, only FLAT", _TARIFF),
    "dimension_not_exhaustive": ("a dimension is free at some hours, days or energies", _ELEMENT),
    "dates_outside_validity": ("an element's dates lie outside the tariff's validity", _TARIFF),
    "element_choice_matters": ("2.1.1: choosing by element gives another price", "OCPI 2.1.1"),
    "tax_rate_without_tax": ("vat although tax_included says N/A: it is ignored", "OCPI 2.3.0"),
    "tax_included_without_rate": ("a gross price without its rate: no net", "OCPI 2.3.0"),
    "implausible_vat": ("a tax rate that no country has", _COMPONENT),
    "uneven_vat": ("some prices have a vat and others none", "ocpi#409"),
    "implausible_price": ("a price outside the range usual for its dimension", _SEEN),
    "currency_case": ("a currency that is not in upper case", "ISO 4217"),
    "country_case": ("a country code that is not in upper case", "ISO 3166-1"),
    "country_alpha3": ("a country code of three letters where two belong", "ISO 3166-1"),
    "country_form": ("a country code that is not two letters", "ISO 3166-1"),
    "party_id_form": ("a party id that is not three letters or digits", "ISO 15118, OCPI Tariff"),
    "text_price_mismatch": ("the text names an amount that no component has", _SEEN),
}

_INFOS = {
    "needless_null": ("null where absence would do", _TYPES),
    "empty_restrictions": ("restrictions that restrict nothing", _ELEMENT),
    "redundant_component": ("a component that is never chosen, at the price that is", _ELEMENT),
    "unused_fallback": ("a fallback to which the elements before it leave nothing", _ELEMENT),
    "reach_undecided": ("too many restrictions to decide which elements can apply", _ELEMENT),
    "whole_day_window": ("start_time equals end_time: the whole day", _LIMITS),
    "wrapped_window_days": ("days and a window over midnight: which hours apply", _LIMITS),
    "partly_free": ("a dimension other than energy is free for a while", _ELEMENT),
    "free_of_charge": ("every price is zero", _TARIFF),
    "zero_step_size": ("step_size 0: read as no rounding", _COMPONENT),
    "flat_step_size": ("a step_size on FLAT has no meaning", _COMPONENT),
    "unused_time_step_size": ("TIME is not rounded where parking was priced", _COMPONENT),
    "uses_date_restrictions": ("absolute dates: the prices change by themselves", _LIMITS),
    "dates_over": ("an element whose dates have passed", _LIMITS),
    "beyond_four_decimals": ("more than four decimals: partners may round", _TYPES),
}

CODES = MappingProxyType(
    {
        code: Code(severity, *row)
        for severity, rows in (
            (Severity.ERROR, _ERRORS),
            (Severity.WARNING, _WARNINGS),
            (Severity.INFO, _INFOS),
        )
        for code, row in rows.items()
    }
)
"""Code -> severity, meaning, source; the gravest first."""
