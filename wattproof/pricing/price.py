"""The price of a CDR by its tariff: one, or a frame of them.

Knows how a reading becomes a receipt and what of it goes by which name of OCPI. Refuses to reckon:
`billing.price` does. `wattproof.pricing.written` puts it in the shape of a version.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.cdr import CDR, total_parking_time_h, total_time_h
from billing.cost import rounded
from billing.money import Rounding
from billing.policy import PricingPolicy
from billing.price import price as receipt_of
from billing.price import rounding_unit
from billing.receipt import Amount, CostGroup, Receipt
from billing.tariff import Dimension
from ingest.protocols.ocpi import Note, Wire
from ingest.protocols.ocpi.errors import Problem
from wattproof.pricing.reading import Policy, Reading, Tariffs, UnpriceableError, reading

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Priced:
    """A CDR with the receipt we reckoned for it (`cdr.receipt`), positive for a credit too.

    `cdr.tariffs` are those that count; `notes` are all, those of the receipt with pointers to their
    periods. Energy in kWh, times in hours to 1E-12.
    """

    version: str
    cdr: CDR
    zone: ZoneInfo
    policy: PricingPolicy
    notes: tuple[Note, ...]

    @property
    def receipt(self) -> Receipt:
        """What was reckoned, line by line."""
        return self.cdr.receipt

    @property
    def total(self) -> Amount:
        """total_cost: rounded by the policy, negative for a credit."""
        return self.cdr.total_cost

    @property
    def exact_total(self) -> Amount:
        """total_cost before rounding."""
        return self.cdr.exact_cost

    def part(self, group: CostGroup) -> tuple[Amount, Amount]:
        """(rounded, exact) cost of a group; zero where it has no line."""
        exact = dict(self.receipt.totals).get(group, Amount(ZERO))
        return self.rounded(exact), exact

    def rounded(self, amount: Amount) -> Amount:
        """An amount by itself, rounded as the policy says."""
        unit = rounding_unit(self.receipt.currency, self.policy)
        return rounded(amount, unit, Rounding(self.policy.money_rounding))


def price(
    cdr: Wire | str | bytes,
    *,
    tariff: Tariffs = None,
    time_zone: str | None = None,
    policy: Policy = None,
    ocpi: str = "",
) -> Priced:
    """Price a CDR of OCPI 2.1.1, 2.2.1 or 2.3.0: JSON text, or a dict with Decimal numbers.

    `tariff` replaces the CDR's own; `time_zone` (IANA) is used where the CDR names none; `policy`
    decides open questions by name. Raises UnpriceableError with JSON pointers, or RefusalError.
    """
    read = reading(cdr, tariff=tariff, time_zone=time_zone or "", ocpi=ocpi, policy=policy)
    return priced(read)


def priced(read: Reading) -> Priced:
    """The price of a CDR that was read, by the policy it was read by. Raises UnpriceableError."""
    cdr, policy = read.cdr, read.policy
    try:
        receipt = receipt_of(
            cdr.periods,
            cdr.tariffs,
            read.zone,
            start_at=cdr.start_at,
            end_at=cdr.end_at,
            policy=policy,
        )
    except (ArithmeticError, ValueError) as error:
        text = f"cannot be reckoned with: {error or type(error).__name__}"
        raise UnpriceableError(
            "Tariff", [Problem("/tariffs", text)], "correct its numbers"
        ) from None
    if policy.unpriced_dimension == "held":
        _refuse_free_energy(cdr, receipt)
    whole = replace(
        cdr,
        receipt=receipt,
        currency=receipt.currency,
        total_energy_kwh=_energy_kwh(cdr),
        total_time_h=total_time_h(cdr.periods, cdr.start_at, cdr.end_at, policy),
        total_parking_time_h=total_parking_time_h(cdr.periods),
    )
    return Priced(read.version, whole, read.zone, policy, _notes(read, receipt))


def _energy_kwh(cdr: CDR) -> Decimal:
    """What the periods sum to, else what the CDR says."""
    stated = sum((period.energy_wh for period in cdr.periods), ZERO) / 1000
    return stated or cdr.total_energy_kwh


def _refuse_free_energy(cdr: CDR, receipt: Receipt) -> None:
    """Policy unpriced_dimension=held: energy that no component prices is a refusal."""
    free = {note.period for note in receipt.notes if note.code == "no_price_component"}
    charged = {line.period for line in receipt.lines if line.dimension is Dimension.ENERGY}
    found = [
        Problem(f"/charging_periods/{one.ordinal}", "no element prices its energy")
        for one in cdr.periods
        if one.energy_wh and one.ordinal in free - charged
    ]
    if found:
        advice = "mend the tariff, or allow it: --policy unpriced_dimension=free_with_note"
        raise UnpriceableError("Tariff", found, advice)


def _notes(read: Reading, receipt: Receipt) -> tuple[Note, ...]:
    own = (
        Note(one.code, "" if one.period < 0 else f"/charging_periods/{one.period}", one.message)
        for one in receipt.notes
    )
    found = {(note.code, note.pointer): note for note in (*own, *read.notes)}
    return tuple(found.values())
