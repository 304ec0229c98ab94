"""Tax rates of components, and what tax_included makes of them.

OCPI 2.3.0 mod_tariffs, Tariff.tax_included; a component without vat has no tax at all (ocpi#409).
"""

from collections.abc import Iterator
from decimal import Decimal

from billing.lint.finding import Finding
from billing.lint.subject import Part, Subject
from billing.tariff import TaxIncluded

_HIGHEST = Decimal(35)
"""Percent; no value added or sales tax on charging is higher."""
_ALL_OF_IT = Decimal(-100)


def tax(subject: Subject) -> Iterator[Finding]:
    """Findings about rates; none where tax_included was not understood."""
    rated = [(part, part.rule.vat) for part in subject.parts if part.rule.vat is not None]
    for part, vat in rated:
        yield from _rate(part, vat)
    if not subject.sure("/tax_included"):
        return
    included = subject.tariff.tax_included
    if included is TaxIncluded.NOT_APPLICABLE:
        for part, vat in rated:
            text = f"vat {vat} although tax_included is N/A: it is ignored"
            advice = "leave vat out, or say YES or NO in tax_included"
            yield Finding("tax_rate_without_tax", part.at("vat"), text, advice)
    elif included is TaxIncluded.YES:
        yield from _included(subject)
    elif rated:
        yield from _uneven(subject)


def _included(subject: Subject) -> Iterator[Finding]:
    """Prices that include a tax which nobody can take out of them again."""
    for part in subject.parts:
        vat = part.rule.vat
        if vat is None and part.rule.price:
            text = "the price includes tax, but no rate is given: its net cannot be told"
            yield Finding("tax_included_without_rate", part.at("vat"), text, "give vat")
        elif vat is not None and vat <= _ALL_OF_IT:
            text = f"a price cannot include {vat} % of tax: nothing can be priced"
            yield Finding("vat_impossible", part.at("vat"), text, "correct vat")


def _rate(part: Part, vat: Decimal) -> Iterator[Finding]:
    if vat < 0 or vat > _HIGHEST:
        text = f"a tax rate of {vat} % is not plausible"
        yield Finding("implausible_vat", part.at("vat"), text, "vat is a percentage, such as 21")
    elif 0 < vat < 1:
        text = f"vat {vat} is {vat} percent, not {(vat * 100).normalize():f}"
        advice = f"vat {(vat * 100).normalize():f}, if that is meant"
        yield Finding("implausible_vat", part.at("vat"), text, advice)


def _uneven(subject: Subject) -> Iterator[Finding]:
    """A price without vat beside others with it: it is taxed with nothing."""
    priced = [part for part in subject.parts if part.rule.price]
    without = [part for part in priced if part.rule.vat is None]
    if without and any(part.rule.vat for part in priced):
        text = f"{len(without)} of {len(priced)} prices have no vat: no tax is charged on them"
        yield Finding("uneven_vat", without[0].at("vat"), text, "give every price its vat")
