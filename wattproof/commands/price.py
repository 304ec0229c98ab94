"""`wattproof price`: what a CDR costs by its tariff, line by line."""

from itertools import tee
from pathlib import Path
from typing import Annotated

import typer

from ingest.protocols.ocpi import Wire
from wattproof.documents import document, documents, records, size
from wattproof.options import OCPI, Decisions, Json, TariffFile, TimeZone
from wattproof.pricing.many import price_many
from wattproof.pricing.price import Priced, price
from wattproof.pricing.reading import UnpriceableError
from wattproof.pricing.shown import row_of, row_title, show_receipt
from wattproof.pricing.written import as_json as written
from wattproof.refusals import RefusalError
from wattproof.terminal import progress, say, show_exact

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("price")
def price_cdr(
    file: Annotated[Path, typer.Argument(help="An OCPI CDR as JSON; - reads standard input.")],
    *,
    tariff: TariffFile = None,
    time_zone: TimeZone = "",
    policy: Decisions = None,
    ocpi: OCPI = "",
    batch: Annotated[
        bool, typer.Option("--batch", help="Many CDRs, one per line or a list; a result per line.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Price a CDR of OCPI 2.1.1, 2.2.1 or 2.3.0: a receipt, line by line, with notes.

    The tariffs are those of the CDR, the clock is that of its site. What is missing and not needed
    is noted; what a price needs and is not there is named, and there is no price. Energy in kWh,
    time in hours. The questions OCPI leaves open, and our answers: wattproof policy list.

    \b
    Examples:
      wattproof price cdr.json --time-zone Europe/Amsterdam
      wattproof price cdr.json --tariff tariff.json --json
      wattproof price cdr.json --policy flat_scope=session --policy step_scope=period
      wattproof price --batch cdrs.jsonl --time-zone Europe/Brussels --json

    Exit code 1: there is no price; of a batch, one or more CDRs have none.
    """
    given = None if tariff is None else documents(tariff, "tariff")
    decided = decisions(policy)
    if batch:
        _batch(file, given, time_zone, decided, ocpi=ocpi, as_json=as_json)
        return
    wire = document(file, "CDR")
    priced = price(wire, tariff=given, time_zone=time_zone, policy=decided, ocpi=ocpi)
    if as_json:
        show_exact(written(priced))
    else:
        show_receipt(priced)


def decisions(given: list[str] | None) -> dict[str, str]:
    """Name → answer of `--policy name=value`."""
    found = {}
    for one in given or []:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{one!r} is not NAME=VALUE, such as flat_scope=session")
        found[name] = value
    return found


def _batch(
    file: Path,
    tariff: list[Wire] | None,
    time_zone: str,
    policy: dict[str, str],
    *,
    ocpi: str,
    as_json: bool,
) -> None:
    """A result for each line, in its place; exit code 1 where one has no price."""
    read, texts, numbers = tee(records(file), 3)
    found = price_many(
        (text for _, text, _ in texts),
        tariff=tariff,
        time_zone=time_zone,
        policy=policy,
        ocpi=ocpi,
        places=(f"line {number}" for number, _, _ in numbers),
    )
    failed = total = 0
    with progress("pricing", size(file)) as bar:
        for (number, _, done), one in zip(read, found, strict=True):
            if as_json:
                show_exact({"line": number} | _result(one), indent=False)
            else:
                typer.echo(
                    row_of(number, one) if total else f"{row_title()}\n{row_of(number, one)}"
                )
            total += 1
            failed += isinstance(one, RefusalError)
            bar.at(done, f"{total} CDRs")
    if not total:
        raise RefusalError(f"{file} holds no CDR", "give one CDR per line, or a list")
    say(f"{total} CDRs, {total - failed} priced, {failed} not")
    if failed:
        raise typer.Exit(1)


def _result(one: Priced | RefusalError) -> Wire:
    if isinstance(one, Priced):
        return written(one)
    problems = one.problems if isinstance(one, UnpriceableError) else ()
    return {
        "id": one.about or None,
        "error": one.reason,
        "advice": one.advice,
        "problems": [{"pointer": p.pointer, "message": p.message} for p in problems],
    }
