"""`wattproof policy`: the rules of the house that an operator may choose."""

from contextlib import closing
from typing import Annotated

import typer

from ingest.protocols import actions
from wattproof.operator_log import open_registry, record
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.terminal import show, show_json

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Policies."
)


@app.command("set")
def set_policy(
    values: Annotated[list[str], typer.Argument(help="NAME=VALUE, such as settle_s=600.")],
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Set policies; they hold from now on.

    \b
    Examples:
      wattproof policy set settle_s=600
      wattproof policy set stale_open_s=172800
    """
    chosen: dict[str, actions.PolicyValue] = {}
    for one in values:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{one!r} is not NAME=VALUE")
        chosen[name] = _value(value)
    record(data, [actions.read({"action": "policy.set"} | chosen)])
    if as_json:
        show_json(chosen)
    else:
        for name, chosen_value in chosen.items():
            typer.echo(f"{name} = {chosen_value}")


def _value(text: str) -> actions.PolicyValue:
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if text.isdecimal() else text


@app.command("list")
def list_policies(data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """List the policies that were set; all others have their defaults.

    \b
    Example:
      wattproof policy list
    """
    with closing(open_registry(data)) as registry:
        policies = registry.policies()
    rows = [{"name": name, "value": value} for name, value in sorted(policies.items())]
    show(rows, ("name", "value"), as_json=as_json)
