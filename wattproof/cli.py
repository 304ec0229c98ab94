"""The `wattproof` command: which commands there are, and how it speaks when one fails.

Each command lives in a file of its own under `wattproof.commands` and is imported only when it is
called, so that `--help` answers at once. No traceback reaches a user.
"""

import importlib
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from wattproof.invocation import advised
from wattproof.refusals import advice_for, one_line

COMMANDS = {
    "serve": ("serve", "Hear chargers and answer partners: OCPP, OCPI and REST in one process."),
    "simulate": ("simulate", "Let simulated charge points charge against a running service."),
    "derive": ("derive", "Derive sessions, CDRs and all other tables from the log."),
    "session": ("session", "List sessions, and what holds those that are not billed."),
    "finding": ("finding", "List findings: where chargers and the reckoning disagree."),
    "invoice": ("invoice", "Preview, issue and list the invoices of a month."),
    "export": ("export", "Write CDRs as OCPI objects."),
    "audit": ("audit", "Verify the log, replay everything, trace a line to its frames."),
    "station": ("station", "Add, list, block and unblock charging stations."),
    "location": ("location", "Add and list locations."),
    "token": ("token", "Add, list, block and unblock tokens (cards, apps, contracts)."),
    "tariff": ("tariff", "Add and list tariffs."),
    "price": ("price", "Price a partner's or our own CDR by its tariff, line by line."),
    "verify": ("verify", "Verify CDRs: what is claimed against what it comes to, and why."),
    "lint": ("lint", "Lint tariffs: what is wrong or doubtful, before anybody is charged."),
    "generate": ("generate", "Generate the CDR of an imagined charge, or a tariff's price table."),
    "explain": ("explain", "Say in words why a CDR costs what it costs: en, de, nl, fr."),
    "rerate": ("rerate", "Re-rate sessions by a corrected tariff or policy: preview, apply."),
    "party": ("party", "Add and list parties: ourselves, roaming partners, own drivers."),
    "api-key": ("api_key", "Add and list keys of the REST interface."),
    "policy": ("policy", "Set, unset and list the rules of the house, such as the settle time."),
    "demo": ("demo", "Show the whole flow: charge, derive, invoice, verify, replay."),
    "notebook": ("notebook", "Open the first notebook on the derived tables."),
}
"""Command -> (module of `wattproof.commands`, one line of help)."""


class Commands(TyperGroup):
    """Imports a command when it is called; knows its name and help line before that."""

    def list_commands(self, _ctx: object) -> list[str]:
        """All command names, in the order of a first reading."""
        return list(COMMANDS)

    def get_command(self, _ctx: object, cmd_name: str) -> Any:  # noqa: ANN401 - a click command
        """The line of help for a command, without importing it."""
        if cmd_name not in COMMANDS:
            return None
        stub = typer.Typer()
        stub.command(cmd_name, help=COMMANDS[cmd_name][1])(_stub)
        return get_command(stub)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - click's own types
        """The command itself, imported now."""
        ctx.meta[_WORDS] = list(args)
        name, stub, rest = super().resolve_command(ctx, args)
        if stub is None or name not in COMMANDS:
            return name, stub, rest
        module = importlib.import_module(f"wattproof.commands.{COMMANDS[name][0]}")
        return name, get_command(module.app), rest

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - click's own types
        """Runs the command; what goes wrong becomes one line and exit code 1."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a library's notes to its developers
                return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)
            raise typer.Exit(130) from None
        except BrokenPipeError:
            raise typer.Exit(1) from None
        except Exception as error:  # noqa: BLE001 - the last net: a user never sees a traceback
            told = advised(_told(error), ctx.meta.get(_WORDS, ()))
            typer.echo(f"wattproof: {told}", err=True)
            raise typer.Exit(1) from None


_WORDS = "wattproof.words"
"""Where a context keeps the command line."""


def _stub() -> None:
    """Stands for a command that was not imported."""


def _told(error: Exception) -> str:
    """One line and what to do next; of an error nobody foresaw the details go to a file."""
    advice = advice_for(error)
    if advice is not None:
        return f"{one_line(error)}{' – ' + advice if advice else ''}"
    with tempfile.NamedTemporaryFile(
        "w", prefix="wattproof-error-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write("".join(traceback.format_exception(error)))
    return (
        f"unexpected {type(error).__name__}: {one_line(error)} – nothing was decided; "
        f"please report {Path(file.name)}"
    )


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(
    epilog="Start here: wattproof demo · Each command explains itself: wattproof invoice --help"
)
def _root() -> None:
    """Wattproof: every kWh on every invoice, provable back to the charger's own words."""


def main() -> None:
    """The console script."""
    app(prog_name="wattproof")


if __name__ == "__main__":
    main()
