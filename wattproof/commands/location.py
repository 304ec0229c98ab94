"""`wattproof location`: the sites where stations stand."""

from contextlib import closing
from typing import Annotated

import typer

from ingest.protocols import actions
from wattproof.bulk import objects
from wattproof.operator_log import open_registry, record
from wattproof.options import DEFAULT_DATA, Data, File, Json
from wattproof.terminal import progress, show, show_json

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Locations."
)


@app.command()
def add(
    location: Annotated[str | None, typer.Argument(help="The location's id.")] = None,
    *,
    owner: Annotated[str, typer.Option(help="Code of the CPO, such as NL-WPF.")] = "",
    name: Annotated[str, typer.Option(help="What drivers call it.")] = "",
    address: Annotated[str, typer.Option(help="Street and number.")] = "",
    city: Annotated[str, typer.Option()] = "",
    postal_code: Annotated[str, typer.Option()] = "",
    country: Annotated[str, typer.Option(help="Three letters: NLD.")] = "",
    latitude: Annotated[str, typer.Option(help="Decimal degrees: 52.338900.")] = "",
    longitude: Annotated[str, typer.Option(help="Decimal degrees: 4.873100.")] = "",
    time_zone: Annotated[str, typer.Option(help="Its clock: Europe/Amsterdam.")] = "",
    file: File = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Add locations, or replace what is known about them.

    \b
    Examples:
      wattproof location add AMS-1 --owner NL-WPF --name Zuid --address "Zuidplein 20" \\
        --city Amsterdam --postal-code "1077 XV" --country NLD \\
        --latitude 52.338900 --longitude 4.873100 --time-zone Europe/Amsterdam
      wattproof location add --file locations.jsonl
    """
    if (location is None) == (file is None):
        raise typer.BadParameter("give a location's id, or --file")
    country_code, _, party_id = owner.partition("-")
    one = {
        "country_code": country_code,
        "party_id": party_id,
        "id": location,
        "name": name,
        "address": address,
        "city": city,
        "postal_code": postal_code,
        "country": country,
        "latitude": latitude,
        "longitude": longitude,
        "time_zone": time_zone,
    }
    wanted = [one] if file is None else objects(file)
    said = [actions.read(body | {"action": "location.add"}) for body in wanted]
    with progress("writing", len(said)) as bar:
        record(data, said, bar.at)
    ids = [body["id"] for body in wanted]
    if as_json:
        show_json([{"id": one} for one in ids])
    else:
        for each in ids:
            typer.echo(f"{each} added")


@app.command("list")
def list_locations(data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """List locations.

    \b
    Example:
      wattproof location list
    """
    with closing(open_registry(data)) as registry:
        rows = registry.locations()
    show(rows, ("id", "name", "address", "city", "country", "time_zone"), as_json=as_json)
