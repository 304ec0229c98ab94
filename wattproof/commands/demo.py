"""`wattproof demo`: the main job, shown whole, with a summary that can be checked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from billing.invoice import Invoice
from pipelines.derive import PartyTotal
from wattproof.commands.audit import root_of
from wattproof.demo import Report, Size, run
from wattproof.invocation import called
from wattproof.options import Data, Json
from wattproof.terminal import progress, show_json

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def demo(
    *,
    data: Data = Path("demo"),
    month: Annotated[
        str, typer.Option(metavar="YYYY-MM", help="Which month is played.")
    ] = "2026-10",
    days: Annotated[int, typer.Option(min=1, max=31, help="Its first so many days.")] = 31,
    sessions: Annotated[int, typer.Option(min=20, help="About how many charging sessions.")] = 800,
    stations: Annotated[int, typer.Option(min=8, max=500, help="How many stations.")] = 32,
    seed: Annotated[int, typer.Option(help="Another seed, another month.")] = 7,
    as_json: Json = False,
) -> None:
    """Show the whole flow on one machine, in two to three minutes.

    Starts a service, lets a fleet of simulated stations charge for a month over real WebSockets
    (OCPP 1.6 and 2.0.1, some of them misbehaving), derives sessions and CDRs through Dagster,
    issues the invoices, verifies the log, derives everything again from it and compares.

    The folder is emptied when the demo runs again, and only if a demo made it.

    \b
    Examples:
      wattproof demo
      wattproof demo --data demo-small --sessions 100 --days 7
    """
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise typer.BadParameter(f"--month {month!r}: expected a month like 2026-10") from None
    size = Size(first, _days(first, days), sessions, stations, seed)
    with progress("starting") as bar:

        def step(name: str, note: str, done: int, total: int) -> None:
            bar.begin(name)
            bar.at(done, note, total or None)

        report = run(data, size, step)
    if as_json:
        show_json(_as_object(report))
    else:
        tell(report)
    if not report.ok:
        raise typer.Exit(1)


def _days(first: date, wanted: int) -> int:
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(wanted, (following - first).days)


def tell(report: Report) -> None:
    """The summary, for people."""
    console = Console(highlight=False)
    console.rule("Wattproof")
    console.print(
        "Every kWh on every invoice, provable back to the charger's own words\n", justify="center"
    )
    console.print(_flow(report))
    console.print("\n[bold]Money by party[/]")
    console.print(_money(report))
    console.print("\n[bold]Misbehaviour that was played, and what was found[/]")
    console.print(_misbehaviour(report))
    console.print("\n[bold]The log[/]")
    console.print(_log(report))
    identical = report.replayed.identical
    console.print(
        f"\nreplay: {'identical' if identical else 'DIFFERENT'} "
        f"({len(report.replayed.tables)} tables, {len(report.replayed.documents)} documents, "
        "built again from the log alone)",
        style="bold green" if identical else "bold red",
    )
    _tell_next(console, report)


def _flow(report: Report) -> Table:
    derived, plan = report.derived, report.plan
    findings = ", ".join(f"{count} {rule}" for rule, _, count in report.marks.findings[:6])
    table = _plain()
    table.add_row("charging", f"{len(plan.network.outlets)} stations, {report.tally.sent} frames")
    table.add_row("messages", f"{derived.messages} in the log, both directions")
    marks = report.marks
    table.add_row(
        "sessions",
        f"{derived.sessions}, {derived.energy_kwh:.3f} kWh; of {marks.told} that were told rightly "
        f"{marks.exact} came out to the watt-hour",
    )
    table.add_row(
        "CDRs",
        f"{derived.cdrs}, and {derived.rejections} sessions held back, each with its reason",
    )
    table.add_row("invoices", f"{len(report.invoices)} issued; issuing again made {report.again}")
    table.add_row(
        "findings", f"{sum(count for _, _, count in report.marks.findings)}: {findings} …"
    )
    took = ", ".join(f"{name} {seconds} s" for name, seconds in report.seconds.items())
    table.add_row("time", took)
    return table


def _money(report: Report) -> Table:
    table = _plain("party", "invoice", "CDRs", "kWh", "net", "VAT", "gross")
    for row in money_rows(report.invoices, report.derived.parties):
        table.add_row(*row)
    return table


def money_rows(
    invoices: Sequence[Invoice], parties: Iterable[PartyTotal]
) -> Iterator[tuple[str, ...]]:
    """Each party's invoices with their own money, then what is on none of them.

    That has no VAT yet: VAT is computed once, on an invoice's sums.
    """
    for total in parties:
        own = [
            one
            for one in invoices
            if (one.buyer.code, one.currency) == (total.party, total.currency)
        ]
        for one in own:
            count, money = str(len(one.cdr_ids)), (f"{one.net:.2f}", f"{one.tax:.2f}")
            gross = f"{one.gross:.2f} {one.currency}"
            yield total.party, one.number, count, f"{one.energy_kwh:.3f}", *money, gross
        waiting = total.cdrs - sum(len(one.cdr_ids) for one in own)
        if waiting:
            kwh = total.energy_kwh - sum((one.energy_kwh for one in own), Decimal(0))
            net = total.net - sum((one.net for one in own), Decimal(0))
            told = (str(waiting), f"{kwh:.3f}", f"{net:.2f}", "-", f"- {total.currency}")
            yield total.party, "not invoiced yet", *told


def _log(report: Report) -> Table:
    table = _plain("origin", "entries", "root", "")
    for one in report.verified:
        verdict = "verified" if one.ok else f"BAD at index {one.first_bad_index}"
        table.add_row(one.origin, str(one.entries), root_of(one), verdict)
    return table


def _misbehaviour(report: Report) -> Table:
    table = _plain("#", "what a station did", "where", "found as")
    for one in report.marks.injected:
        if not one.noticed:
            wanted = ", ".join(one.expected) or "a session with the energy that was played"
            found = f"[red]expected {wanted}[/]"
        elif one.expected:
            found = ", ".join(one.found)
        else:
            found = "nothing to find: billed right, to the watt-hour"
        table.add_row(str(one.number), one.title, one.station, found)
    return table


def _tell_next(console: Console, report: Report) -> None:
    data = report.data
    if report.tally.errors:
        console.print(f"{len(report.tally.errors)} calls were refused:", style="red")
        for station, action, text in report.tally.errors[:5]:
            console.print(f"  {station} {action}: {text}", markup=False)
    if report.invoices:
        pdf = data / "documents" / f"{report.invoices[0].number}.pdf"
        console.print(f"\nAn invoice as a person reads it: {pdf}", soft_wrap=True)
    console.print("\n[bold]Next[/]")
    for words in _following(report):
        console.print(f"  {called()} {words} --data {data}", markup=False, soft_wrap=True)


def _following(report: Report) -> Iterator[str]:
    if report.invoices:
        first = report.invoices[0]
        yield f"audit trace {first.number}:1"
        yield f"export cdrs --party {first.buyer.code} --ocpi 2.2.1"
    yield "audit verify"
    yield "notebook"


def _plain(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, show_header=bool(columns), header_style="dim")
    for column in columns:
        right = column in {"#", "CDRs", "kWh", "net", "VAT", "gross", "entries"}
        table.add_column(column, justify="right" if right else "left")
    return table


def _as_object(report: Report) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "data": str(report.data),
        "stations": len(report.plan.network.outlets),
        "frames": report.tally.sent,
        "errors": [list(error) for error in report.tally.errors],
        "derived": asdict(report.derived),
        "invoices": [one.number for one in report.invoices],
        "issued_again": report.again,
        "told": report.marks.told,
        "exact": report.marks.exact,
        "injected": [asdict(one) | {"noticed": one.noticed} for one in report.marks.injected],
        "findings": [
            {"rule": rule, "severity": severity, "count": count}
            for rule, severity, count in report.marks.findings
        ],
        "log": [
            {"origin": one.origin, "ok": one.ok, "entries": one.entries, "root": root_of(one)}
            for one in report.verified
        ],
        "replay": "identical" if report.replayed.identical else "different",
        "seconds": report.seconds,
    }
