"""`wattproof station`: which charging stations we know, and which may connect."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from ingest.protocols import actions
from wattproof.bulk import objects
from wattproof.operator_log import open_registry, record
from wattproof.options import DEFAULT_DATA, Data, File, Json
from wattproof.refusals import RefusalError
from wattproof.secret import hash_passwords, new_password
from wattproof.simulator.network import ac_station, dc_station
from wattproof.terminal import progress, say, show, show_json

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Charging stations."
)


@app.command()
def add(
    station: Annotated[str | None, typer.Argument(help="The identity it connects with.")] = None,
    *,
    location: Annotated[str, typer.Option(help="Id of the location it stands at.")] = "",
    connectors: Annotated[int, typer.Option(min=1, max=100, help="How many EVSEs.")] = 1,
    power_kw: Annotated[int, typer.Option(min=1, max=3750, help="Of each connector.")] = 22,
    dc: Annotated[bool, typer.Option("--dc", help="CCS cables instead of type 2 sockets.")] = False,
    ocpp: Annotated[
        list[str] | None, typer.Option(help="1.6, 2.0.1 (repeat); any if none.")
    ] = None,
    from_json: Annotated[
        Path | None, typer.Option(help="One station as JSON; - reads stdin.")
    ] = None,
    file: File = None,
    password: Annotated[bool, typer.Option(help="Make a password, shown once.")] = True,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Add stations, or replace what is known about them. Passwords are shown once.

    \b
    Examples:
      wattproof station add NL-AMS-001 --location AMS-1 --connectors 2 --power-kw 22
      wattproof station add NL-AMS-F01 --location AMS-1 --dc --power-kw 150 --ocpp 2.0.1
      wattproof station add --from-json station.json
      wattproof station add --file stations.jsonl --json > passwords.json

    \b
    A station in JSON (password and password_hash are optional; a password is hashed, never kept):
      {"id": "S1", "location_id": "L1", "protocols": ["ocpp1.6"], "evses": [{"uid": "S1-1",
       "evse_id": "NL*ABC*E1", "ocpp_evse": 1, "connectors": [{"id": 1, "standard":
       "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE", "max_voltage": 230,
       "max_amperage": 32, "max_power_kw": "22"}]}]}
    """
    source = from_json or file
    if (station is None) == (source is None):
        raise typer.BadParameter("give a station's id, or --from-json, or --file")
    if source is not None:
        wanted = objects(source)
    else:
        assert station is not None
        make = dc_station if dc else ac_station
        made = actions.StationAdd(make(station, location, connectors, power_kw * 1000))
        wanted = [actions.to_object(made) | {"protocols": [f"ocpp{one}" for one in ocpp or ()]}]
        if not location:
            raise typer.BadParameter("--location is needed: the id of a location")
    secrets, said = _hashed(wanted, make_passwords=password)
    _check_locations(data, said)
    with progress("writing", len(said)) as bar:
        record(data, said, bar.at)
    _tell(said, secrets, as_json=as_json)


def _hashed(
    wanted: list[dict[str, Any]], *, make_passwords: bool
) -> tuple[dict[str, str], list[actions.StationAdd]]:
    """Passwords by station, and the actions that carry only their hashes."""
    given = [str(one.pop("password", "")) for one in wanted]
    plain = [
        old or (new_password() if make_passwords and "password_hash" not in one else "")
        for old, one in zip(given, wanted, strict=True)
    ]
    said: list[actions.StationAdd] = []
    hashed = hash_passwords([one for one in plain if one])
    with progress("hashing passwords", len(wanted)) as bar:
        for done, (secret, one) in enumerate(zip(plain, wanted, strict=True), 1):
            kept = {"password_hash": next(hashed)} if secret else {}
            said.append(_read(one | kept | {"action": "station.add"}))
            bar.at(done)
    made = {
        action.station.id: secret
        for action, secret, old in zip(said, plain, given, strict=True)
        if secret and not old
    }
    return made, said


def _read(body: Mapping[str, Any]) -> actions.StationAdd:
    action = actions.read(body)
    assert isinstance(action, actions.StationAdd)
    return action


def _check_locations(data: Path, said: list[actions.StationAdd]) -> None:
    with closing(open_registry(data)) as registry:
        known = {row["id"] for row in registry.locations()}
    for action in said:
        if action.station.location_id not in known:
            raise RefusalError(
                f"station {action.station.id}: there is no location {action.station.location_id}",
                "add it first: wattproof location add",
            )


def _tell(said: list[actions.StationAdd], secrets: Mapping[str, str], *, as_json: bool) -> None:
    rows = [
        {"id": action.station.id, "password": secrets.get(action.station.id, "")} for action in said
    ]
    if as_json:
        show_json(rows)
        return
    for row in rows:
        shown = f"  password {row['password']}" if row["password"] else ""
        typer.echo(f"{row['id']} added{shown}")
    if secrets:
        say("The passwords are shown this once; only their salted hashes are kept.")


@app.command("list")
def list_stations(data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """List stations with their state and whether they are connected.

    \b
    Example:
      wattproof station list --json
    """
    with closing(open_registry(data)) as registry:
        rows = [
            {name: value for name, value in row.items() if name != "password_hash"}
            | {"password": bool(row["password_hash"]), "evse_count": len(row["evses"])}
            | {"online": bool((registry.connection(row["id"]) or {}).get("online"))}
            for row in registry.stations()
        ]
    columns = (
        "id",
        "location_id",
        "status",
        "online",
        "protocols",
        "evse_count",
        "vendor",
        "model",
    )
    show(rows, columns, as_json=as_json)


@app.command()
def block(
    stations: Annotated[list[str], typer.Argument(help="Ids of the stations.")],
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Block stations: they may no longer connect, from now on.

    \b
    Example:
      wattproof station block NL-AMS-001
    """
    _set_status(data, stations, actions.StationBlock, "blocked", as_json=as_json)


@app.command()
def unblock(
    stations: Annotated[list[str], typer.Argument(help="Ids of the stations.")],
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Let blocked or pending stations connect.

    \b
    Example:
      wattproof station unblock NL-AMS-001
    """
    _set_status(data, stations, actions.StationUnblock, "accepted", as_json=as_json)


def _set_status(
    data: Path,
    stations: list[str],
    action: type[actions.StationBlock] | type[actions.StationUnblock],
    status: str,
    *,
    as_json: bool,
) -> None:
    with closing(open_registry(data)) as registry:
        for one in stations:
            if registry.station(one) is None:
                raise RefusalError(f"there is no station {one}", "see wattproof station list")
    record(data, [action(one) for one in stations])
    if as_json:
        show_json([{"id": one, "status": status} for one in stations])
    else:
        for one in stations:
            typer.echo(f"{one} {status}")
