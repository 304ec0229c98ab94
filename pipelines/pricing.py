"""Many sessions priced at once, by either of the two engines.

`bulk` reckons over columns, `single` one session after another. Runs derive with the first, replay
checks with the other: each invoice is reckoned twice, by code that shares no arithmetic.
"""

import logging
from collections.abc import Sequence
from typing import Literal

from polars.exceptions import PolarsError

from billing.bulk import Asked, RangeError, price_all, receipts, sheet_of
from billing.cdr import CDR, Ready, Rejection, billed, derive
from billing.receipt import Receipt

Engine = Literal["bulk", "single"]
TooWide = RangeError | PolarsError
Refused = ArithmeticError | ValueError | PolarsError

_LOGGER = logging.getLogger("wattproof.pricing")

AT_ONCE = 5_000
"""Sessions, and then CDRs, that stand in memory as objects before they become columns."""


def priced(found: Sequence[Ready | Rejection], engine: Engine) -> list[CDR | Rejection]:
    """The CDR of each that is ready, or why there is none; in the order given."""
    if engine == "single":
        return [one if isinstance(one, Rejection) else _single(one) for one in found]
    readies = [one for one in found if isinstance(one, Ready)]
    made = iter(_in_bulk(readies))
    return [one if isinstance(one, Rejection) else _billed(one, next(made)) for one in found]


def _single(one: Ready) -> CDR | Rejection:
    return derive(one.session, one.context, one.policy)


def _billed(one: Ready, receipt: Receipt | Refused) -> CDR | Rejection:
    """The CDR of a receipt; where the columns refused, what the other engine says of it.

    That one may price what no column holds; that such a CDR was reckoned once is said to whoever
    runs this. What is refused for any other reason it refuses too: else the two disagree, which is
    a fault of ours, and the run stops.
    """
    if isinstance(receipt, Receipt):
        return billed(one, receipt)
    found = _single(one)
    if isinstance(receipt, TooWide) and isinstance(found, CDR):
        _LOGGER.warning("session %s is reckoned by one engine only: %s", one.session.id, receipt)
    agreed = isinstance(receipt, TooWide) or isinstance(found, Rejection)
    assert agreed, f"{one.session.id}: priced by one engine only: {receipt}"
    return found


def _in_bulk(found: Sequence[Ready]) -> list[Receipt | Refused]:
    """The receipt of each, or why the columns refuse it.

    One session refuses its whole sheet: it is halved until the others are through.
    """
    if not found:
        return []
    asked = [
        Asked(
            str(number),
            one.periods,
            (one.tariff,),
            one.zone,
            one.session.start_at,
            one.session.end_at,
            one.policy,
        )
        for number, one in enumerate(found)
    ]
    try:
        return [receipt for _, receipt in receipts(price_all(sheet_of(asked)))]
    except (ArithmeticError, ValueError, PolarsError) as refusal:
        if len(found) == 1:
            return [refusal]
        half = len(found) // 2
        return _in_bulk(found[:half]) + _in_bulk(found[half:])
