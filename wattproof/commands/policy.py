"""`wattproof policy`: the rules of the house that an operator may choose."""

from collections.abc import Mapping
from contextlib import closing
from typing import Annotated

import typer

from ingest.protocols import actions
from wattproof.house_rules import DEFAULTS, checked
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
        chosen[name] = checked(name, value)
    record(data, [actions.read({"action": "policy.set"} | chosen)])
    if as_json:
        show_json(chosen)
    else:
        for name, chosen_value in chosen.items():
            typer.echo(f"{name} = {chosen_value}")


@app.command("list")
def list_policies(data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """List all policies, those that were set and the defaults of all others.

    \b
    Example:
      wattproof policy list
    """
    with closing(open_registry(data)) as registry:
        policies = registry.policies()
    rows = [
        {
            "name": name,
            "value": policies.get(name, DEFAULTS.get(name)),
            "source": _source(policies, name),
        }
        for name in sorted({*DEFAULTS, *policies})
    ]
    show(rows, ("name", "value", "source"), as_json=as_json)


def _source(policies: Mapping[str, object], name: str) -> str:
    """Where a value comes from; an older log may hold a policy that nothing reads."""
    if name not in policies:
        return "default"
    return "set" if name in DEFAULTS else "set, but nothing reads it"
