"""Options that several commands share, so that they read the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

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
