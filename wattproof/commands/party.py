"""`wattproof party`: ourselves, our roaming partners and our own customers."""

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from ingest.protocols import actions
from wattproof.bulk import objects
from wattproof.operator_log import open_registry, record
from wattproof.options import DEFAULT_DATA, Data, File, Json
from wattproof.party_code import known_code
from wattproof.refusals import RefusalError
from wattproof.secret import new_token, token_hash
from wattproof.terminal import progress, say, show, show_json

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Parties."
)


@app.command()
def add(
    code: Annotated[str | None, typer.Argument(help="Country and party id: NL-ABC.")] = None,
    *,
    role: Annotated[str, typer.Option(help="CPO (ourselves), EMSP or DRIVER.")] = "EMSP",
    name: Annotated[str, typer.Option(help="As it stands on invoices.")] = "",
    address: Annotated[str, typer.Option()] = "",
    postal_code: Annotated[str, typer.Option()] = "",
    city: Annotated[str, typer.Option()] = "",
    country: Annotated[str, typer.Option(help="Three letters: NLD.")] = "",
    vat_number: Annotated[str, typer.Option()] = "",
    email: Annotated[str, typer.Option(help="Where invoices go.")] = "",
    iban: Annotated[str, typer.Option()] = "",
    currency: Annotated[str, typer.Option(help="Of its invoices.")] = "EUR",
    time_zone: Annotated[str, typer.Option(help="Of its months.")] = "Europe/Amsterdam",
    payment_days: Annotated[int, typer.Option(min=0)] = 14,
    ocpi_token: Annotated[
        bool, typer.Option("--ocpi-token", help="Make a token, shown once.")
    ] = False,
    ocpi_token_encoding: Annotated[
        str, typer.Option(help="base64 or raw; either will do if not given.")
    ] = "",
    allow: Annotated[
        list[str] | None, typer.Option(metavar="UID", help="A token always let in (repeat).")
    ] = None,
    deny: Annotated[
        list[str] | None, typer.Option(metavar="UID", help="A token never let in (repeat).")
    ] = None,
    file: File = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Add parties, or replace everything that is known about them.

    \b
    Examples:
      wattproof party add NL-WPF --role CPO --name "Our Charging B.V." --vat-number NL0000B01
      wattproof party add NL-ABC --role EMSP --name "Alpha Mobility B.V." --ocpi-token
      wattproof party add NL-ABC --name "Alpha Mobility B.V." --deny 04A1B2C3 --deny 04D4E5F6
      wattproof party add --file parties.jsonl

    With --ocpi-token the party may read its CDRs and sessions at /ocpi/versions with
    `Authorization: Token …`. A known party is replaced whole: what is not given goes back to its
    default, and without --ocpi-token its right to read ends. `party token` makes a new token
    and keeps all else.
    """
    if (code is None) == (file is None):
        raise typer.BadParameter("give a party's code, or --file")
    country_code, _, party_id = (code or "").upper().partition("-")
    one: dict[str, Any] = {
        "country_code": country_code,
        "party_id": party_id,
        "role": role.upper(),
        "name": name,
        "address": address,
        "postal_code": postal_code,
        "city": city,
        "country": country,
        "vat_number": vat_number,
        "email": email,
        "iban": iban,
        "currency": currency,
        "time_zone": time_zone,
        "payment_days": payment_days,
        "ocpi_token_encoding": ocpi_token_encoding,
    }
    if allow or deny:
        one["token_policy"] = {"allow": allow or [], "deny": deny or []}
    _add(data, [one] if file is None else objects(file), with_token=ocpi_token, as_json=as_json)


def _add(data: Path, wanted: list[dict[str, Any]], *, with_token: bool, as_json: bool) -> None:
    tokens = [new_token() if with_token else "" for _ in wanted]
    said = [
        actions.read(
            body
            | {"action": "party.add"}
            | ({"ocpi_token_hash": token_hash(token)} if token else {})
        )
        for body, token in zip(wanted, tokens, strict=True)
    ]
    with progress("writing", len(said)) as bar:
        record(data, said, bar.at)
    codes = [f"{body['country_code']}-{body['party_id']}" for body in wanted]
    _tell(list(zip(codes, tokens, strict=True)), "added", as_json=as_json)


def _tell(added: list[tuple[str, str]], what: str, *, as_json: bool) -> None:
    if as_json:
        show_json([{"code": code, "ocpi_token": token} for code, token in added])
        return
    for code, token in added:
        typer.echo(f"{code} {what}" + (f"  OCPI token {token}" if token else ""))
    if any(token for _, token in added):
        say("The tokens are shown this once; only their hashes are kept.")


@app.command()
def token(
    code: Annotated[str, typer.Argument(help="Country and party id: NL-ABC.")],
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Make a new OCPI token for a known party; all else about it stays. The old one ends now.

    \b
    Example:
      wattproof party token NL-ABC
    """
    code = known_code(data, code)
    with closing(open_registry(data)) as registry:
        row = registry.party(code)
    if row is None:
        raise RefusalError(f"there is no party {code}", "see wattproof party list")
    made = new_token()
    body = row["details"] | {"action": "party.add", "ocpi_token_hash": token_hash(made)}
    record(data, [actions.read(body)])
    _tell([(code, made)], "has a new token", as_json=as_json)


@app.command("list")
def list_parties(data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """List parties.

    \b
    Example:
      wattproof party list
    """
    with closing(open_registry(data)) as registry:
        rows = [_shown(row) for row in registry.parties()]
    show(rows, ("code", "role", "name", "city", "country", "ocpi_access"), as_json=as_json)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    details = {key: value for key, value in row["details"].items() if key != "ocpi_token_hash"}
    return details | {"code": row["code"], "ocpi_access": bool(row["ocpi_token_hash"])}
