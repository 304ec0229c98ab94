"""A CDR's price in words: `billing.explain` on what was read and priced.

Knows which note of a wire object is one of the receipt. Refuses to word anything itself.
"""

from dataclasses import asdict
from typing import Any

from billing.explain import LANGUAGES, Explanation, Subject
from billing.explain import explain as in_words
from billing.receipt import Amount
from ingest.protocols.ocpi import Wire
from wattproof.pricing.price import Priced, priced
from wattproof.pricing.reading import Policy, Tariffs, parsed, reading
from wattproof.refusals import RefusalError


def explain(
    cdr: Wire | str | bytes,
    language: str = "en",
    *,
    tariff: Tariffs = None,
    time_zone: str | None = None,
    policy: Policy = None,
    ocpi: str = "",
) -> Explanation:
    """Why a CDR costs what it costs, in a language (en, de, nl, fr). Options as of `price`.

    Render it with `explanation_text` or `explanation_markdown`. Raises UnpriceableError or
    RefusalError.
    """
    wire = parsed(cdr)
    read = reading(wire, tariff=tariff, time_zone=time_zone or "", policy=policy, ocpi=ocpi)
    states = wire.get("total_cost") is not None
    return explained(priced(read), language, claimed=read.cdr.receipt.total if states else None)


def explained(
    priced: Priced, language: str = "en", *, claimed: Amount | None = None
) -> Explanation:
    """The explanation of a price; `claimed` is the total that its CDR states, where that is known.

    Raises RefusalError for a language there is not.
    """
    known = language.lower().partition("-")[0]
    if known not in LANGUAGES:
        raise RefusalError(
            f"there is no language {language[:20]!r}", f"choose one of {', '.join(LANGUAGES)}"
        )
    cdr = priced.cdr
    own = {(one.code, one.message) for one in priced.receipt.notes}
    subject = Subject(
        id=cdr.id,
        receipt=priced.receipt,
        tariffs=cdr.tariffs,
        periods=cdr.periods,
        zone=priced.zone,
        start_at=cdr.start_at,
        end_at=cdr.end_at,
        energy_kwh=cdr.total_energy_kwh,
        time_h=cdr.total_time_h,
        noted=tuple(
            (one.code, one.pointer) for one in priced.notes if (one.code, one.message) not in own
        ),
        credit=cdr.credit,
        claimed=claimed,
    )
    return in_words(subject, known)


def as_data(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain data; numbers are Decimal."""
    return asdict(explanation)
