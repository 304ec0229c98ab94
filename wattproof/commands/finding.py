"""`wattproof finding`: where chargers and the reckoning disagree, down to the log entry."""

from typing import Annotated

import typer

from billing.finding import Severity
from warehouse.lake import Lake
from wattproof.operator_log import need_log
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.terminal import show

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Findings."
)
COLUMNS = ("severity", "rule", "station", "session_id", "entry", "message")


@app.callback()
def finding() -> None:
    """Disagreements, each with its rule and the log entry it rests on."""


@app.command("list")
def list_findings(
    *,
    rule: Annotated[str, typer.Option(help="Only of this rule, such as dup_stop.")] = "",
    severity: Annotated[
        Severity | None, typer.Option(help="Only of this severity; hold keeps from billing.")
    ] = None,
    session: Annotated[str, typer.Option(metavar="ID", help="Only of this session.")] = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """List findings, the gravest first.

    \b
    Examples:
      wattproof finding list --severity hold
      wattproof finding list --rule begin_placeholder --json

    The frame itself: wattproof audit trace with the entry, such as ingest-1:4711.
    """
    need_log(data)
    chosen = severity.value if severity else ""
    found = Lake(data / "lake").sql("finding_list", rule=rule, severity=chosen, session=session)
    show(found.to_dicts(), COLUMNS, as_json=as_json)
