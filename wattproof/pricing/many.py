"""Prices of many CDRs, one after the other: what the batch and the data frame are made of.

One CDR that cannot be priced is a value in its place, and the others go on. One that came before is
priced and noted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ingest.protocols.ocpi import Note, Wire
from wattproof.pricing.price import Priced, priced
from wattproof.pricing.reading import Policy, Tariffs, chosen, parsed, reading, tariffs_of
from wattproof.pricing.repeats import CODE, Repeats, id_of, rows_of
from wattproof.refusals import RefusalError


def price_many(
    cdrs: Iterable[Wire | str | bytes],
    *,
    tariff: Tariffs = None,
    time_zone: str | None = None,
    policy: Policy = None,
    ocpi: str = "",
    places: Iterable[str] | None = None,
) -> Iterator[Priced | RefusalError]:
    """For each CDR (JSON text or object) its price, or why there is none. Options as of `price`.

    `places` are what notes call them: `line 7`, else `row 0` and so on. A refusal's `about` is the
    CDR's id. Raises RefusalError at once for a policy that does not exist, and for a tariff that is
    no object.
    """
    decided, given, repeats = chosen(policy), tariffs_of(tariff), Repeats()

    def one(cdr: Wire | str | bytes, place: str) -> Priced | RefusalError:
        name = ""
        try:
            wire = parsed(cdr)
            name, again = id_of(wire), repeats.told(wire, place)
            read = reading(wire, tariff=given, time_zone=time_zone or "", ocpi=ocpi, policy=decided)
            found = priced(read)
        except RefusalError as refusal:
            refusal.about = name
            return refusal
        noted = (*found.notes, Note(CODE, "/id", again)) if again else found.notes
        return replace(found, notes=noted)

    return map(one, cdrs, places or rows_of())
