"""`wattproof token`: cards, apps and contracts, and who pays for them."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from ingest.protocols import actions
from wattproof.bulk import objects
from wattproof.operator_log import open_registry, record
from wattproof.options import DEFAULT_DATA, Data, File, Json
from wattproof.refusals import RefusalError
from wattproof.terminal import progress, show, show_json

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Tokens.")


@app.command()
def add(
    uid: Annotated[str | None, typer.Argument(help="As the reader reports it.")] = None,
    *,
    party: Annotated[str, typer.Option(help="Code of the party that pays: NL-ABC.")] = "",
    contract: Annotated[str, typer.Option(help="Contract id; the uid if not given.")] = "",
    type: Annotated[str, typer.Option(help="RFID, APP_USER, AD_HOC_USER, OTHER.")] = "RFID",  # noqa: A002 - OCPI's name
    valid_until: Annotated[str, typer.Option(help="2027-01-01T00:00:00Z.")] = "",
    group: Annotated[str, typer.Option(help="Tokens of a group may stop each other.")] = "",
    file: File = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Add tokens, or replace what is known about them; they are accepted from now on.

    \b
    Examples:
      wattproof token add 04A1B2C3D4E5F6 --party NL-ABC --contract NL-ABC-C000001
      wattproof token add --file tokens.jsonl

    \b
    A token in JSON:
      {"uid": "04A1B2C3D4E5F6", "type": "RFID", "party": "NL-ABC", "contract_id": "NL-ABC-C1"}
    """
    if (uid is None) == (file is None):
        raise typer.BadParameter("give a token's uid, or --file")
    one = {
        "uid": uid,
        "type": type,
        "party": party,
        "contract_id": contract or uid,
        "valid_until": valid_until,
        "group_id": group,
    }
    wanted = [one] if file is None else objects(file)
    said = [actions.read(body | {"action": "token.add"}) for body in wanted]
    _check_parties(data, said)
    with progress("writing", len(said)) as bar:
        record(data, said, bar.at)
    _tell([str(body["uid"]) for body in wanted], "added", as_json=as_json)


def _check_parties(data: Path, said: list[actions.Action]) -> None:
    with closing(open_registry(data)) as registry:
        known = {row["code"] for row in registry.parties()}
    for action in said:
        assert isinstance(action, actions.TokenAdd)
        if action.token.party not in known:
            raise RefusalError(
                f"token {action.token.uid}: there is no party {action.token.party}",
                "add it first: wattproof party add",
            )


@app.command("list")
def list_tokens(
    party: Annotated[str, typer.Option(help="Only this party's.")] = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """List tokens.

    \b
    Example:
      wattproof token list --party NL-ABC
    """
    with closing(open_registry(data)) as registry:
        rows = [row for row in registry.tokens() if party in {"", row["party"]}]
    columns = ("uid", "type", "party", "contract_id", "valid", "valid_until", "group_id")
    show(rows, columns, as_json=as_json)


@app.command()
def block(
    uids: Annotated[list[str], typer.Argument(help="Uids of the tokens.")],
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Refuse tokens from now on.

    \b
    Example:
      wattproof token block 04A1B2C3D4E5F6
    """
    _check_tokens(data, uids)
    record(data, [actions.TokenBlock(uid) for uid in uids])
    _tell(uids, "blocked", as_json=as_json)


@app.command()
def unblock(
    uids: Annotated[list[str], typer.Argument(help="Uids of the tokens.")],
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Accept blocked tokens again.

    \b
    Example:
      wattproof token unblock 04A1B2C3D4E5F6
    """
    _check_tokens(data, uids)
    record(data, [actions.TokenUnblock(uid) for uid in uids])
    _tell(uids, "accepted", as_json=as_json)


def _check_tokens(data: Path, uids: list[str]) -> None:
    with closing(open_registry(data)) as registry:
        for uid in uids:
            if registry.token(uid) is None:
                raise RefusalError(f"there is no token {uid}", "see wattproof token list")


def _tell(uids: list[str], status: str, *, as_json: bool) -> None:
    if as_json:
        show_json([{"uid": uid, "status": status} for uid in uids])
    else:
        for uid in uids:
            typer.echo(f"{uid} {status}")
