"""`wattproof export`: what partners receive, as files."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from api.ocpi.publication import Publication, published
from warehouse.lake import Lake
from warehouse.registry import Registry
from wattproof.finished_runs import FinishedRuns
from wattproof.operator_log import need_log
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.party_code import known_code
from wattproof.refusals import RefusalError
from wattproof.terminal import say, show_json

app = typer.Typer(add_completion=False, rich_markup_mode=None)
VERSIONS = ("2.1.1", "2.2.1", "2.3.0")
Span = tuple[datetime, datetime]


@app.callback()
def export() -> None:
    """Write what partners receive as files."""


@app.command()
def cdrs(
    *,
    party: Annotated[str, typer.Option(metavar="CODE", help="Whose: NL-ABC.")],
    ocpi: Annotated[str, typer.Option(help="2.1.1, 2.2.1 or 2.3.0.")] = "2.2.1",
    month: Annotated[
        str,
        typer.Option(metavar="YYYY-MM", help="Only of sessions that ended in this month (UTC)."),
    ] = "",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Else standard output.")] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Write a party's CDRs as a JSON array of OCPI objects, oldest first, credits included.

    \b
    Examples:
      wattproof export cdrs --party NL-ABC --ocpi 2.2.1 --out cdrs.json
      wattproof export cdrs --party NL-ABC --month 2026-10 --ocpi 2.1.1 | jq length

    A month's CDRs are often published in the next one: `last_updated` tells when.
    """
    if ocpi not in VERSIONS:
        raise typer.BadParameter(f"--ocpi is one of {', '.join(VERSIONS)}")
    span = _span(month)
    need_log(data)
    party = known_code(data, party)
    objects = _objects(data, party, ocpi, span)
    text = "[" + ",\n ".join(objects) + "]\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise RefusalError(f"{out} can't be written: {error}", "choose another --out") from None
    if as_json:
        show_json({"file": str(out), "party": party, "ocpi": ocpi, "cdrs": len(objects)})
    else:
        say(f"{len(objects)} CDRs of {party} in OCPI {ocpi}: {out}")


def _span(month: str) -> Span | None:
    """A month's first instant and the next month's, both UTC; None where no month is asked for."""
    if not month:
        return None
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise typer.BadParameter(f"--month is written 2026-10, not {month!r}") from None
    return first, (first + timedelta(days=31)).replace(day=1)


def _objects(data: Path, party: str, ocpi: str, span: Span | None) -> list[str]:
    """JSON texts as partners see them: what finished runs brought, told as of then."""
    lake = Lake(data / "lake")
    with closing(Registry.open(data / "registry.sqlite")) as registry:
        publication = Publication(registry, FinishedRuns(data, registry).take_in)
        visible = publication.bound()
        mine = (pl.col("party") == party) & (pl.col("ocpi_version") == ocpi)
        rows = lake.read("ocpi_export", where=mine & (pl.col("last_updated") < visible))
        if span is not None:
            rows = rows.join(_ended(lake, party, span), on="cdr_id", how="semi")
        rows = rows.sort("last_updated", "cdr_id")
        told = publication.instants([at.astimezone(UTC) for at in rows["last_updated"]])
    if not rows.height and not lake.days("cdr"):
        raise RefusalError("no CDR was derived yet", "run wattproof derive")
    if not rows.height:
        raise RefusalError(
            f"there is no CDR of {party}{f' in {span[0]:%Y-%m}' if span else ''}",
            "see wattproof party list, or derive first",
        )
    return [published(text, at) for text, at in zip(rows["object"], told, strict=True)]


def _ended(lake: Lake, party: str, span: Span) -> pl.DataFrame:
    """Ids of the CDRs whose sessions ended in the span."""
    ended = pl.col("end_at").is_between(*span, closed="left")
    return lake.read("cdr", where=(pl.col("party") == party) & ended, columns=["cdr_id"])
