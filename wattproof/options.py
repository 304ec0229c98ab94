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
