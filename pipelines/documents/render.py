"""An issued invoice as documents: canonical JSON, and the PDF that is made of that very JSON.

Knows how numbers, dates and addresses are written. Refuses to compute money: every amount on a
document stands in the invoice. No clock, no random id, no system font: the same invoice is the same
bytes on every machine with the same typst version.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import typst

from billing.invoice import Invoice, InvoiceKind, InvoiceLine
from billing.money import exponent
from billing.party import Party
from billing.record import decimal_text, instant_text

FORMAT = "wattproof-invoice/1"
"""The version of the JSON document; its fields only ever grow within a version."""


def document_json(invoice: Invoice) -> bytes:
    """The invoice as canonical JSON (UTF-8, sorted keys, one line, a newline at the end).

    Money is text at the currency's minor unit, energy text in kWh; instants are UTC, and each also
    stands in local time as it is printed.
    """
    text = json.dumps(_plain(invoice), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def document_pdf(invoice: Invoice) -> bytes:
    """The invoice as PDF/A-2b with embedded fonts. Byte for byte the same on every rendering."""
    issued_at = invoice.issued_at or datetime(1970, 1, 1, tzinfo=UTC)
    pdf = _compiler().compile(
        input=_template(),
        format="pdf",
        sys_inputs={"invoice": document_json(invoice).decode()},
        pdf_standards="a-2b",
        timestamp=issued_at.replace(microsecond=0),
    )
    assert isinstance(pdf, bytes), "one PDF for one input"
    return pdf


@cache
def _template() -> bytes:
    return files("pipelines.documents").joinpath("invoice.typ").read_bytes()


def _compiler() -> typst.Compiler:
    """A compiler that sees no file and no font but typst's own."""
    return typst.Compiler(ignore_system_fonts=True)


def _plain(invoice: Invoice) -> dict[str, Any]:
    zone = ZoneInfo(invoice.seller.time_zone)
    digits = exponent(invoice.currency)
    credit_note = invoice.kind is InvoiceKind.CREDIT_NOTE
    return {
        "format": FORMAT,
        "type": invoice.kind.value,
        "title": "Credit note" if credit_note else "Invoice",
        "draft": not invoice.number,
        "number": invoice.number,
        "series": invoice.series,
        "month": invoice.month,
        "currency": invoice.currency,
        "digits": digits,
        "issued_at": _instant(invoice.issued_at),
        "issued_on": _date(invoice.issued_at, zone),
        "due_on": _date(invoice.due_at, zone),
        "seller": _party(invoice.seller),
        "buyer": _party(invoice.buyer),
        "service_from": _date(min(line.start_at for line in invoice.lines), zone),
        "service_to": _date(max(line.end_at for line in invoice.lines), zone),
        "time_zone": invoice.seller.time_zone,
        "lines": [_line(line, invoice.currency) for line in invoice.lines],
        "taxes": [
            {
                "vat_percent": _percent(tax.vat_percent),
                "net": money(tax.net, invoice.currency),
                "tax": money(tax.tax, invoice.currency),
            }
            for tax in invoice.taxes
        ],
        "totals": {
            "energy_kwh": f"{invoice.energy_kwh:.3f}",
            "sessions": len(invoice.cdr_ids),
            "net": money(invoice.net, invoice.currency),
            "tax": money(invoice.tax, invoice.currency),
            "gross": money(invoice.gross, invoice.currency),
            "payable": money(abs(invoice.gross), invoice.currency),
            "cdr_difference": decimal_text(invoice.cdr_difference),
        },
        "log": {
            "watermark": _instant(invoice.watermark),
            "checkpoints": [
                {"origin": point.origin, "size": point.size, "root": point.root}
                for point in invoice.checkpoints
            ],
        },
    }


def _line(line: InvoiceLine, currency: str) -> dict[str, Any]:
    zone = ZoneInfo(line.time_zone)
    return {
        "position": line.position,
        "cdr_id": line.cdr_id,
        "session_id": line.session_id,
        "start_at": instant_text(line.start_at),
        "end_at": instant_text(line.end_at),
        "started": f"{line.start_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "ended": f"{line.end_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "time_zone": line.time_zone,
        "location": line.location,
        "evse_id": line.evse_id,
        "contract_id": line.contract_id,
        "energy_kwh": f"{line.energy_kwh:.3f}",
        "net": money(line.net, currency),
        "vat_percent": _percent(line.vat_percent),
        "credit": line.credit,
        "credit_reference_id": line.credit_reference_id,
    }


def _party(party: Party) -> dict[str, Any]:
    return {
        "code": party.code,
        "name": party.name,
        "address": party.address,
        "postal_code": party.postal_code,
        "city": party.city,
        "country": party.country,
        "vat_number": party.vat_number,
        "email": party.email,
        "iban": party.iban,
        "payment_days": party.payment_days,
    }


def money(amount: Decimal, currency: str) -> str:
    """An amount at the currency's minor unit, as plain text: `1234.50`, `-3.10`, `900`."""
    return f"{amount:.{exponent(currency)}f}"


def _percent(rate: Decimal | None) -> str | None:
    return None if rate is None else decimal_text(rate)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def _date(at: datetime | None, zone: ZoneInfo) -> str | None:
    return None if at is None else f"{at.astimezone(zone):%Y-%m-%d}"
