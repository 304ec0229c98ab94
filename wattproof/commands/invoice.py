"""`wattproof invoice`: what a month comes to, and the numbers that make it an invoice."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer

from billing.invoice import Invoice, month_of
from billing.record import dumps
from pipelines import invoicing
from pipelines.derive import derive
from warehouse.lake import Lake
from wattproof.invocation import typed
from wattproof.operator_log import need_log
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.party_code import known_code
from wattproof.terminal import progress, say, show, show_json

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Invoices."
)

Month = Annotated[str, typer.Option(metavar="YYYY-MM", help="Month, in the seller's time zone.")]
OneParty = Annotated[str | None, typer.Option(metavar="CODE", help="Only this party: NL-ABC.")]
COLUMNS = ("number", "buyer", "lines", "earlier", "kwh", "net", "tax", "gross")
LISTED = ("number", "buyer", "month", "lines", "net", "tax", "gross", "issued_at")


@app.command()
def preview(
    *,
    month: Month,
    party: OneParty = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Show the invoices that `issue` would make now. Nothing is written.

    `earlier` counts lines of earlier months: their CDRs came late and were never invoiced.

    \b
    Examples:
      wattproof invoice preview --month 2026-10
      wattproof invoice preview --month 2026-10 --party NL-ABC --json
    """
    need_log(data)
    party = None if party is None else known_code(data, party)
    with progress("drawing up invoices"):
        drafts = invoicing.preview(data, month, party)
    if as_json:
        show_json(_plain(drafts))
    elif drafts:
        _show(drafts)
        _say_next(data, month, party, drafts)
    else:
        _say_why_none(data, month, party)


@app.command()
def issue(
    *,
    month: Month,
    party: OneParty = None,
    early: Annotated[
        bool, typer.Option("--early", help="Although the month is not over by the log clock.")
    ] = False,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Number and date the invoices of a month, write the decision to the log, make the documents.

    The same command again issues nothing twice: what was invoiced stays invoiced. A correction
    that came later is on the next invoice.

    \b
    Examples:
      wattproof invoice issue --month 2026-10
      wattproof invoice issue --month 2026-10 --party NL-ABC
    """
    need_log(data)
    party = None if party is None else known_code(data, party)
    issued = _issue_with_documents(data, month, party, early=early)
    if as_json:
        show_json(_plain(issued))
    elif issued:
        _show(issued)
        say(f"Documents: {data / 'documents'}")
    else:
        _say_why_none(data, month, party)


@app.command("list")
def list_invoices(
    *,
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="Only of this month.")] = "",
    party: OneParty = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """List the invoices that were issued, oldest first.

    \b
    Examples:
      wattproof invoice list
      wattproof invoice list --month 2026-10 --json
    """
    buyer = known_code(data, party) if party else ""
    rows = Lake(data / "lake").sql("invoice_list", month=month, buyer=buyer).to_dicts()
    show(rows if as_json else [_rounded(row) for row in rows], LISTED, as_json=as_json)


def _issue_with_documents(
    data: Path, month: str, party: str | None, *, early: bool = False
) -> list[Invoice]:
    """Issues, then derives, so that tables and documents follow from the decisions."""
    with progress("issuing") as bar:
        issued = invoicing.issue(data, month, party, early=early)
        bar.begin("making documents")
        derive(data, progress=lambda text: bar.at(0, text))
    return issued


def _plain(found: Sequence[Invoice]) -> list[Any]:
    return [orjson.loads(dumps(one)) for one in found]


def _show(found: Sequence[Invoice]) -> None:
    rows = [_row(one) for one in found]
    late = any(row["earlier"] for row in rows)
    show(rows, [name for name in COLUMNS if late or name != "earlier"], as_json=False)


def _row(one: Invoice) -> dict[str, Any]:
    zone = ZoneInfo(one.seller.time_zone)
    return {
        "number": one.number or "(draft)",
        "buyer": f"{one.buyer.code} {one.buyer.name}",
        "lines": len(one.lines),
        "earlier": sum(month_of(line.end_at, zone) < one.month for line in one.lines),
        "kwh": f"{sum(line.energy_kwh for line in one.lines):.3f}",
        "net": f"{one.net:.2f}",
        "tax": f"{one.tax:.2f}",
        "gross": f"{one.gross:.2f} {one.currency}",
    }


def _say_next(data: Path, month: str, party: str | None, drafts: Sequence[Invoice]) -> None:
    """How to issue them; or that the month goes on, and more may come."""
    words = f"invoice issue --month {month}" + (f" --party {party}" if party else "")
    derived = invoicing.unfinished(data, month, drafts)
    if derived is None:
        say(f"Next: {typed(words, data)}")
        return
    say(
        f"{month} is not over yet: these are its sessions derived up to {derived:%F %H:%M} UTC. "
        f"Preview it again when the month has ended and is derived, then issue it. "
        f"To invoice what there is now: {typed(f'{words} --early', data)}"
    )


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the list for people; one whose CDRs are not there any more has no amounts."""
    if row["gross"] is None:
        return row
    net, tax, gross = (f"{Decimal(row[name]):.2f}" for name in ("net", "tax", "gross"))
    return row | {"net": net, "tax": tax, "gross": f"{gross} {row['currency']}"}


def _say_why_none(data: Path, month: str, party: str | None) -> None:
    """That nothing is due, and which invoices the month has already."""
    numbers = [
        str(one["number"])
        for one in invoicing.decisions(data)
        if one["month"] == month and party in {None, one["buyer"]}
    ]
    whose = f" for {party}" if party else ""
    if not numbers:
        say(f"nothing is due{whose} for {month}: no CDR of that month or before is uninvoiced")
        return
    told = numbers[0] if len(numbers) == 1 else f"{numbers[0]} … {numbers[-1]}"
    say(f"already issued{whose} for {month}: {told}, see {data / 'documents'}")
