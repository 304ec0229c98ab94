"""`wattproof session`: what was derived of each charge, and what keeps it from being billed."""

from typing import Annotated

import typer

from warehouse.lake import Lake
from wattproof.invocation import typed
from wattproof.operator_log import need_log
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.party_code import known_code
from wattproof.terminal import say, show

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Sessions."
)
COLUMNS = ("id", "station", "start", "end", "kwh", "state", "held", "rules", "outcome")


@app.callback()
def session() -> None:
    """Sessions, as they were derived last."""


@app.command("list")
def list_sessions(
    *,
    held: Annotated[bool, typer.Option("--held", help="Only those that are held.")] = False,
    party: Annotated[
        str, typer.Option(metavar="CODE", help="Only of this party's tokens: NL-ABC.")
    ] = "",
    month: Annotated[
        str, typer.Option(metavar="YYYY-MM", help="Only those that ended in this month (UTC).")
    ] = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """List sessions, oldest first: the rules that hold one, its CDR, or why it has none.

    \b
    Examples:
      wattproof session list --held
      wattproof session list --party NL-ABC --month 2026-10 --json

    A held session is not billed. The hold ends when a later message of the charger settles what
    was in doubt; else it is settled with the driver's party outside of Wattproof. What a rule saw:
    wattproof finding list --session ID.
    """
    need_log(data)
    code = known_code(data, party) if party else ""
    found = Lake(data / "lake").sql("session_list", held=held, party=code, month=month)
    rows = found.to_dicts()
    if as_json:
        show(rows, (), as_json=True)
        return
    names = {"session_id": "id", "start_at": "start", "end_at": "end"}
    shown = [
        {names.get(name, name): value for name, value in row.items()}
        | {"outcome": row["cdr_id"] or row["rejection"]}
        for row in rows
    ]
    show(shown, COLUMNS, as_json=False)
    if any(row["held"] for row in rows):
        say(f"Next: {typed('finding list --session ID', data)}")
