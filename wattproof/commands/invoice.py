"""`wattproof invoice`: what a month comes to, and the numbers that make it an invoice."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from billing.invoice import Invoice
from billing.record import dumps
from pipelines import invoicing
from pipelines.derive import derive
from wattproof.operator_log import need_log
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.terminal import progress, say, show, show_json

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Invoices."
)

Month = Annotated[str, typer.Option(metavar="YYYY-MM", help="Month, in the seller's time zone.")]
OneParty = Annotated[str | None, typer.Option(metavar="CODE", help="Only this party: NL-ABC.")]
COLUMNS = ("number", "buyer", "lines", "kwh", "net", "tax", "gross")


@app.command()
def preview(
    *,
    month: Month,
    party: OneParty = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Show the invoices that `issue` would make now. Nothing is written.

    \b
    Examples:
      wattproof invoice preview --month 2026-10
      wattproof invoice preview --month 2026-10 --party NL-ABC --json
    """
    need_log(data)
    drafts = invoicing.preview(data, month, party)
    tell(drafts, as_json=as_json)
    if not as_json and drafts:
        say(f"Next: wattproof invoice issue --month {month}")


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
    issued = issue_with_documents(data, month, party, early=early)
    tell(issued, as_json=as_json)
    if not as_json and issued:
        say(f"Documents: {data / 'documents'}")


def issue_with_documents(
    data: Path, month: str, party: str | None, *, early: bool = False
) -> list[Invoice]:
    """Issues, then derives, so that tables and documents follow from the decisions."""
    issued = invoicing.issue(data, month, party, early=early)
    with progress("making documents") as bar:
        derive(data, progress=lambda text: bar.at(0, text))
    return issued


def tell(found: Sequence[Invoice], *, as_json: bool) -> None:
    """Invoices, one per row; all of them in JSON."""
    if as_json:
        show_json([orjson.loads(dumps(one)) for one in found])
        return
    show([_row(one) for one in found], COLUMNS, as_json=False)


def _row(one: Invoice) -> dict[str, Any]:
    return {
        "number": one.number or "(draft)",
        "buyer": f"{one.buyer.code} {one.buyer.name}",
        "lines": len(one.lines),
        "kwh": f"{sum(line.energy_kwh for line in one.lines):.3f}",
        "net": f"{one.net:.2f}",
        "tax": f"{one.tax:.2f}",
        "gross": f"{one.gross:.2f} {one.currency}",
    }
