"""An invoice: one seller, one party, one calendar month of the seller's time zone.

A draft has no number. `issue` turns a draft into a decision (a number of a gap-free series at a
checkpoint of the log); the document follows from decision and CDRs and never changes.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.party import Party


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One CDR on an invoice. Money is rounded to the currency's exponent, half away from zero."""

    position: int
    cdr_id: str
    session_id: str
    start_at: datetime
    end_at: datetime
    location: str
    evse_id: str
    contract_id: str
    energy_kwh: Decimal
    net: Decimal
    vat_percent: Decimal | None
    credit: bool


@dataclass(frozen=True, slots=True)
class TaxLine:
    """VAT of one rate, computed once on the sum of its nets (EN 16931 BG-23)."""

    vat_percent: Decimal | None
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """`number` is empty on a draft. `net`, `tax`, `gross` add up to the last cent."""

    number: str
    series: str
    seller: Party
    buyer: Party
    month: str
    """`2026-10`, in the seller's time zone."""
    currency: str
    issued_at: datetime | None
    due_at: datetime | None
    lines: tuple[InvoiceLine, ...]
    taxes: tuple[TaxLine, ...]
    net: Decimal
    tax: Decimal
    gross: Decimal
    cdr_difference: Decimal
    """Sum of the CDRs' exact gross minus `gross`: rounding, reported and bounded."""
