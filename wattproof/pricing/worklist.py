"""A verified CDR, or a month of them, for people at a terminal.

One CDR: every field, claimed beside computed. Many: what differs, most money first, then who and
why, then the sums. Knows columns and words, and judges nothing.
"""

from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from billing.verify.report import Check, Explanation, Group, Kind, Report, Side
from billing.verify.verify import PARTWISE, UNEXPLAINED
from wattproof.pricing.dispute import LACKS
from wattproof.pricing.repeats import CODE
from wattproof.pricing.shown import energy_told, money, plain
from wattproof.pricing.summary import Summary
from wattproof.pricing.verify import Verified
from wattproof.terminal import console

_SIDES = {
    Side.NONE.value: "",
    Side.BEFORE_TAX.value: "before tax",
    Side.AFTER_TAX.value: "after tax",
}
_WORDS = {
    Kind.EXACT: "exact",
    Kind.ROUNDING: "rounding only",
    Kind.POLICY: "policy differs",
    Kind.MISTAKE: "mistake",
    Kind.UNEXPLAINED: "unexplained",
    Kind.NOT_CHECKED: "not checked",
}
_ABOUT = {
    Group.CONSISTENCY: "sum of its parts",
    Group.SIGNED: "signed",
}
_MOST_ROWS = 60


def show_verified(verified: Verified) -> None:
    """Print the verdict, then every field, then the remarks that hold no number."""
    out, report = console(), verified.report
    out.print(_title(verified))
    out.print()
    out.print(_fields(verified))
    out.print()
    remarks = [one for one in report.checks if one.message and not _explained(one, report)]
    once = {(one.field, one.message): one for one in reversed(remarks)}
    for one in reversed(once.values()):
        out.print(f"{_mark(one)}: {escape(one.message)} ({one.cause})", soft_wrap=True)
        out.print(f"  {verified.pointer(one)}", style="dim", soft_wrap=True)
    for note in verified.notes:
        out.print(f"  note {note.code}: {escape(note.message)} ({note.pointer})", style="dim")


def _explained(check: Check, report: Report) -> bool:
    """Whether the verdict on top has said it already."""
    return check.group is Group.COST and (
        check.kind is Kind.UNEXPLAINED
        or (report.explanation is not None and check.cause == report.explanation.code)
        or (check.kind is Kind.NOT_CHECKED and check.claimed is not None)
    )


def _title(verified: Verified) -> str:
    cdr, report, zone = verified.cdr, verified.report, verified.zone
    start, end = cdr.start_at.astimezone(zone), cdr.end_at.astimezone(zone)
    until = f"{end:%H:%M:%S}" if start.date() == end.date() else f"{end:%F %H:%M:%S}"
    kind = "Credit CDR" if cdr.credit else "CDR"
    by = f" · claimed by {verified.partner}" if verified.partner else ""
    return (
        f"[bold]{kind} {escape(report.cdr_id)}[/bold] · OCPI {verified.version}{escape(by)}\n"
        f"{start:%F %H:%M:%S} – {until} {zone.key} · "
        f"{energy_told(cdr, verified.notes)}\n\n{_verdict(verified)}"
    )


def _verdict(verified: Verified) -> str:
    report, currency = verified.report, verified.report.currency
    asked = f"{money(report.claimed, currency)} {currency} claimed"
    if report.computed is None and report.money_differs:
        return f"{asked}: [bold]all of it is at stake[/bold]" + _because(report.explanation)
    if report.computed is None:
        why = next(one for one in report.checks if one.kind is Kind.NOT_CHECKED)
        return f"{asked}; not checked: {escape(why.message)}"
    comes = f"{money(report.computed, currency)} {currency} computed"
    stake = report.at_stake
    more = f"{money(abs(stake), currency)} {'too much' if stake > 0 else 'too little'}"
    if not report.money_differs:
        found = "the money is right" if not stake else f"{more}, which rounding explains"
        return f"{asked}, {comes}: {found}" + _because(report.explanation)
    gap = f"[bold]{more}[/bold]" if stake else "[bold]the same total, other parts[/bold]"
    if report.explanation is None:
        one = next(one for one in report.differences if one.group is Group.COST)
        code = "" if one.cause == UNEXPLAINED else f", {one.cause}"
        return f"{asked}, {comes}: {gap}\nUnexplained{code}: {escape(one.message)}"
    return f"{asked}, {comes}: {gap}" + _because(report.explanation)


def _because(found: Explanation | None) -> str:
    if found is None:
        return ""
    also = f" (as would: {', '.join(found.also)})" if found.also else ""
    return f"\n{_WORDS[found.kind].capitalize()}, {found.code}: {escape(found.message)}{also}"


def _fields(verified: Verified) -> RenderableType:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("field")
    table.add_column("")
    for name in ("claimed", "computed", "difference", "tolerance"):
        table.add_column(name, justify="right")
    table.add_column("")
    for one in verified.report.checks:
        if one.claimed is not None or one.computed is not None:
            table.add_row(*_cells(one))
    return table


def _cells(check: Check) -> tuple[str, ...]:
    what = _SIDES[check.side.value] or _ABOUT.get(check.group, "")
    if check.group in _ABOUT and check.side is not Side.NONE:
        what = f"{_ABOUT[check.group]}, {_SIDES[check.side.value]}"
    gap = check.difference
    return (
        check.field,
        what,
        _amount(check.claimed, check.unit),
        _amount(check.computed, check.unit),
        "" if not gap else f"{'+' if gap > 0 else ''}{_amount(gap, check.unit)}",
        "" if not gap else _amount(check.tolerance, check.unit),
        _mark(check),
    )


def _mark(check: Check) -> str:
    kind = check.kind
    style = {Kind.EXACT: "green", Kind.ROUNDING: "green", Kind.NOT_CHECKED: "yellow"}.get(
        kind, "red"
    )
    words = (
        "differs" if kind is Kind.UNEXPLAINED and check.group is not Group.COST else _WORDS[kind]
    )
    return f"[{style}]{words}[/{style}]"


def _amount(value: Decimal | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{plain(value)} {unit}" if unit in {"kWh", "h"} else money(value, unit)


def show_summary(summary: Summary) -> None:
    """Print what to work through, the causes by partner, and the sums."""
    out = console()
    found = summary.by_stake()
    if found:
        out.print(_worklist(found[:_MOST_ROWS]))
        if len(found) > _MOST_ROWS:
            out.print(f"… and {len(found) - _MOST_ROWS} more rows: --csv has them all")
        out.print()
        for cause, advice in summary.advice.items():
            out.print(f"{cause}: {escape(advice)}", soft_wrap=True)
            out.print()
        out.print(_causes(summary))
        out.print()
    out.print(_sums(summary))
    counts = [f"{number} {_WORDS[kind]}" for kind in Kind if (number := summary.kinds.get(kind))]
    out.print(f"{summary.count} CDRs: {', '.join(counts)}")


def _worklist(rows: list[dict[str, Any]]) -> RenderableType:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("line", justify="right")
    for name in ("CDR", "partner"):
        table.add_column(name, overflow="ellipsis", no_wrap=True, max_width=24)
    for name in ("at stake", "claimed", "computed", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("field", "cause"):
        table.add_column(name, overflow="fold")
    last = None
    for row in rows:
        new = row["row"] != last
        last = row["row"]
        table.add_row(*_work(row, new=new))
    return table


def _work(row: dict[str, Any], *, new: bool) -> tuple[str, ...]:
    """A row; what belongs to the whole CDR only where it is the CDR's first."""
    currency, gap = row["currency"] or "", row["difference"]
    side = _SIDES.get(row["side"] or "", "")
    known = row["at_stake"] is not None and row["kind"] != Kind.NOT_CHECKED.value
    stake = f"{money(row['at_stake'], currency)} {currency}" if known else ""
    whole = (str(row["row"]), escape(row["cdr"] or "–"), row["partner"] or "", stake)
    return (
        *(whole if new else ("", "", "", "")),
        *(_number(row[name], row["unit"] or "") for name in ("claimed", "computed")),
        "" if gap is None else f"{'+' if gap > 0 else ''}{_number(gap, row['unit'] or '')}",
        f"{row['field'] or ''} {side}".strip(),
        escape(_cause(row)),
    )


def _cause(row: dict[str, Any]) -> str:
    """The code where it says all there is; the sentence where a number or a place is in that."""
    if row["cause"] in LACKS.values():
        return str(row["cause"])  # the foot says what it means and what to give
    compared = row["claimed"] is not None and row["computed"] is not None
    if row["cause"] == CODE:
        return f"{CODE}: {row['message']}"
    implied = "other_price" in row["cause"] and not row["message"].startswith(PARTWISE)
    return str(row["cause"] if compared and row["cause"] and not implied else row["message"])


def _number(value: Decimal | None, unit: str) -> str:
    return "" if value is None else _amount(value, unit)


def _causes(summary: Summary) -> RenderableType:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("partner", "cause"):
        table.add_column(name, overflow="fold")
    for name in ("CDRs", "at stake"):
        table.add_column(name, justify="right")
    for row in summary.by_cause():
        stake = f"{money(row['at_stake'], row['currency'])} {row['currency']}"
        table.add_row(
            row["partner"] or "–", row["cause"], str(row["cdrs"]), stake if row["at_stake"] else ""
        )
    return table


def _sums(summary: Summary) -> RenderableType:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("currency")
    for name in ("claimed", "computed", "at stake"):
        table.add_column(name, justify="right")
    for row in summary.by_currency():
        names = ("claimed", "computed", "at_stake")
        table.add_row(row["currency"], *(money(row[name], row["currency"]) for name in names))
    return table
