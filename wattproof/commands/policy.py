"""`wattproof policy`: the rules that an operator may choose, for the house or one partner."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from billing.terms import CHOICES
from ingest.protocols import actions
from warehouse.registry import Registry
from wattproof.house_rules import DEFAULTS, PRICING, checked
from wattproof.operator_log import open_registry, record
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.party_code import known_code
from wattproof.refusals import RefusalError
from wattproof.terminal import show, show_json

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Policies."
)
Row = dict[str, Any]
Party = Annotated[str | None, typer.Option(metavar="CODE", help="For this buyer alone: NL-ABC.")]


@app.command("set")
def set_policy(
    values: Annotated[list[str], typer.Argument(help="NAME=VALUE, such as settle_s=600.")],
    *,
    party: Party = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Set policies; they hold from now on, those of pricing for sessions that start from now on.

    A policy of pricing answers a question that OCPI leaves open. With --party it holds for that
    buyer's sessions, in place of the house's answer. Each receipt records the answers it used.

    \b
    Examples:
      wattproof policy set settle_s=600
      wattproof policy set stale_open_s=172800
      wattproof policy set money_rounding=half_even
      wattproof policy set --party NL-ABC flat_scope=session
    """
    code = "" if party is None else _partner(data, party)
    chosen: dict[str, actions.PolicyValue] = {}
    for one in values:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{one!r} is not NAME=VALUE")
        chosen[name] = checked(name, value, code)
    record(data, [actions.PolicySet(chosen, code)])
    if as_json:
        show_json(chosen)
    else:
        for name, chosen_value in chosen.items():
            typer.echo(f"{name} = {chosen_value}{f' for {code}' if code else ''}")


@app.command("unset")
def unset_policy(
    names: Annotated[list[str], typer.Argument(help="Names of policies, such as settle_s.")],
    *,
    party: Party = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Take policies back: the default holds again; with --party, what holds for the house.

    As with set, from now on, those of pricing for sessions that start from now on. What was set
    until then stays in the log, and what was billed by it stays as it is.

    \b
    Examples:
      wattproof policy unset settle_s
      wattproof policy unset --party NL-ABC flat_scope
    """
    code = "" if party is None else _partner(data, party)
    with closing(open_registry(data)) as registry:
        known = registry.policies() if not code else _own(registry, code)
        house = registry.policies()
    for name in names:
        if name not in known:
            whose = f" for {code}" if code else ""
            raise RefusalError(f"policy {name} is not set{whose}", "see wattproof policy list")
    record(data, [actions.PolicyUnset(tuple(dict.fromkeys(names)), code)])
    usual: Mapping[str, object] = {**DEFAULTS, **PRICING, **(house if code else {})}
    now = {name: usual.get(name) for name in names}
    if as_json:
        show_json(now)
    else:
        for name, value in now.items():
            told = "nothing reads it" if value is None else str(value)
            typer.echo(f"{name} = {told}{f' for {code}, as for the house' if code else ''}")


def _own(registry: Registry, code: str) -> dict[str, object]:
    """A party's own answers, by name."""
    return {row["name"]: row["value"] for row in registry.party_policies() if row["party"] == code}


@app.command("list")
def list_policies(
    *,
    party: Annotated[
        str | None, typer.Option(metavar="CODE", help="What holds for this buyer's sessions.")
    ] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """List all policies: those that were set, and the defaults of all others.

    A partner's own answers stand below the house's. With --party: the policies of pricing that
    hold for its sessions, and the other answers there are.

    \b
    Examples:
      wattproof policy list
      wattproof policy list --party NL-ABC
    """
    code = None if party is None else _partner(data, party)
    with closing(open_registry(data)) as registry:
        rows = list(_of_house(registry) if code is None else _of_party(registry, code))
    names = ["name", "value", "source"]
    if code is not None:
        names.append("choices")
    elif any(row["party"] for row in rows):
        names.insert(0, "party")
    if not as_json:
        rows = [row | {"choices": " ".join(row["choices"])} for row in rows]
    show(rows, names, as_json=as_json)


def _partner(data: Path, party: str) -> str:
    """The code of a party that is known. Raises RefusalError."""
    code = known_code(data, party)
    with closing(open_registry(data)) as registry:
        if registry.party(code) is None:
            raise RefusalError(f"there is no party {code}", "add it first: wattproof party add")
    return code


def _of_house(registry: Registry) -> Iterator[Row]:
    """Every policy of the house, then each partner's own answers."""
    policies = registry.policies()
    known: Mapping[str, object] = {**DEFAULTS, **PRICING}
    for name in sorted({*known, *policies}):
        value = policies.get(name, known.get(name))
        yield _row("", name, value, _source(policies, known, name))
    for row in registry.party_policies():
        yield _row(row["party"], row["name"], row["value"], "set")


def _of_party(registry: Registry, code: str) -> Iterator[Row]:
    """What holds for one party's sessions."""
    house = registry.policies()
    own = _own(registry, code)
    for name in sorted(PRICING):
        source = f"set for {code}" if name in own else "set" if name in house else "default"
        yield _row(code, name, own.get(name, house.get(name, PRICING[name])), source)


def _row(party: str, name: str, value: object, source: str) -> Row:
    choices = list(CHOICES.get(name, ()))
    return {"party": party, "name": name, "value": value, "source": source, "choices": choices}


def _source(policies: Mapping[str, object], known: Mapping[str, object], name: str) -> str:
    """Where a value comes from; an older log may hold a policy that nothing reads."""
    if name not in policies:
        return "default"
    return "set" if name in known else "set, but nothing reads it"
