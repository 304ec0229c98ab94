"""Options that several commands share, so that they read the same everywhere."""

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

T = TypeVar("T")


def taking(record: type[T]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command the fields of a dataclass as options, handed to it as its first argument.

    What the command must be given comes first in --help, then these, then its other options.
    """

    def told(command: Callable[..., None]) -> Callable[..., None]:
        own = list(signature(command, eval_str=True).parameters.values())[1:]
        hints = get_type_hints(record, include_extras=True)
        shared = [
            Parameter(one.name, Parameter.KEYWORD_ONLY, default=one.default, annotation=kind)
            for one in fields(record)  # type: ignore[arg-type]  # a dataclass
            for kind in [hints[one.name]]
        ]
        first = [one for one in own if one.default is Parameter.empty]
        every = [*first, *shared, *(one for one in own if one not in first)]

        @wraps(command)
        def run(**given: Any) -> None:  # noqa: ANN401 - as the command line gives them
            values = {one.name: given.pop(one.name) for one in shared}
            command(record(**values), **given)

        run.__signature__ = Signature(every)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in every}
        return run

    return told


Data = Annotated[
    Path,
    typer.Option("--data", envvar="WATTPROOF_DATA", metavar="DIR", help="The data folder."),
]
DEFAULT_DATA = Path("data")

Json = Annotated[bool, typer.Option("--json", help="Print JSON only, for scripts.")]

File = Annotated[
    Path | None,
    typer.Option(
        "--file",
        metavar="FILE",
        help="Many at once: a JSON array, or one JSON object per line; - reads standard input.",
    ),
]

TariffFile = Annotated[
    Path | None,
    typer.Option("--tariff", metavar="FILE", help="OCPI tariffs to use, not those of the CDR."),
]
TimeZone = Annotated[
    str,
    typer.Option("--time-zone", metavar="ZONE", help="Of the site, where the CDR names none."),
]
Decisions = Annotated[
    list[str] | None,
    typer.Option("--policy", metavar="NAME=VALUE", help="Decide an open question (repeat)."),
]
OCPI = Annotated[
    str, typer.Option("--ocpi", metavar="VERSION", help="2.1.1, 2.2.1 or 2.3.0; else told by it.")
]
