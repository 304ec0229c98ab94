"""Invoices: previewed without a trace, issued by decisions in the log, derived from these.

`issue` writes all its decisions in one commit under the lock of the `books` log: whatever a crash
leaves, every number in the log is a whole invoice, and the next run issues what is missing.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import polars as pl
import rfc8785

from billing import invoice as invoices
from billing.cdr import CDR
from billing.invoice import Invoice, LogPoint
from billing.party import Party
from billing.record import dumps, loads
from pipelines.charge_rows import exact
from pipelines.charges import read_cdrs
from pipelines.documents.render import document_json, document_pdf
from pipelines.reference import Reference
from pipelines.standing import BOOKS, alone, derived_until, finished_until
from pipelines.stretch import Stretch, entries, instant, start_of
from warehouse.clock import open_clock
from warehouse.lake import TABLES, Lake
from warehouse.log import LogWriter, create_key, origins

KINDS = frozenset({"decision"})
Row = dict[str, Any]
Decision = dict[str, Any]


class InvoicingError(Exception):
    """An invoice that cannot be drafted or issued; one sentence, and what to do."""


def preview(data: Path, month: str, party: str | None = None) -> list[Invoice]:
    """The invoices that `issue` would make now (`month`: `2026-10`), without numbers.

    Nothing is written. Raises InvoicingError.
    """
    return _drafts(data, month, party, list(decisions(data)))


def issue(
    data: Path, month: str, party: str | None = None, *, early: bool = False
) -> list[Invoice]:
    """Number and date the drafts of a month and write them to the log as decisions.

    Nothing that was issued is issued again: the same run twice makes no second invoice. A month
    that the log clock has not left yet is refused unless `early`, and so is a lake whose last
    derivation did not finish. The documents follow with the next `derive`. Raises InvoicingError,
    DerivationError (a derivation is running), LogLocked, StoreUnavailable.
    """
    with alone(data), closing(_books(data)) as books:
        made = list(decisions(data))
        drafts = _drafts(data, month, party, made)
        watermark = instant(_settled(data))
        if drafts and not early:
            _refuse_early(month, drafts[0].seller, watermark)
        issued = _number(data, drafts, made, books, watermark)
        for invoice in issued:
            text = rfc8785.dumps(invoices.decision(invoice))
            books.append(text, kind="decision", protocol="wattproof")
        if issued:
            books.commit()
            books.checkpoint(keep=True)
    return issued


def _books(data: Path) -> LogWriter:
    folder, clock = data / "log" / BOOKS, open_clock(data)
    return LogWriter.open(folder, origin=BOOKS, signer=create_key(data), clock=clock)


def _number(
    data: Path, drafts: list[Invoice], made: list[Decision], books: LogWriter, watermark: datetime
) -> list[Invoice]:
    """The drafts with a number and a date each, following what was `made` before."""
    issued_at = max(instant(open_clock(data).now_ns()), instant(books.last_received_ns))
    points = [
        LogPoint(head.origin, head.size, str(head).rsplit(" ", 1)[1])
        for head in (reader.checkpoint() for reader in origins(data / "log"))
        if head is not None
    ]
    before = list(made)
    issued: list[Invoice] = []
    for draft in drafts:
        n = invoices.next_number(invoices.series_of(draft, issued_at), before)
        numbered = invoices.issue(
            draft, n, issued_at=issued_at, watermark=watermark, checkpoints=points
        )
        before.append(invoices.decision(numbered))
        issued.append(numbered)
    return issued


def decisions(data: Path, until_ns: int = 2**63 - 1) -> Iterator[Decision]:
    """Every invoice decision in the log, oldest first."""
    for row in _decision_rows(data, 0, until_ns):
        yield row["decision"]


def unfinished(data: Path, month: str, drafts: Sequence[Invoice]) -> datetime | None:
    """How far the log is derived where that still lies in the month, by the sellers' clocks; None
    once the month is over.
    """
    watermark = instant(_settled(data))
    zones = {draft.seller.time_zone for draft in drafts}
    goes_on = any(invoices.month_of(watermark, ZoneInfo(zone)) <= month for zone in zones)
    return watermark if goes_on else None


def _refuse_early(month: str, seller: Party, watermark: datetime) -> None:
    if invoices.month_of(watermark, ZoneInfo(seller.time_zone)) <= month:
        raise InvoicingError(
            f"{month} is not over yet by the log clock ({watermark:%Y-%m-%d %H:%M} UTC): "
            "preview it, wait until the month has ended and is derived, or issue with --early"
        )


def _settled(data: Path) -> int:
    """The log time up to which a finished run derived all of the lake.

    A run that failed or is under way has told the lake how far it means to go, and no entry in the
    log says that it got there. Raises InvoicingError.
    """
    derived, finished = derived_until(Lake(data / "lake")), finished_until(data)
    if not derived:
        raise InvoicingError("nothing is derived yet: run `wattproof derive` first")
    if derived != finished:
        raise InvoicingError(
            "the last derivation did not finish, so CDRs may be missing: "
            "run `wattproof derive` first"
        )
    return finished


def _drafts(data: Path, month: str, party: str | None, made: list[Decision]) -> list[Invoice]:
    """The drafts of a month, from a lake that stood still while they were drawn up."""
    until, lake = _settled(data), Lake(data / "lake")
    try:
        datetime.strptime(month, "%Y-%m")  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise InvoicingError(f"a month is written 2026-10, not {month!r}") from None
    reference = Reference.load(lake, instant(until))
    invoiced = {cdr_id for decision in made for cdr_id in decision["cdr_ids"]}
    found: list[Invoice] = []
    for (seller, buyer), cdrs in sorted(_by_deal(lake, reference, party).items()):
        due = invoices.due(cdrs, month, _known(reference, seller).time_zone, invoiced)
        parties = _known(reference, seller), _known(reference, buyer)
        found += invoices.drafts(*parties, month, due)
    if _settled(data) != until:
        raise InvoicingError("the lake was derived anew meanwhile: try again")
    return found


def _by_deal(
    lake: Lake, reference: Reference, party: str | None
) -> dict[tuple[str, str], list[CDR]]:
    """CDRs by (seller, buyer)."""
    deals: dict[tuple[str, str], list[CDR]] = {}
    where = None if party is None else pl.col("party") == party
    if party is not None and party not in reference.parties:
        raise InvoicingError(f"party {party} is not known: see `wattproof party list`")
    for cdr in read_cdrs(lake, where):
        key = (f"{cdr.country_code}-{cdr.party_id}", cdr.token.party)
        deals.setdefault(key, []).append(cdr)
    return deals


def _known(reference: Reference, code: str) -> Party:
    party = reference.parties[code].values[-1] if code in reference.parties else None
    if party is None:
        raise InvoicingError(f"party {code} of a CDR is not known: add it with `party add`")
    return party


@dataclass(frozen=True, slots=True)
class Issued:
    """A decision, and the invoice it stands for; None where that cannot be derived any more."""

    decision: Decision
    origin: str
    index: int
    invoice: Invoice | None
    received_ns: int


def issued(stretch: Stretch) -> Iterator[Issued]:
    """The invoices that the decisions of a stretch issued, derived again from their CDRs."""
    start_ns = start_of(stretch.days[0])
    for row in _decision_rows(stretch.data, start_ns, stretch.until_ns):
        decision = row["decision"]
        cdrs = read_cdrs(stretch.lake, pl.col("cdr_id").is_in(decision["cdr_ids"]))
        try:
            found = invoices.from_decision(decision, cdrs)
        except ValueError:
            found = None
        yield Issued(decision, row["origin"], row["index"], found, row["received_ns"])


def _decision_rows(data: Path, start_ns: int, until_ns: int) -> Iterator[Row]:
    found = entries(origins(data / "log"), KINDS, start_ns, until_ns)
    for row in found.iter_rows(named=True):
        decision = orjson.loads(row["payload"])
        if decision.get("action") == invoices.ISSUED:
            yield row | {"decision": decision}


def issued_rows(stretch: Stretch) -> dict[str, pl.DataFrame]:
    """Rows of `invoice` and `invoice_line`.

    An invoice whose CDRs are not there any more has a row without content, so that the checks and
    a replay name it.
    """
    heads: list[Row] = []
    lines: list[Row] = []
    for one in issued(stretch):
        day = instant(one.received_ns).date()
        heads.append(_head(one) | {"day": day})
        found = one.invoice.lines if one.invoice else ()
        lines += [_line(one.decision["number"], line) | {"day": day} for line in found]
    return {
        "invoice": pl.DataFrame(heads, schema=TABLES["invoice"].schema, orient="row"),
        "invoice_line": pl.DataFrame(lines, schema=TABLES["invoice_line"].schema, orient="row"),
    }


def _head(one: Issued) -> Row:
    decision, found = one.decision, one.invoice
    taxes = found.taxes if found else ()
    return {
        "number": decision["number"],
        "series": decision["series"],
        "month": decision["month"],
        "seller": decision["seller"],
        "buyer": decision["buyer"],
        "currency": decision["currency"],
        "issued_at": datetime.fromisoformat(decision["issued_at"]),
        "due_at": datetime.fromisoformat(decision["due_at"]),
        "lines": len(found.lines) if found else 0,
        "net": found.net if found else None,
        "tax": found.tax if found else None,
        "gross": found.gross if found else None,
        "cdr_difference": exact(found.cdr_difference) if found else None,
        "taxes": [
            {"vat_percent": tax.vat_percent, "net": tax.net, "tax": tax.tax} for tax in taxes
        ],
        "content_sha256": invoices.content_sha256(found) if found else "",
        "decided_sha256": decision["content_sha256"],
        "origin": one.origin,
        "index": one.index,
        "record": dumps(found) if found else "",
    }


def _line(number: str, line: invoices.InvoiceLine) -> Row:
    names = (
        "position cdr_id session_id start_at end_at location evse_id contract_id net vat_percent"
        " credit"
    )
    row: Row = {name: getattr(line, name) for name in names.split()}
    return row | {"number": number, "energy_kwh": exact(line.energy_kwh)}


def documents(stretch: Stretch) -> pl.DataFrame:
    """Render the invoices of a stretch beside the lake; rows of `document`."""
    folder = stretch.lake.path.parent / "documents"
    rows: list[Row] = []
    for row in stretch.lake.read("invoice", stretch.days).iter_rows(named=True):
        if row["record"]:
            invoice = loads(Invoice, row["record"])
            for suffix, content in _files(invoice):
                name = f"{invoice.number}.{suffix}"
                _publish(folder / name, content)
                rows.append(_document(row, name, content))
    return pl.DataFrame(rows, schema=TABLES["document"].schema, orient="row")


def _files(invoice: Invoice) -> Iterator[tuple[str, bytes]]:
    yield "json", document_json(invoice)
    yield "pdf", document_pdf(invoice)


def _document(row: Row, name: str, content: bytes) -> Row:
    digest = sha256(content).hexdigest()
    number = row["number"]
    return {
        "day": row["day"],
        "name": name,
        "number": number,
        "size": len(content),
        "sha256": digest,
    }


def _publish(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; one that says the same already is left alone."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.partial")
    temporary.write_bytes(content)
    temporary.replace(path)
