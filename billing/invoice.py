"""An invoice: one seller, one party, one calendar month of the seller's time zone, one currency.

Knows which CDRs are due, what they add up to, and how a draft becomes a decision with a number of a
gap-free series. Refuses clocks, files and layout. A draft has no number; an issued invoice never
changes: it follows from its decision in the log and from its CDRs, byte for byte.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from billing.cdr import CDR
from billing.cost import amount_of
from billing.money import EXACT, round_money
from billing.party import Party
from billing.record import dumps, from_plain, instant_text, to_plain
from billing.tariff import Dimension

ZERO, HUNDRED = Decimal(0), Decimal(100)


class InvoiceKind(StrEnum):
    """What the document is. The codes are those of UNTDID 1001, which EN 16931 BT-3 uses."""

    INVOICE = "380"
    CREDIT_NOTE = "381"
    """Its gross is negative: credits outweigh charges."""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """What one CDR costs at one VAT rate, net, rounded to the currency's minor unit.

    A CDR with two rates has two lines, which sum to its total cost; its energy stands on one of
    them. Energy and money are negative on the line of a credit CDR.
    """

    position: int
    cdr_id: str
    session_id: str
    start_at: datetime
    end_at: datetime
    time_zone: str
    """Whose clock its times are shown by: the site's, else the seller's."""
    location: str
    evse_id: str
    contract_id: str
    energy_kwh: Decimal
    net: Decimal
    vat_percent: Decimal | None
    credit: bool
    credit_reference_id: str = ""


@dataclass(frozen=True, slots=True)
class TaxLine:
    """VAT of one rate, computed once on the sum of its nets (EN 16931 BG-23). None: no VAT."""

    vat_percent: Decimal | None
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class LogPoint:
    """A signed checkpoint of one origin of the log: how far an invoice could see."""

    origin: str
    size: int
    root: str
    """Base64 of the Merkle root, as the checkpoint's note writes it."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """`number` is empty on a draft. `net`, `tax` and `gross` add up to the last minor unit.

    `checkpoints` and `watermark` say what was known of the log when it was issued.
    """

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
    watermark: datetime | None = None
    checkpoints: tuple[LogPoint, ...] = ()

    @property
    def kind(self) -> InvoiceKind:
        """A document that pays money back is a credit note."""
        return InvoiceKind.CREDIT_NOTE if self.gross < 0 else InvoiceKind.INVOICE

    @property
    def energy_kwh(self) -> Decimal:
        """Energy of all lines, credits subtracted."""
        return sum((line.energy_kwh for line in self.lines), ZERO)

    @property
    def cdr_ids(self) -> tuple[str, ...]:
        """The CDRs on it, in the order of their lines, each once."""
        return tuple(dict.fromkeys(line.cdr_id for line in self.lines))


def due(
    cdrs: Iterable[CDR], month: str, zone: ZoneInfo | str, already_invoiced: Collection[str]
) -> tuple[CDR, ...]:
    """The CDRs that the invoices of `month` (`2026-10`) must carry, in the order of their lines.

    A CDR belongs to the month in which its charging ended, by the seller's clock. One of an earlier
    month that was never invoiced goes on this month's invoice and keeps its service period; one of
    a later month waits. `already_invoiced` are the ids of CDRs on any issued invoice.
    """
    where = ZoneInfo(zone) if isinstance(zone, str) else zone
    found = (
        cdr
        for cdr in cdrs
        if cdr.id not in already_invoiced and month_of(cdr.end_at, where) <= month
    )
    return tuple(sorted(found, key=_order))


def month_of(at: datetime, zone: ZoneInfo) -> str:
    """The calendar month of an instant by a local clock: `2026-10`."""
    return at.astimezone(zone).strftime("%Y-%m")


def _order(cdr: CDR) -> tuple[datetime, str, datetime, int, bool, str]:
    """By start; a credit after the CDR it takes back, right before the one that replaces it."""
    session = cdr.session_id, cdr.last_updated, cdr.session_version
    return cdr.start_at, *session, not cdr.credit, cdr.id


def drafts(seller: Party, buyer: Party, month: str, cdrs: Iterable[CDR]) -> tuple[Invoice, ...]:
    """One draft per currency, in the order of the codes; none without CDRs."""
    by_currency: dict[str, list[CDR]] = {}
    for cdr in cdrs:
        by_currency.setdefault(cdr.currency, []).append(cdr)
    return tuple(draft(seller, buyer, month, by_currency[code]) for code in sorted(by_currency))


def draft(seller: Party, buyer: Party, month: str, cdrs: Iterable[CDR]) -> Invoice:
    """The invoice of a party's CDRs, without a number. All CDRs are of one currency, and some.

    Lines are rounded to the minor unit, half away from zero; VAT is computed per rate, once, on the
    sum of its nets. Raises ValueError (no CDR, or several currencies).
    """
    ordered = sorted(cdrs, key=_order)
    if len({cdr.currency for cdr in ordered}) != 1:
        raise ValueError("an invoice holds CDRs of exactly one currency")
    currency = ordered[0].currency
    with localcontext(EXACT):
        lines: list[InvoiceLine] = []
        for cdr in ordered:
            lines.extend(_lines(cdr, len(lines) + 1, seller.time_zone))
        taxes = _taxes(lines, currency)
        net = sum((line.net for line in lines), ZERO)
        tax = sum((line.tax for line in taxes), ZERO)
        exact = sum((cdr.exact_cost.gross for cdr in ordered), ZERO)
    return Invoice(
        number="",
        series="",
        seller=seller,
        buyer=buyer,
        month=month,
        currency=currency,
        issued_at=None,
        due_at=None,
        lines=tuple(lines),
        taxes=taxes,
        net=net,
        tax=tax,
        gross=net + tax,
        cdr_difference=exact - net - tax,
    )


def _lines(cdr: CDR, position: int, zone: str) -> list[InvoiceLine]:
    """A line per VAT rate, lowest first: rounded such that they sum to the CDR's total cost."""
    by_rate = nets_by_rate(cdr)
    with_energy = {line.vat for line in cdr.receipt.lines if line.dimension is Dimension.ENERGY}
    carrier = next((rate for rate in by_rate if rate in with_energy), next(iter(by_rate)))
    found: list[InvoiceLine] = []
    so_far = given = ZERO
    for rate, exact in by_rate.items():
        so_far += exact
        up_to_here = round_money(so_far, cdr.currency)
        found.append(
            InvoiceLine(
                position=position + len(found),
                cdr_id=cdr.id,
                session_id=cdr.session_id,
                start_at=cdr.start_at,
                end_at=cdr.end_at,
                time_zone=cdr.location.time_zone or zone,
                location=", ".join(part for part in (cdr.location.name, cdr.location.city) if part),
                evse_id=cdr.evse.evse_id or cdr.evse.uid,
                contract_id=cdr.token.contract_id,
                energy_kwh=cdr.sign * cdr.total_energy_kwh if rate == carrier else ZERO,
                net=cdr.sign * (up_to_here - given),
                vat_percent=rate,
                credit=cdr.credit,
                credit_reference_id=cdr.credit_reference_id,
            )
        )
        given = up_to_here
    return found


def nets_by_rate(cdr: CDR) -> dict[Decimal | None, Decimal]:
    """The exact net cost of a CDR by VAT rate, lowest rate first; of a credit as of its original.

    A partner's CDR without lines counts with its claimed total, at the rate it states if it is one.
    """
    lines = cdr.receipt.lines
    if not lines:
        rates = [rate for rate, _ in cdr.receipt.exact_total.taxes]
        return {rates[0] if len(rates) == 1 else None: cdr.receipt.exact_total.net}
    rates_in_order = sorted({line.vat for line in lines}, key=_rate_order)
    return {
        rate: amount_of([line for line in lines if line.vat == rate]).net for rate in rates_in_order
    }


def _rate_order(rate: Decimal | None) -> tuple[bool, Decimal]:
    return rate is not None, rate or ZERO


def _taxes(lines: list[InvoiceLine], currency: str) -> tuple[TaxLine, ...]:
    nets: dict[Decimal | None, Decimal] = {}
    for line in lines:
        nets[line.vat_percent] = nets.get(line.vat_percent, ZERO) + line.net
    return tuple(
        TaxLine(rate, nets[rate], round_money(nets[rate] * (rate or ZERO) / HUNDRED, currency))
        for rate in sorted(nets, key=_rate_order)
    )


def series_of(invoice: Invoice, issued_at: datetime) -> str:
    """The series a draft is numbered in: per seller, kind and year of issue (seller's clock)."""
    year = issued_at.astimezone(ZoneInfo(invoice.seller.time_zone)).year
    letter = "C" if invoice.kind is InvoiceKind.CREDIT_NOTE else "I"
    return f"{invoice.seller.country_code}{invoice.seller.party_id}-{letter}{year}"


def number(series: str, n: int) -> str:
    """The n-th number of a series, n ≥ 1: `NLWTP-I2026-000001`; also the name of its files."""
    assert n >= 1, "a series starts at 1"
    return f"{series}-{n:06d}"


def next_number(series: str, decisions: Iterable[Mapping[str, Any]]) -> int:
    """One more than the highest number the log's decisions have used in the series; 1 for none."""
    used = [
        int(str(entry["number"]).removeprefix(f"{series}-"))
        for entry in decisions
        if entry.get("action") == ISSUED and entry.get("series") == series
    ]
    return max(used, default=0) + 1


ISSUED = "invoice.issued"


def issue(
    invoice: Invoice,
    n: int,
    *,
    issued_at: datetime,
    watermark: datetime,
    checkpoints: Iterable[LogPoint],
) -> Invoice:
    """The draft with its number and dates, as of a point of the log. Payable within the buyer's
    payment days; a credit note is due at once.
    """
    assert not invoice.number, "an issued invoice is never issued again"
    series = series_of(invoice, issued_at)
    days = invoice.buyer.payment_days if invoice.kind is InvoiceKind.INVOICE else 0
    return replace(
        invoice,
        number=number(series, n),
        series=series,
        issued_at=issued_at,
        due_at=issued_at + timedelta(days=days),
        watermark=watermark,
        checkpoints=tuple(sorted(checkpoints, key=lambda point: point.origin)),
    )


def content_sha256(invoice: Invoice) -> str:
    """SHA-256 (hex) of the issued invoice as a canonical record: what a replay must reproduce."""
    return sha256(dumps(invoice).encode()).hexdigest()


def decision(invoice: Invoice) -> dict[str, Any]:
    """The log entry that issues an invoice: all that cannot be derived, as canonical JSON values.

    Seller and buyer are frozen as they were, so that a later change of address changes no document.
    """
    assert invoice.number, "a draft is no decision"
    assert invoice.issued_at is not None
    assert invoice.due_at is not None
    assert invoice.watermark is not None
    return {
        "action": ISSUED,
        "number": invoice.number,
        "series": invoice.series,
        "seller": invoice.seller.code,
        "buyer": invoice.buyer.code,
        "parties": {"seller": to_plain(invoice.seller), "buyer": to_plain(invoice.buyer)},
        "month": invoice.month,
        "currency": invoice.currency,
        "issued_at": instant_text(invoice.issued_at),
        "due_at": instant_text(invoice.due_at),
        "cdr_ids": list(invoice.cdr_ids),
        "watermark": instant_text(invoice.watermark),
        "checkpoints": {point.origin: [point.size, point.root] for point in invoice.checkpoints},
        "content_sha256": content_sha256(invoice),
        "totals": {
            "net": str(invoice.net),
            "tax": str(invoice.tax),
            "gross": str(invoice.gross),
        },
    }


def from_decision(entry: Mapping[str, Any], cdrs: Iterable[CDR]) -> Invoice:
    """The invoice a decision issued, derived again from its CDRs (any superset of them).

    Raises ValueError naming the CDRs that are missing. Whether it is still the same to the last
    byte is for the caller to ask: `content_sha256(invoice) == entry["content_sha256"]`.
    """
    wanted = set(entry["cdr_ids"])
    found = [cdr for cdr in cdrs if cdr.id in wanted]
    missing = sorted(wanted - {cdr.id for cdr in found})
    if missing:
        raise ValueError(f"{entry['number']}: CDRs {', '.join(missing)} cannot be found")
    parties = entry["parties"]
    seller, buyer = from_plain(Party, parties["seller"]), from_plain(Party, parties["buyer"])
    return replace(
        draft(seller, buyer, entry["month"], found),
        number=entry["number"],
        series=entry["series"],
        issued_at=datetime.fromisoformat(entry["issued_at"]),
        due_at=datetime.fromisoformat(entry["due_at"]),
        watermark=datetime.fromisoformat(entry["watermark"]),
        checkpoints=tuple(
            LogPoint(origin, size, root)
            for origin, (size, root) in sorted(entry["checkpoints"].items())
        ),
    )
