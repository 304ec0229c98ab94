"""Whose tariff it is, and in which money: country, party and currency codes.

Knows the form of ISO 3166-1 and party ids, and the currencies of `billing.money`.
"""

import re
from collections.abc import Iterator

from billing.lint.finding import Finding
from billing.lint.subject import Subject
from billing.money import UnknownCurrency, exponent

_PARTY = re.compile(r"[A-Za-z0-9]{3}")
_CODES = """
NLD NL BEL BE DEU DE FRA FR LUX LU GBR GB IRL IE ESP ES PRT PT ITA IT CHE CH AUT AT DNK DK SWE SE
NOR NO FIN FI ISL IS POL PL CZE CZ SVK SK HUN HU ROU RO BGR BG GRC GR SVN SI HRV HR EST EE LVA LV
LTU LT USA US CAN CA AUS AU NZL NZ TUR TR SRB RS CYP CY MLT MT UKR UA ISR IL ARE AE
"""
_ALPHA2 = dict(zip(_CODES.split()[::2], _CODES.split()[1::2], strict=True))
"""The code of three letters -> the one of two, for countries where cars charge abroad."""


def party(subject: Subject) -> Iterator[Finding]:
    """Findings about country_code, party_id and currency, where they are given."""
    if subject.tariff.country_code and subject.sure("/country_code"):
        yield from _country(subject.tariff.country_code)
    name = subject.tariff.party_id
    if name and subject.sure("/party_id") and not _PARTY.fullmatch(name):
        text = f"{name[:40]!r} is not three letters or digits"
        yield Finding("party_id_form", "/party_id", text, "the id without country and separators")
    if subject.sure("/currency"):
        yield from _currency(subject.tariff.currency)


def _country(code: str) -> Iterator[Finding]:
    at, upper = "/country_code", code.upper()
    if len(code) == 3 and code.isascii() and code.isalpha():
        text = f"{code} is the code of three letters"
        yield Finding("country_alpha3", at, text, _ALPHA2.get(upper, "the code of two letters"))
    elif not (len(code) == 2 and code.isascii() and code.isalpha()):
        text = f"{code[:40]!r} is not two letters"
        yield Finding("country_form", at, text, "the code of two letters, such as NL")
    elif code != upper:
        yield Finding("country_case", at, f"{code} is not in upper case", upper)


def _currency(code: str) -> Iterator[Finding]:
    try:
        exponent(code.upper())
    except UnknownCurrency:
        text = f"{code[:40]!r} is no currency of ISO 4217: nothing can be priced"
        yield Finding("currency_unknown", "/currency", text, "three letters, such as EUR")
        return
    if code != code.upper():
        yield Finding("currency_case", "/currency", f"{code} is not in upper case", code.upper())
