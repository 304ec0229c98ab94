"""Prices of many CDRs, one after the other: what the batch and the data frame are made of.

One CDR that cannot be priced is a value in its place, and the others go on.
"""

from collections.abc import Iterable, Iterator, Sequence

from ingest.protocols.ocpi import Wire
from wattproof.pricing.price import Priced, priced
from wattproof.pricing.reading import Policy, chosen, reading
from wattproof.refusals import RefusalError


def price_many(
    cdrs: Iterable[Wire | str | bytes],
    *,
    tariff: Wire | Sequence[Wire] | None = None,
    time_zone: str | None = None,
    policy: Policy = None,
    ocpi: str = "",
) -> Iterator[Priced | RefusalError]:
    """For each CDR (JSON text or object) its price, or why there is none. Options as of `price`.

    Raises RefusalError at once for a policy that does not exist.
    """
    decided = chosen(policy)

    def one(cdr: Wire | str | bytes) -> Priced | RefusalError:
        try:
            read = reading(cdr, tariff=tariff, time_zone=time_zone or "", ocpi=ocpi, policy=decided)
            return priced(read)
        except RefusalError as refusal:
            return refusal

    return map(one, cdrs)
