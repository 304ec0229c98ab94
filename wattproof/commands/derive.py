"""`wattproof derive`: everything that follows from the log, by the same Dagster assets as ever."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import typer

from pipelines.derive import Derived
from pipelines.derive import derive as run
from wattproof.operator_log import need_log
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.terminal import progress, show, show_json

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def derive(
    *,
    from_day: Annotated[
        str, typer.Option(metavar="DAY", help="2026-10-01: finished days from here on, too.")
    ] = "",
    to_day: Annotated[
        str, typer.Option(metavar="DAY", help="2026-10-31: no further than this day.")
    ] = "",
    workers: Annotated[int, typer.Option(min=1, help="Processes to use.")] = 1,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Derive sessions, CDRs, invoices issued and all other tables from the log.

    Only days that are not finished are derived: a second run does nothing new. Finished days that
    are asked for are derived again beside the lake and compared; one that would change stops the
    run. Works beside a running service. Days are UTC days of log time.

    \b
    Examples:
      wattproof derive
      wattproof derive --from-day 2026-10-01 --to-day 2026-10-31 --workers 2
    """
    need_log(data)
    with progress("deriving") as bar:
        found = run(
            data,
            from_day=_day(from_day),
            to_day=_day(to_day),
            progress=lambda text: bar.at(0, text),
            workers=workers,
        )
    if as_json:
        show_json(asdict(found))
        return
    tell(found)


def tell(found: Derived) -> None:
    """What the lake holds, for people."""
    days = "nothing new" if found.days is None else f"{found.days[0]} to {found.days[1]}"
    typer.echo(f"derived {days}, up to {found.until:%Y-%m-%d %H:%M} UTC of log time")
    typer.echo(
        f"{found.messages} messages, {found.sessions} sessions, {found.energy_kwh:.3f} kWh, "
        f"{found.cdrs} CDRs, {found.rejections} rejections, {found.still_open} still open"
    )
    findings = ", ".join(f"{count} {name}" for name, count in sorted(found.findings.items()))
    typer.echo(f"findings: {findings or 'none'}")
    show(party_rows(found), ("party", "cdrs", "kwh", "net", "tax", "gross"), as_json=False)


def party_rows(found: Derived) -> list[dict[str, Any]]:
    """Energy and money by party, as text with its currency."""
    return [
        {
            "party": one.party,
            "cdrs": one.cdrs,
            "kwh": f"{one.energy_kwh:.3f}",
            "net": f"{one.net:.2f}",
            "tax": f"{one.tax:.2f}",
            "gross": f"{one.gross:.2f} {one.currency}",
        }
        for one in found.parties
    ]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day like 2026-10-01") from None
