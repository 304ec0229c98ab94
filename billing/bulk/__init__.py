"""Pricing in bulk: millions of sessions over columns, equal to `billing.price` to the last digit.

    sheet = sheet_of([Asked(key, periods, tariffs, zone, start_at, end_at, policy), …])
    priced = price_all(sheet)              # frames: lines, totals, taxes, groups, notes
    for key, receipt in receipts(priced):  # each == price(…)
        …
    for priced in price_each(sheets):      # sheet after sheet, in the memory of one

A second, independent calculation: an invoice that both agree on was reckoned twice.
"""

from billing.bulk.priced import Priced, receipts
from billing.bulk.pricing import price_all, price_each
from billing.bulk.sheet import Asked, Sheet, sheet_of
from billing.bulk.whole import RangeError

__all__ = [
    "Asked",
    "Priced",
    "RangeError",
    "Sheet",
    "price_all",
    "price_each",
    "receipts",
    "sheet_of",
]
