"""`wattproof notebook`: the analysts' first notebook, read-only on the lake."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from wattproof.operator_log import need_log
from wattproof.options import DEFAULT_DATA, Data
from wattproof.refusals import RefusalError

app = typer.Typer(add_completion=False, rich_markup_mode=None)
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "first_look.py"


@app.command()
def notebook(
    *,
    run: Annotated[bool, typer.Option("--run", help="As an app: results without code.")] = False,
    port: Annotated[int, typer.Option(help="Of the notebook's own server.")] = 2718,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    data: Data = DEFAULT_DATA,
) -> None:
    """Open the first notebook: sessions, energy, revenue by party and day, findings.

    \b
    Examples:
      wattproof notebook
      wattproof notebook --run --no-browser --port 2718 --data demo
    """
    need_log(data)
    if find_spec("marimo") is None or not NOTEBOOK.exists():
        raise RefusalError(
            "the notebook needs a clone of the project and the package marimo",
            "run make setup in a clone",
        )
    command = [sys.executable, "-m", "marimo", "run" if run else "edit", str(NOTEBOOK)]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    command += [] if browser else ["--headless"]
    environment = os.environ | {"WATTPROOF_DATA": str(data.absolute())}
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)  # noqa: S603 - our own arguments
