"""`wattproof explain`: why a CDR costs what it costs, in words."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from billing.explain import markdown, text
from wattproof.commands.price import decisions
from wattproof.documents import document, documents
from wattproof.options import OCPI, Decisions, Json, TariffFile, TimeZone
from wattproof.pricing.explain import as_data, explain
from wattproof.terminal import printable, show_exact

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Form(StrEnum):
    """How an explanation is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


@app.command("explain")
def explain_cdr(
    file: Annotated[Path, typer.Argument(help="An OCPI CDR as JSON; - reads standard input.")],
    *,
    language: Annotated[str, typer.Option("--language", help="en, de, nl or fr.")] = "en",
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.TEXT,
    tariff: TariffFile = None,
    time_zone: TimeZone = "",
    policy: Decisions = None,
    ocpi: OCPI = "",
    detail: Annotated[
        bool,
        typer.Option("--detail", help="For engineers: codes, policies and JSON pointers too."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Explain a CDR's price in sentences: what was measured, what was billed, by which rule.

    For a driver or a finance clerk: why a step made it more, which element of the tariff decided
    and why no other did, taxes, notes, and what was decided where OCPI leaves a question open.
    Times are those of the clock on site. Options and errors as in wattproof price.

    \b
    Examples:
      wattproof explain cdr.json --time-zone Europe/Amsterdam
      wattproof explain cdr.json --language de --format markdown
      wattproof explain cdr.json --time-zone Europe/Amsterdam --detail
      wattproof explain cdr.json --tariff tariff.json --language nl --json
    """
    found = explain(
        document(file, "CDR"),
        language,
        tariff=None if tariff is None else documents(tariff, "tariff"),
        time_zone=time_zone,
        policy=decisions(policy),
        ocpi=ocpi,
    )
    if as_json or form is Form.JSON:
        show_exact(as_data(found))
    else:
        write = markdown if form is Form.MARKDOWN else text
        words = write(found, detail=detail)
        typer.echo(printable(words), nl=False)
