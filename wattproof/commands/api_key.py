"""`wattproof api-key`: who may use the REST interface, and for what."""

from contextlib import closing
from typing import Annotated

import typer

from api.scopes import SCOPES
from ingest.protocols import actions
from wattproof.operator_log import open_registry, record
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.refusals import RefusalError
from wattproof.secret import new_token, token_hash
from wattproof.terminal import say, show, show_json

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Keys of the REST interface.",
)


@app.command()
def add(
    key: Annotated[str, typer.Argument(help="A short id, such as installer-1.")],
    *,
    name: Annotated[str, typer.Option(help="Whose it is.")] = "",
    scope: Annotated[
        list[str] | None, typer.Option(help=f"{', '.join(SCOPES)} (repeat); read reads everything.")
    ] = None,
    valid_until: Annotated[str, typer.Option(help="2027-01-01T00:00:00Z.")] = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Make a key; it is shown once.

    \b
    Example:
      wattproof api-key add installer-1 --name "Installer Jansen" --scope read
      curl -H "Authorization: Bearer KEY" http://127.0.0.1:8080/api/v1/chargepoints/S1/connectors
    """
    for one in scope or ():
        if one not in SCOPES:
            raise RefusalError(f"there is no scope {one}", f"there are {', '.join(SCOPES)}")
    secret = new_token()
    body = {
        "action": "api_key.add",
        "id": key,
        "name": name or key,
        "hash": token_hash(secret),
        "scopes": scope or ["read"],
        "valid_until": valid_until,
    }
    said = actions.read(body)
    with closing(open_registry(data)) as registry:
        if any(row["id"] == key for row in registry.api_keys()):
            raise RefusalError(f"there is a key {key} already", "choose another id")
    record(data, [said])
    if as_json:
        show_json({"id": key, "key": secret, "scopes": body["scopes"]})
    else:
        typer.echo(f"{key} added  key {secret}")
        say("The key is shown this once; only its hash is kept.")


@app.command("list")
def list_keys(data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """List keys, without the keys themselves.

    \b
    Example:
      wattproof api-key list
    """
    with closing(open_registry(data)) as registry:
        rows = [
            {name: value for name, value in row.items() if name != "hash"}
            for row in registry.api_keys()
        ]
    show(rows, ("id", "name", "scopes", "valid_until"), as_json=as_json)
