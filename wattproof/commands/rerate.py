"""`wattproof rerate`: what a corrected tariff or policy would change, and the word that does it."""

import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from billing.rerate import Selection
from ingest.protocols.actions import SessionRerate
from ingest.protocols.ocpi import MalformedObjectError
from pipelines import rerate_preview
from pipelines.change import WRITTEN, Kind
from warehouse.lake import Lake
from wattproof.commands.price import decisions
from wattproof.documents import document
from wattproof.house_rules import checked_answer
from wattproof.invocation import typed
from wattproof.operator_log import need_log, open_registry, record
from wattproof.options import DEFAULT_DATA, OCPI, Data, Decisions, Json, taking
from wattproof.pricing.rerate import Choice, action, plain, selection, totals
from wattproof.refusals import RefusalError
from wattproof.terminal import progress, say, show, show_json

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Re-rating, of what was derived: after policy set or rerate apply, derive first.",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is corrected, and for which sessions: the options of `preview` and of `apply`."""

    tariff: Annotated[
        Path | None,
        typer.Option(
            "--tariff", metavar="FILE", help="A corrected tariff, in place of the one of its id."
        ),
    ] = None
    ocpi: OCPI = ""
    tariff_id: Annotated[
        list[str] | None,
        typer.Option("--tariff-id", metavar="ID", help="Only what this tariff priced (repeat)."),
    ] = None
    choose_tariff: Annotated[
        bool,
        typer.Option("--choose-tariff", help="Choose the tariff anew, of all published by now."),
    ] = False
    policy: Decisions = None
    rejected: Annotated[
        bool,
        typer.Option("--rejected", help="Also try what was rejected, by all that is known now."),
    ] = False
    start_from: Annotated[
        str,
        typer.Option("--from", metavar="TIME", help="Sessions that start from here on: 2026-10-01"),
    ] = ""
    start_before: Annotated[
        str, typer.Option("--to", metavar="TIME", help="… and before this: 2026-11-01 (UTC).")
    ] = ""
    party: Annotated[
        list[str] | None, typer.Option("--party", metavar="CODE", help="Only of NL-ABC (repeat).")
    ] = None
    station: Annotated[
        list[str] | None, typer.Option("--station", metavar="ID", help="Only at it (repeat).")
    ] = None
    location: Annotated[
        list[str] | None, typer.Option("--location", metavar="ID", help="Only at it (repeat).")
    ] = None
    session: Annotated[
        list[str] | None, typer.Option("--session", metavar="ID", help="Only this one (repeat).")
    ] = None
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Processes to use.")] = 1
    data: Data = DEFAULT_DATA


TOTALS = ("changed", "billed", "rejected", "invoiced", "net_before", "net", "net_difference")
SESSIONS = (
    "session_id", "kind", "party", "start_at", "tariff", "net_before", "net", "net_difference",
    "invoice", "message",
)  # fmt: skip
LISTED = ("entry", "said_at", "reason", "changed", "billed", "rejected", "net_difference")
_SHOWN = 20


@app.command()
@taking(Wanted)
def preview(
    wanted: Wanted,
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every session as CSV.")] = False,
    as_json: Json = False,
) -> None:
    """Show what re-rating would change, by month, by party and by session. Nothing is written.

    What is corrected: --tariff FILE, --choose-tariff, --policy, --rejected, or several of them;
    --tariff-id alone chooses the tariff anew. Everything else selects sessions, by their start and
    by name; without it all that started up to now are looked at. Amounts are before tax; JSON and
    CSV have both. `invoiced` counts those whose bill stands on an issued invoice: the next one
    carries the credit and the new line. `rejected` are those that could not be billed so: what was
    billed stands. It is reckoned on what was derived: after a policy set or a rerate apply,
    derive comes first.

    \b
    Examples:
      wattproof rerate preview --tariff corrected.json --from 2026-10-01 --to 2026-11-01
      wattproof rerate preview --tariff-id STANDARD --party NL-ABC
      wattproof rerate preview --policy flat_scope=session --party NL-ABC --csv > changes.csv
      wattproof rerate preview --rejected
    """
    found = _previewed(wanted, _said(wanted, "preview"))
    if as_csv:
        found.write_csv(sys.stdout, datetime_format="%Y-%m-%dT%H:%M:%SZ")
    elif as_json:
        show_json(_object(found))
    else:
        _show(found)


@app.command()
@taking(Wanted)
def apply(
    wanted: Wanted,
    *,
    reason: Annotated[
        str, typer.Option(help="Why; partners see it as the remark of credit and CDR.")
    ],
    as_json: Json = False,
) -> None:
    """Re-rate: write the correction to the log; the next `derive` makes a credit CDR and a new CDR
    for each session whose bill changes.

    Takes the options of `preview` and does what that shows. Nothing that was derived or issued is
    edited: credits and new CDRs go on the next invoice. Where nothing would change, nothing is
    written. Later versions of these sessions are priced with the correction too; sessions that
    start from now on never are: for those, wattproof tariff add or wattproof policy set.

    \b
    Examples:
      wattproof rerate apply --tariff corrected.json --from 2026-10-01 --to 2026-11-01 \\
        --reason "price per kWh was 0.40 by mistake"
      wattproof rerate apply --rejected --reason "cards of NL-ABC came late"
    """
    said = _said(wanted, reason)
    found = _previewed(wanted, said)
    counts = _counts(found)
    writes = counts["changed"] + counts["billed"]
    if writes:
        record(wanted.data, [said])
    if as_json:
        show_json({"written": bool(writes)} | _object(found))
    elif writes:
        _show(found)
        say(f"Written. Next: {typed('derive', wanted.data)}")
    else:
        say(f"nothing would change, so nothing is written: {_told(counts)}")


@app.command("list")
def list_reratings(data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """List the re-ratings that were derived, oldest first, and what each came to.

    `changed` sessions have a credit CDR and a new one, `billed` a first one, `rejected` could not
    be billed so. The difference is before tax.

    \b
    Example:
      wattproof rerate list
    """
    need_log(data)
    rows = Lake(data / "lake").sql("rerating_list").to_dicts()
    show(rows, LISTED, as_json=as_json)


def _said(wanted: Wanted, reason: str) -> SessionRerate:
    """The operator's action. Raises RefusalError."""
    need_log(wanted.data)
    chosen = _selection(wanted)
    return action(_choice(wanted, chosen), chosen, reason)


def _selection(wanted: Wanted) -> Selection:
    """Which sessions, of parties and places that are known. Raises RefusalError."""
    with closing(open_registry(wanted.data)) as registry:
        known = {
            "party": {row["code"] for row in registry.parties()},
            "station": {row["id"] for row in registry.stations()},
            "location": {row["id"] for row in registry.locations()},
            "tariff": {row["id"] for row in registry.tariffs()},
        }
    parties = [one if one in known["party"] else one.upper() for one in wanted.party or ()]
    named = {
        "party": parties,
        "station": wanted.station,
        "location": wanted.location,
        "tariff": wanted.tariff_id,
    }
    for kind, names in named.items():
        for one in names or ():
            if one not in known[kind]:
                raise RefusalError(f"there is no {kind} {one}", f"see wattproof {kind} list")
    return selection(
        start_from=_instant("--from", wanted.start_from),
        start_before=_instant("--to", wanted.start_before),
        parties=parties,
        stations=wanted.station or (),
        locations=wanted.location or (),
        sessions=wanted.session or (),
        tariff_ids=wanted.tariff_id or (),
    )


def _instant(option: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise RefusalError(
            f"{option} {text} is no time", "write 2026-10-01 or 2026-10-01T12:00:00Z"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _choice(wanted: Wanted, chosen: Selection) -> Choice:
    """What is corrected. Raises RefusalError where that is nothing, or contradicts itself."""
    tariff, rejected = wanted.tariff, wanted.rejected
    wire = None if tariff is None else document(tariff, "tariff")
    policies = {name: checked_answer(name, one) for name, one in decisions(wanted.policy).items()}
    if wire is not None and chosen.tariff_ids and wire.get("id") not in chosen.tariff_ids:
        raise RefusalError(
            f"{tariff} is tariff {wire.get('id')}, so it takes the place of no other",
            "leave out --tariff-id, or correct the id in the file",
        )
    only_named = bool(chosen.tariff_ids and not (wire or policies or rejected))
    anew = wanted.choose_tariff or only_named
    if not (wire or anew or policies or rejected):
        raise RefusalError(
            "there is nothing to correct",
            "give --tariff FILE, --tariff-id ID, --choose-tariff, --policy or --rejected",
        )
    return Choice(wire, wanted.ocpi, anew, policies, rejected)


def _previewed(wanted: Wanted, said: SessionRerate) -> pl.DataFrame:
    with progress("pricing again") as bar:
        try:
            found = rerate_preview.preview(
                wanted.data, said, workers=wanted.workers,
                progress=lambda done, total: bar.at(done, total=total),
            )  # fmt: skip
        except MalformedObjectError as error:
            raise RefusalError(
                f"no OCPI {said.ocpi_version} tariff: {error}", "correct the file"
            ) from None
    _refuse_unknown(wanted, set(found["session_id"]))
    if found.is_empty():
        _say_none(said)
    return found


def _refuse_unknown(wanted: Wanted, found: set[str]) -> None:
    """Raises RefusalError where a session that was named and is not meant is none at all."""
    missing = [one for one in wanted.session or () if one not in found]
    if not missing:
        return
    listed = Lake(wanted.data / "lake").sql("session_list", held=False, party="", month="")
    known = set(listed["session_id"])
    for one in missing:
        if one not in known:
            raise RefusalError(f"there is no session {one}", "see wattproof session list")


def _say_none(said: SessionRerate) -> None:
    """Why no session is meant by a corrected tariff: what it must have in common with the old."""
    if said.tariff is not None:
        names = ("country_code", "party_id", "id", "currency")
        told = " ".join(str(said.tariff[name]) for name in names if name in said.tariff)
        say(
            f"no session selected was priced by a tariff of the same party, id and currency: {told}"
        )


def _counts(found: pl.DataFrame) -> dict[str, int]:
    """How many sessions of each kind."""
    counts = dict(found["kind"].value_counts().iter_rows())
    return {kind.value: counts.get(kind.value, 0) for kind in Kind}


def _object(found: pl.DataFrame) -> dict[str, Any]:
    written = found.filter(pl.col("kind") != Kind.UNCHANGED)
    return {
        "counts": _counts(found),
        "by_month": plain(totals(found, "month")),
        "by_party": plain(totals(found, "party")),
        "by_party_and_month": plain(totals(found, "party", "month")),
        "sessions": plain(written),
    }


def _show(found: pl.DataFrame) -> None:
    counts = _counts(found)
    typer.echo(_told(counts))
    refused = found.filter(pl.col("rule").is_not_null())
    if refused.height:
        typer.echo("")
        why = refused.group_by("kind", "rule").agg(
            pl.len().alias("sessions"), pl.col("message").min().alias("such as")
        )
        rows = why.sort("sessions", "kind", "rule", descending=[True, False, False]).to_dicts()
        show(rows, ("kind", "rule", "sessions", "such as"), as_json=False)
    if not any(counts[kind.value] for kind in WRITTEN):
        return
    for key in ("month", "party"):
        typer.echo("")
        show(_table(totals(found, key)), (key, "currency", *TOTALS), as_json=False)
    worth = found.filter(pl.col("kind").is_in([kind.value for kind in WRITTEN]))
    largest = worth.sort(pl.col("net_difference").abs(), descending=True, nulls_last=False)
    typer.echo("")
    rows = _table(largest.head(_SHOWN).with_columns(pl.col("start_at").dt.truncate("1s")))
    show(rows, SESSIONS, as_json=False)
    if worth.height > _SHOWN:
        say(f"the {_SHOWN} largest differences of {worth.height}: --csv or --json has all")


def _table(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {name: "" if value is None else value for name, value in row.items()}
        for row in plain(frame)
    ]


def _told(counts: dict[str, int]) -> str:
    """What becomes of the sessions, in one line."""
    words = {
        "changed": "changed (a credit and a new CDR each)",
        "billed": "billed (for the first time)",
        "rejected": "rejected (what was billed stands)",
        "unchanged": "unchanged",
        "still_rejected": "still rejected",
    }
    told = [f"{counts[kind]} {text}" for kind, text in words.items() if counts[kind]]
    total = sum(counts.values())
    return (
        f"{total} {'session' if total == 1 else 'sessions'}: {', '.join(told) or 'none is meant'}"
    )
