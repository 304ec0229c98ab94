"""Every cause that verifying a CDR can give: how it stands to the claim, and what it means.

One table for what the core finds and for what only the wire object, its signatures or a batch show.
A policy that gives the claim is its own cause: `step_scope=period`, pairs joined by ` + `.
"""

from types import MappingProxyType
from typing import NamedTuple

from billing.verify.mistakes import CASES, TAXES
from billing.verify.report import Kind


class Cause(NamedTuple):
    """`meaning` is one line for people; `kind` what a row with it is."""

    kind: Kind
    meaning: str


_POLICY = {
    "POLICY=ANSWER": "another answer to what OCPI leaves open gives it: see wattproof policy list",
}

_MISTAKES = {
    **{code: meaning for code, meaning, _ in (*CASES, *TAXES)},
    "flat_left_out": "a FLAT is not billed",
    "energy_left_out": "energy is not billed",
    "time_left_out": "charging time is not billed",
    "component_left_out": "one of several components of a dimension is not billed",
    "tariff_version": "priced by another version of the tariff",
    "other_tariff": "priced by another tariff of the CDR, or that we hold",
    "time_zone": "restrictions are read by another clock than the site's",
    "currency_differs": "the CDR is in another currency than its tariff: all of it is at stake",
    "duplicate_cdr": "the CDR came before in the same batch: nothing is owed for it again",
    "reservation_left_out": "total_time leaves reserved time out",
    "charging_only": "total_time counts only charging",
}

_UNEXPLAINED = {
    "unexplained": "no policy, no pair of policies and no known mistake gives the claim",
    "total_alone": "every part cost is right, only the total is not",
    "other_price": "as if another price had counted, which the sentence names",
    "unknown_tariff": "periods name a tariff that nobody has: another one stood in",
    "energy_not_of_periods": "total_energy and the energies of the periods disagree",
    "time_not_of_stamps": "total_time and the time from start to end disagree",
    "parking_not_of_periods": "total_parking_time and the parked times of the periods disagree",
    "tax_of_rate": "a rate has another share of the taxes than its lines give",
    "negative_tax": "an amount is less after tax than before tax",
    "tax_above_its_percentage": "a tax is more than its percentage of the price",
    "parts_not_total": "the part costs do not sum to the total",
    "tariff_differs": "the CDR's copy of the tariff differs from the version we hold",
    "period_before_start": "a period starts before the session",
    "period_after_end": "a period starts after the session ended",
    "period_unordered": "a period starts before the one before it",
    "period_empty": "a period starts together with the one before it",
    "period_late": "the time before the first period is in none",
    "placeholder_stamp": "an instant that stands for one nobody knows",
    "stamp_after_sale": "an instant later than the CDR's own last update",
    "negative_duration": "the session ends before it starts",
    "power_impossible": "more energy than the connector can deliver in the time",
    "period_power_impossible": "a period with more energy than its power gives",
    "time_without_energy": "charging time costs money, yet no energy was delivered",
    "signed_energy_differs": "the signed registers give another energy than total_energy",
    "signature_invalid": "a signature is not valid by the key",
    "signature_unreadable": "a signature cannot be decoded",
}

_NOT_CHECKED = {
    "unreadable": "the CDR, or what a price needs of it, cannot be read",
    "unknown_dimension": "a period states a dimension that OCPI does not have: no price is sure",
    "tariff_missing": "the CDR carries no tariff and none was given",
    "zone_unknown": "the CDR names no time zone and none was given",
    "currency_unknown": "a currency that ISO 4217 does not have",
    "not_priceable": "the tariff cannot price the session",
    "not_stated": "the CDR leaves the field out",
    "after_tax_not_stated": "the CDR states no price after tax, the tariff has taxes",
    "no_energy_periods": "no period states energy to compare total_energy with",
    "no_time_periods": "no period states time to compare total_parking_time with",
    "tariff_not_held": "the tariff is not among those we hold: priced by the CDR's own copy",
    "no_signed_values": "the CDR carries no signed meter values",
    "signed_not_read": "signed values that are no OCMF",
    "signed_incomplete": "signed values without a reading at the begin or the end",
    "signature_not_ocmf": "a signed value that is no plain OCMF",
    "signature_not_checked": "a signature of a kind that is not known here",
    "no_public_key": "no public key to check a signature with",
}

CAUSES = MappingProxyType(
    {
        code: Cause(kind, meaning)
        for kind, rows in (
            (Kind.POLICY, _POLICY),
            (Kind.MISTAKE, _MISTAKES),
            (Kind.UNEXPLAINED, _UNEXPLAINED),
            (Kind.NOT_CHECKED, _NOT_CHECKED),
        )
        for code, meaning in rows.items()
    }
)
"""Cause -> kind and meaning. `negative_duration` keeps money from being checked besides."""
