"""What a language is to an explanation: how it writes numbers and times, and its sentences.

Knows the form of the tables. Every language has the same keys, and in each sentence the same
places; a test holds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """One language. Sentences hold places such as `{energy}`, which figures fill.

    `on_days` is how a weekday reads in "on Mondays", `first_of_month` how the first day of a month
    reads ("" as a number). `policies` are by name and answer of `PricingPolicy`, `notes` by code.
    """

    code: str
    decimal: str
    group: str
    money: str
    """Places: amount, sign, symbol."""
    money_by_code: str
    """The same, where the currency has only its three letters."""
    percent: str
    date: str
    day_month: str
    clock: str
    clock_seconds: str
    hours: str
    weekdays: tuple[str, ...]
    on_days: tuple[str, ...]
    months: tuple[str, ...]
    first_of_month: str
    phrases: Mapping[str, str]
    notes: Mapping[str, str]
    policies: Mapping[str, Mapping[str, str]]
