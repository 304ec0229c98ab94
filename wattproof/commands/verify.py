"""`wattproof verify`: is what a CDR claims what its tariff gives, and if not, why."""

import csv
import sys
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from itertools import tee
from pathlib import Path
from typing import Annotated

import typer

from billing.verify.causes import CAUSES
from ingest.protocols.ocpi import Wire, loads
from wattproof.commands.price import decisions
from wattproof.documents import carried, documents, records, size
from wattproof.options import OCPI, Decisions, Json, TariffFile, TimeZone
from wattproof.pricing.dispute import as_json as written
from wattproof.pricing.summary import ROW_COLUMNS, Summary
from wattproof.pricing.verify import Terms, Verified, verify, verify_many
from wattproof.pricing.worklist import show_summary, show_verified
from wattproof.refusals import RefusalError
from wattproof.terminal import progress, show, show_exact

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("verify")
def verify_cdr(
    file: Annotated[
        Path | None,
        typer.Argument(help="A CDR as JSON, or many: one per line, or a list. - reads stdin."),
    ] = None,
    *,
    tariff: TariffFile = None,
    time_zone: TimeZone = "",
    policy: Decisions = None,
    tolerance: Annotated[
        str, typer.Option(metavar="MONEY", help="Differences up to this are not worth a row.")
    ] = "0",
    max_power: Annotated[
        str, typer.Option(metavar="KW", help="Of the connector, for plausibility.")
    ] = "",
    public_key: Annotated[
        str,
        typer.Option(metavar="KEY", help="The meter's, for signed values: a file, hex or base64."),
    ] = "",
    ocpi: OCPI = "",
    causes: Annotated[bool, typer.Option("--causes", help="List every cause and end.")] = False,
    as_json: Json = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV: a row for each CDR and field that differs.")
    ] = False,
) -> None:
    """Verify what a CDR claims: money, quantities, itself, its tariff, its signed values.

    Each claim is computed again from the CDR's own tariff, or from the version we hold (--tariff),
    and judged: exact; rounding only; policy (another answer to what OCPI leaves open gives the
    claim); mistake (a known one does); unexplained. What could not be checked is said. Energy in
    kWh, time in hours, money in the CDR's currency; differences are claimed minus computed.

    \b
    Examples:
      wattproof verify cdr.json --time-zone Europe/Amsterdam
      wattproof verify october.jsonl --tariff ours.json --time-zone Europe/Amsterdam
      wattproof verify october.jsonl --time-zone Europe/Oslo --tolerance 0.01 --csv > disputes.csv
      wattproof verify cdr.json --policy step_scope=period --json
      wattproof verify --causes

    Exit code 1: money differs by more than rounding, or a CDR's money could not be checked.
    """
    if causes:
        _show_causes(as_json=as_json)
        return
    if file is None:
        raise typer.BadParameter("give a FILE, or --causes")
    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    terms = Terms(
        tariffs=[] if tariff is None else documents(tariff, "tariff"),
        time_zone=time_zone,
        policy=decisions(policy),
        ocpi=ocpi,
        tolerance=_number(tolerance, "--tolerance"),
        max_power_kw=_number(max_power, "--max-power") if max_power else None,
        public_key=_key(public_key),
    )
    found = _objects(file)
    if isinstance(found, dict) and not as_csv:
        _one(found, terms, as_json=as_json)
        return
    items = iter([(1, found, 0)]) if isinstance(found, dict) else found
    _many(items, file, terms, (as_json, as_csv))


def _show_causes(*, as_json: bool) -> None:
    rows = [
        {"kind": one.kind.value, "cause": cause, "meaning": one.meaning}
        for cause, one in CAUSES.items()
    ]
    show(rows, ("kind", "cause", "meaning"), as_json=as_json)


def _number(text: str, name: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0:
        raise typer.BadParameter(f"{name}: expected a number from 0 up, got {text!r}")
    return value


def _key(text: str) -> str:
    """The key itself, or what its file holds."""
    if len(text) > _LONGEST_PATH or not Path(text).is_file():
        return text
    raw = Path(text).read_bytes()
    return raw.decode() if raw.isascii() else raw.hex()


_LONGEST_PATH = 200
_Item = tuple[int, Wire | str | bytes, int]


def _objects(file: Path) -> Wire | Iterator[_Item]:
    """The one CDR of a file; or many, with their numbers and how far they were read."""
    if file.suffix in {".jsonl", ".ndjson"}:
        return records(file)
    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise RefusalError(f"{file} can't be read: {error.strerror}", "check the path") from None
    try:
        value = carried(loads(text))
    except (ValueError, RecursionError) as error:
        many = [(at, line, 0) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(many) < 2 or not all(line.lstrip()[:1] == b"{" for _, line, _ in many):
            raise RefusalError(f"{file} is not JSON: {error}", "give a CDR as JSON") from None
        return iter(many)
    if isinstance(value, list):
        return iter([(at, one, 0) for at, one in enumerate(value, 1)])
    if not isinstance(value, dict):
        raise RefusalError(f"{file}: expected a CDR, got {str(value)[:40]!r}", "give an OCPI CDR")
    return value


def _one(wire: Wire, terms: Terms, *, as_json: bool) -> None:
    found = verify(wire, terms)
    if as_json:
        show_exact(written(found))
    else:
        show_verified(found)
    if found.report.money_differs or not found.report.money_checked:
        raise typer.Exit(1)


def _many(items: Iterator[_Item], file: Path, terms: Terms, form: tuple[bool, bool]) -> None:
    """Every CDR in turn; with --json a line each, else what differs once all were seen."""
    as_json, as_csv = form
    summary = Summary()
    read, texts, numbers = tee(items, 3)
    places = (f"line {number}" for number, _, _ in numbers)
    found = verify_many((text for _, text, _ in texts), terms, places=places)
    with progress("verifying", size(file)) as bar:
        for (number, _, done), one in zip(read, found, strict=True):
            summary.add(number, one)
            if as_json:
                show_exact({"line": number} | _result(one), indent=False)
            bar.at(done, f"{summary.count} CDRs")
    if not summary.count:
        raise RefusalError(f"{file} holds no CDR", "give one CDR per line")
    if as_csv:
        _print_csv(summary)
    elif not as_json:
        show_summary(summary)
    if summary.money_differs or summary.unchecked:
        raise typer.Exit(1)


def _result(one: Verified | RefusalError) -> Wire:
    if isinstance(one, Verified):
        return written(one)
    return {
        "id": one.about or None,
        "kind": "not_checked",
        "error": one.reason,
        "advice": one.advice,
    }


def _print_csv(summary: Summary) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(ROW_COLUMNS)
    for row in summary.by_stake():
        out.writerow([_cell(row[name]) for name in ROW_COLUMNS])


def _cell(value: object) -> object:
    """A number with its own digits; a text that a spreadsheet would run is kept a text."""
    if isinstance(value, Decimal):
        return f"{value.normalize() if value else 0:f}"
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"}:
        return f"'{value}"
    return value
