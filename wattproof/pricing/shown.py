"""A price for people at a terminal: one receipt as a table, or many as a row each.

Knows how numbers and times read in a column. Refuses to explain: `billing.explain` has the words.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from billing.cdr import CDR
from billing.explain.bearing import is_rounded
from billing.explain.share import is_share
from billing.money import UnknownCurrency, exponent, round_to
from billing.period import ChargingPeriod
from billing.policy import DEFAULT_POLICY
from billing.receipt import Amount, CostGroup, Line
from billing.tariff import Dimension, TaxIncluded
from ingest.protocols.ocpi import Note
from wattproof.pricing.price import Priced
from wattproof.refusals import RefusalError
from wattproof.terminal import console, printable

_GROUPS = {
    CostGroup.ENERGY: "energy",
    CostGroup.TIME: "charging time",
    CostGroup.PARKING: "parking",
    CostGroup.FIXED: "fixed",
    CostGroup.RESERVATION: "reservation",
    CostGroup.LIMIT: "price limit",
}
_MOST_NOTES = 12
_FINEST = Decimal("0.0001")


def show_receipt(priced: Priced) -> None:
    """Print the receipt: its session, its lines, its sums, its notes, and what was decided."""
    out = console()
    for part in (_title(priced), _lines(priced), _sums(priced)):
        out.print(part)
        out.print()
    _print_notes(out, priced)
    usual = DEFAULT_POLICY.pairs()
    changed = [
        f"{name}={value}" for name, value in priced.policy.pairs() if (name, value) not in usual
    ]
    if changed:
        out.print(f"Decided otherwise than by default: {', '.join(changed)}")


def row_title() -> str:
    """The head of `row_of`."""
    return f"{'line':>6}  {'id':<36}  {'net':>12}  {'gross':>12}       notes"


def row_of(number: int, one: Priced | RefusalError) -> str:
    """One CDR of many on a line; why there is no price, where there is none."""
    if isinstance(one, RefusalError):
        name = _safe(one.about)[:36] or "–"
        return f"{number:>6}  {name:<36}  {'':>12}  {'':>12}       no price: {_safe(one.reason)}"
    currency, total = one.cdr.currency, one.total
    codes = ", ".join(sorted({note.code for note in one.notes}))
    net, gross = money(total.net, currency), money(total.gross, currency)
    money_of = f"{net:>12}  {gross:>12}  {currency}"
    return f"{number:>6}  {_safe(one.cdr.id)[:36]:<36}  {money_of}  {codes}".rstrip()


def money(value: Decimal, currency: str) -> str:
    """An amount with its currency's decimals, with four where they say more."""
    try:
        unit = Decimal(1).scaleb(-exponent(currency))
    except UnknownCurrency:
        unit = _FINEST
    return f"{round_to(value, unit if round_to(value, unit) == value else min(unit, _FINEST)):f}"


def _safe(text: str) -> str:
    """A party's text on one line of a terminal."""
    return printable(text).replace("\n", "\ufffd")


def _title(priced: Priced) -> str:
    cdr, zone = priced.cdr, priced.zone
    start, end = cdr.start_at.astimezone(zone), cdr.end_at.astimezone(zone)
    until = f"{end:%H:%M:%S}" if start.date() == end.date() else f"{end:%F %H:%M:%S}"
    kind = "Credit CDR" if cdr.credit else "CDR"
    return (
        f"[bold]{kind} {escape(_safe(cdr.id))}[/bold] · OCPI {priced.version}\n"
        f"{start:%F %H:%M:%S} – {until} {zone.key} · "
        f"{energy_told(cdr, priced.notes)} · {clock(cdr.total_time_h)} h"
    )


def energy_told(cdr: CDR, notes: Iterable[Note]) -> str:
    """`12.5 kWh`; that the CDR states none, where it does not: that is not zero."""
    if any((one.code, one.pointer) == ("required_field", "/total_energy") for one in notes):
        return "total_energy missing"
    return f"{plain(cdr.total_energy_kwh)} kWh"


def _lines(priced: Priced) -> RenderableType:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("from", "what"):
        table.add_column(name)
    for name in ("measured", "billed", _price_head(priced), "net", "VAT", "tax"):
        table.add_column(name, justify="right")
    table.add_column("decided by")
    periods = {one.ordinal: one for one in reversed(priced.cdr.periods)}
    for line in priced.receipt.lines:
        table.add_row(*_cells(priced, line, periods.get(line.period)))
    return table


def _price_head(priced: Priced) -> str:
    """Whether prices are meant with tax, where all of them are the same."""
    kinds = {one.tax_included for one in priced.cdr.tariffs}
    heads = {TaxIncluded.YES: "price incl. tax", TaxIncluded.NO: "price excl. tax"}
    return heads.get(kinds.pop(), "price") if len(kinds) == 1 else "price"


def _cells(priced: Priced, line: Line, period: ChargingPeriod | None) -> tuple[str, ...]:
    currency = priced.cdr.currency
    limit = line.group is CostGroup.LIMIT
    rule = f"element {line.element + 1}, component {line.component + 1}"
    if len(priced.cdr.tariffs) > 1:
        rule = f"{escape(_safe(line.tariff_id))}, {rule}"
    flat = line.dimension is Dimension.FLAT
    return (
        "" if period is None else _from(priced, line, period),
        "price limit" if limit else _what(line),
        "" if flat else _quantity(line, line.measured),
        "" if flat else _quantity(line, line.billed),
        "" if limit else _price(line),
        money(line.net, currency),
        "" if line.vat is None else f"{plain(line.vat)} %",
        "" if line.vat is None and not line.tax else money(line.tax, currency),
        line.reason if limit else rule,
    )


def _what(line: Line) -> str:
    reserved = line.group is CostGroup.RESERVATION
    return f"{line.dimension} (reservation)" if reserved else str(line.dimension)


def _from(priced: Priced, line: Line, period: ChargingPeriod) -> str:
    """When a line's period starts; of a share of it no more is known than the whole period."""
    start = _start(priced, period.start_at)
    if not is_share((line,), (period,), priced.policy):
        return start
    return f"part of {start}-{_start(priced, period.end_at)}"


def _start(priced: Priced, at: datetime) -> str:
    local = at.astimezone(priced.zone)
    same = local.date() == priced.cdr.start_at.astimezone(priced.zone).date()
    return f"{local:%H:%M:%S}" if same else f"{local:%a %H:%M:%S}"


def _quantity(line: Line, value: Decimal) -> str:
    return f"{plain(value)} kWh" if line.dimension is Dimension.ENERGY else f"{clock(value)} h"


def _price(line: Line) -> str:
    per = {Dimension.ENERGY: " /kWh", Dimension.FLAT: ""}.get(line.dimension, " /h")
    whole, _, decimals = plain(line.price).partition(".")
    return f"{whole}.{decimals:0<2}{per}"


def _sums(priced: Priced) -> RenderableType:
    """What each group comes to, exact; then the total as it is rounded, once."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("")
    for name in ("net", "tax", "gross"):
        table.add_column(name, justify="right")
    currency, exact = priced.cdr.currency, priced.exact_total
    rows = [(_GROUPS[group], amount) for group, amount in priced.receipt.totals]
    if is_rounded(priced.receipt):
        rows.append(("unrounded", exact))
    for name, amount in rows:
        table.add_row(name, *_amount(amount, currency), style="dim" if name == "unrounded" else "")
    table.add_row(f"total {currency}", *_amount(priced.total, currency), style="bold")
    return table


def _amount(amount: Amount, currency: str) -> tuple[str, str, str]:
    return (
        money(amount.net, currency),
        money(amount.tax, currency),
        money(amount.gross, currency),
    )


def _print_notes(out: Console, priced: Priced) -> None:
    for note in priced.notes[:_MOST_NOTES]:
        where = f" ({note.pointer})" if note.pointer else ""
        out.print(f"note: {note.code}: {escape(_safe(note.message))}{escape(_safe(where))}")
    more = len(priced.notes) - _MOST_NOTES
    if more > 0:
        out.print(f"and {more} more notes: see --json")


def plain(value: Decimal) -> str:
    """A number without trailing zeros, to at most six decimals."""
    text = f"{round_to(value, Decimal('0.000001')):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def clock(hours: Decimal) -> str:
    """Hours as H:MM:SS, to the second."""
    seconds = int(round_to(abs(hours) * 3600, Decimal(1)))
    sign = "-" if hours < 0 else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
