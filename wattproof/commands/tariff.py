"""`wattproof tariff`: prices, as OCPI objects, with whom and when they are for."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from billing.lint import Severity
from ingest.protocols import actions
from ingest.protocols.fields import instant_text
from ingest.protocols.ocpi import MalformedObjectError, read_tariff
from warehouse.clock import open_clock
from wattproof.bulk import objects
from wattproof.operator_log import open_registry, record
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.pricing.lint import lint
from wattproof.refusals import RefusalError
from wattproof.terminal import progress, say, show, show_json

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Tariffs."
)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="OCPI Tariff objects as JSON; - reads stdin.")],
    *,
    ocpi: Annotated[str, typer.Option(help="2.1.1, 2.2.1 or 2.3.0.")] = "2.2.1",
    valid_from: Annotated[str, typer.Option(help="2026-10-01T00:00:00Z; now if not given.")] = "",
    party: Annotated[
        list[str] | None, typer.Option(help="For NL-ABC (repeat); all if none.")
    ] = None,
    station: Annotated[list[str] | None, typer.Option(help="At a station (repeat).")] = None,
    location: Annotated[list[str] | None, typer.Option(help="At a location (repeat).")] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Publish a tariff. A session is priced by the version in force when it started.

    What lint finds of errors and warnings is shown; the tariff is published as it is.

    \b
    Examples:
      wattproof tariff add energy.json
      wattproof tariff add couriers.json --party NL-D01 --valid-from 2026-11-01T00:00:00Z
      wattproof tariff add fast.json --ocpi 2.3.0 --location AMS-1

    \b
    The smallest tariff:
      {"country_code": "NL", "party_id": "WPF", "id": "T1", "currency": "EUR", "elements":
       [{"price_components": [{"type": "ENERGY", "price": 0.39, "vat": 21, "step_size": 1}]}],
       "last_updated": "2026-10-01T00:00:00Z"}
    """
    now = datetime.fromtimestamp(open_clock(data).now_ns() // 1_000_000_000, UTC)
    said = [
        actions.read(
            {
                "action": "tariff.add",
                "ocpi_version": ocpi,
                "tariff": body,
                "valid_from": valid_from or instant_text(now),
                "parties": party or [],
                "stations": station or [],
                "locations": location or [],
            }
        )
        for body in objects(file)
    ]
    for action in said:
        assert isinstance(action, actions.TariffAdd)
        _check(data, action)
    with progress("writing", len(said)) as bar:
        record(data, said, bar.at)
    _tell(said, as_json=as_json)


def _check(data: Path, action: actions.TariffAdd) -> None:
    """A tariff that can't be understood, or is for somebody nobody knows, is not published; one
    that will cost money or trust is, with what `wattproof lint` finds.
    """
    try:
        read_tariff(action.ocpi_version, dict(action.tariff))
    except MalformedObjectError as error:
        raise RefusalError(
            f"no OCPI {action.ocpi_version} tariff: {error}",
            "correct the file; nothing was written",
        ) from None
    for found in lint(dict(action.tariff), action.ocpi_version):
        if found.severity is not Severity.INFO:
            say(f"{found.severity}: {found.code}: {found.pointer or '/'}: {found.message}")
    with closing(open_registry(data)) as registry:
        known = {
            "party": {row["code"] for row in registry.parties()},
            "station": {row["id"] for row in registry.stations()},
            "location": {row["id"] for row in registry.locations()},
        }
    wanted = {"party": action.parties, "station": action.stations, "location": action.locations}
    for kind, names in wanted.items():
        for name in names:
            if name not in known[kind]:
                raise RefusalError(
                    f"there is no {kind} {name}", f"add it first: wattproof {kind} add"
                )


def _tell(said: list[actions.Action], *, as_json: bool) -> None:
    rows: list[dict[str, Any]] = []
    for action in said:
        assert isinstance(action, actions.TariffAdd)
        rows.append({"id": action.tariff["id"], "valid_from": instant_text(action.valid_from)})
    if as_json:
        show_json(rows)
    else:
        for row in rows:
            typer.echo(f"{row['id']} published, valid from {row['valid_from']}")


@app.command("list")
def list_tariffs(data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """List tariffs, every version.

    \b
    Example:
      wattproof tariff list --json
    """
    with closing(open_registry(data)) as registry:
        rows = [row | {"currency": row["tariff"].get("currency", "")} for row in registry.tariffs()]
    columns = ("id", "valid_from", "ocpi_version", "currency", "parties", "stations", "locations")
    show(rows, columns, as_json=as_json)
