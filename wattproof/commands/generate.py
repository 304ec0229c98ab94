"""`wattproof generate`: from a tariff the CDR of an imagined charge, or a table of prices."""

import csv
import json
import re
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from billing.generate.profile import Battery
from ingest.protocols.ocpi import Wire
from wattproof.commands.price import decisions
from wattproof.documents import document
from wattproof.options import OCPI, Decisions, Json
from wattproof.pricing.generate import (
    Charge,
    Generated,
    generate,
    price_table,
    priceable,
    stop_rows,
)
from wattproof.pricing.price import Priced
from wattproof.pricing.price_list import csv_text, markdown, show_price_table
from wattproof.pricing.reading import chosen
from wattproof.pricing.shown import show_receipt
from wattproof.refusals import RefusalError
from wattproof.terminal import say, show_exact

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_SPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)(?:m(?:in)?)?)?")
_SHARES = re.compile(r"(\d{1,3})-(\d{1,3})")


Start = Annotated[
    str, typer.Option(metavar="TIME", help="2026-10-05T18:00, local; a table: the week's date.")
]
Zone = Annotated[
    str, typer.Option("--time-zone", metavar="ZONE", help="Of the site: Europe/Amsterdam.")
]
Capacity = Annotated[str, typer.Option(metavar="KWH", help="Its capacity: power falls above 80 %.")]
Shares = Annotated[str, typer.Option(metavar="FROM-TO", help="How far it is charged, in percent.")]
Curve = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Rows of minutes,kW (CSV or JSON); the last ends it."),
]
Held = Annotated[
    str, typer.Option("--reserved-from", metavar="TIME", help="Held since then, until --start.")
]
Expired = Annotated[
    bool, typer.Option("--expired", help="Nobody came: the reservation ended at --start.")
]


@app.command("generate")
def generate_cdr(
    tariff: Annotated[Path, typer.Argument(help="An OCPI tariff as JSON; - reads stdin.")],
    *,
    start: Start = "",
    time_zone: Zone = "",
    energy: Annotated[str, typer.Option(metavar="KWH", help="What is delivered.")] = "",
    power: Annotated[str, typer.Option(metavar="KW", help="At which power, at most.")] = "",
    battery: Capacity = "",
    soc: Shares = "20-80",
    curve: Curve = None,
    parked: Annotated[str, typer.Option(metavar="TIME", help="After it: 30m, 1h, 1h30m.")] = "",
    reserved_from: Held = "",
    expired: Expired = False,
    policy: Decisions = None,
    ocpi: OCPI = "",
    table: Annotated[
        bool, typer.Option("--table", help="Prices of typical stops, in each window of a week.")
    ] = False,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table as Markdown.")
    ] = False,
) -> None:
    """Generate the CDR that a charge would yield under a tariff; or the tariff's price table.

    The charge is metered, cut into periods and priced as a real one; the CDR is printed as a
    receipt, with --json as the OCPI object. A table shows what stops of 10, 20, 40 and 60 kWh cost
    at 11, 50 and 150 kW whenever the tariff's prices differ. Current is power at 230 V AC, 400 V
    DC.

    \b
    Examples:
      wattproof generate tariff.json --start 2026-10-05T18:00 --time-zone Europe/Amsterdam \\
        --energy 40 --power 50 --parked 30m
      wattproof generate tariff.json --start 2026-10-05T18:00 --time-zone Europe/Amsterdam \\
        --battery 77 --soc 10-90 --power 150 --ocpi 2.2.1 --json
      wattproof generate tariff.json --start 2026-10-05T18:00 --time-zone Europe/Amsterdam \\
        --reserved-from 2026-10-05T17:40 --expired
      wattproof generate tariff.json --table --time-zone Europe/Amsterdam
      wattproof generate tariff.json --table --time-zone Europe/Oslo --markdown > prices.md
    """
    wire = document(tariff, "tariff")
    if table:
        if any((energy, power, battery, curve, parked, reserved_from, expired)):
            raise typer.BadParameter("--table is of typical stops: leave out what says one charge")
        _table(wire, (start, time_zone), decisions(policy), (as_json, as_csv, as_markdown))
        return
    if as_csv or as_markdown:
        raise typer.BadParameter("--csv and --markdown are for --table")
    if not start:
        raise typer.BadParameter("give --start, or --table for prices of typical stops")
    charge = Charge(
        start,
        _number(energy, "--energy"),
        _number(power, "--power"),
        curve=() if curve is None else _points(curve),
        battery=_battery(battery, soc),
        parked=_span(parked),
        reserved_from=reserved_from,
        expired=expired,
    )
    decided = decisions(policy)
    made = generate(wire, charge, time_zone=time_zone, ocpi=ocpi, policy=decided)
    if as_json:
        _show_wire(made)
    else:
        zone = ZoneInfo(time_zone)
        show_receipt(Priced(made.version, made.cdr, zone, chosen(decided), made.notes))


def _show_wire(made: Generated) -> None:
    """The CDR as OCPI's object; its notes beside it, where no script reads."""
    for note in made.notes:
        where = f" ({note.pointer})" if note.pointer else ""
        say(f"note: {note.code}: {note.message}{where}")
    show_exact(made.wire)


def _table(
    wire: Wire, where: tuple[str, str], policy: dict[str, str], form: tuple[bool, bool, bool]
) -> None:
    if sum(form) > 1:
        raise typer.BadParameter("--json, --csv and --markdown exclude each other")
    start, time_zone = where
    found = price_table(wire, time_zone=time_zone, on=_day(start), policy=policy)
    as_json, as_csv, as_markdown = form
    if as_json:
        unmet = [f"/elements/{at}/price_components/{place}" for at, place in found.unmet]
        rows = [row | {"start": f"{row['start']:%FT%TZ}"} for row in stop_rows(found)]
        show_exact({"tariff": found.tariff_id, "stops": rows, "never_charged": unmet})
    elif as_csv:
        typer.echo(csv_text(found), nl=False)
    elif as_markdown:
        typer.echo(markdown(found, priceable(wire)), nl=False)
    else:
        show_price_table(found, priceable(wire))


def _day(start: str) -> date:
    if not start:
        return datetime.now(UTC).date()
    try:
        return datetime.fromisoformat(start).date()
    except ValueError:
        raise typer.BadParameter(f"--start: expected a date, got {start!r}") from None


def _number(text: str, name: str) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or value <= 0 or value > 1_000_000:
        raise typer.BadParameter(f"{name}: expected a number above zero, got {text!r}")
    return value


def _battery(capacity: str, soc: str) -> Battery | None:
    kwh, shares = _number(capacity, "--battery"), _SHARES.fullmatch(soc)
    if kwh is None:
        return None
    if shares is None:
        raise typer.BadParameter(f"--soc: expected FROM-TO in percent, such as 20-80, got {soc!r}")
    low, high = (Decimal(share) / 100 for share in shares.groups())
    return Battery(kwh, low, high)


def _span(text: str) -> timedelta:
    """`30m`, `1h30m`, `90`: minutes where nothing is said."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f"--parked: expected a time such as 1h30m, got {text!r}")
    hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes)


def _points(path: Path) -> list[tuple[Decimal, Decimal]]:
    """(minutes, kW) of a file: a JSON list of pairs, or lines of `minutes,kW`, a head allowed."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RefusalError(f"{path} can't be read: {error}", "check the path") from None
    try:
        rows = json.loads(text, parse_float=Decimal) if text.lstrip()[:1] == "[" else None
    except ValueError as error:
        raise RefusalError(f"{path} is not JSON: {error}", "give [[minutes, kW], …]") from None
    lines = list(csv.reader(text.splitlines())) if rows is None else rows
    return [_point(path, at, row) for at, row in enumerate(lines, 1) if not _is_head(at, row)]


def _is_head(at: int, row: Any) -> bool:  # noqa: ANN401 - JSON is any
    return not row or (at == 1 and isinstance(row[0], str) and not row[0].strip()[:1].isdigit())


def _point(path: Path, at: int, row: Any) -> tuple[Decimal, Decimal]:  # noqa: ANN401 - JSON is any
    try:
        minutes, kw = (Decimal(str(part).strip()) for part in row)
    except (TypeError, ValueError, InvalidOperation):
        raise RefusalError(
            f"{path}, row {at}: expected minutes,kW, got {str(row)[:60]}", "correct the row"
        ) from None
    if not (minutes.is_finite() and kw.is_finite()):
        raise RefusalError(f"{path}, row {at}: expected numbers", "correct the row")
    return minutes, kw
