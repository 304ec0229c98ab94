"""A price table as it is published: on a terminal, as Markdown, as CSV.

Knows columns and words. Refuses to leave out: what no stop was charged stands below the table.
"""

import csv
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table

from billing.generate.table import ANY_POWER, PriceTable, Stop
from billing.restriction import sentence
from billing.tariff import Dimension, PriceComponent, Tariff, TaxIncluded
from wattproof.pricing.generate import TABLE_SCHEMA, stop_rows
from wattproof.pricing.shown import money, plain
from wattproof.terminal import console

_LEFT = ("when", "stop starts", "power", "energy", "time", "parked")
_RIGHT = ("before tax", "tax", "after tax", "per kWh")
_WITHOUT_TAX = ("price", "per kWh")
_MOST_UNMET = 12
_UNITS = {Dimension.ENERGY: "/kWh", Dimension.FLAT: ""}


def show_price_table(table: PriceTable, tariff: Tariff) -> None:
    """Print the table, each window and power named once."""
    out = console()
    head, rows = _columns(table), list(_rows(table))
    out.print(f"[bold]{escape(_title(table, tariff))}[/bold]")
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for name in head:
        shown.add_column(name, justify="left" if name in _LEFT[:3] else "right")
    last: tuple[str, ...] = ("", "", "")
    for row in rows:
        again = 0
        while again < len(last) and row[again] == last[again]:
            again += 1
        if last[0] and not again:
            shown.add_row()
        shown.add_row(*([""] * again), *map(escape, row[again:]))
        last = row[: len(last)]
    out.print(shown)
    for line in _below(table, tariff):
        out.print(escape(line), soft_wrap=True)


def markdown(table: PriceTable, tariff: Tariff) -> str:
    """The table in Markdown, ready to publish."""
    head = _columns(table)
    lines = [
        f"### {_title(table, tariff)}",
        "",
        f"| {' | '.join(head)} |",
        f"|{'|'.join(' --- ' if name in _LEFT[:3] else ' ---: ' for name in head)}|",
        *(f"| {' | '.join(_escaped(cell) for cell in row)} |" for row in _rows(table)),
    ]
    below = _below(table, tariff)
    return "\n".join([*lines, "", *(f"* {line}" for line in below)]).rstrip() + "\n"


def csv_text(table: PriceTable) -> str:
    """The stops as CSV: the columns of the data frame, numbers with a point, instants in UTC."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(TABLE_SCHEMA)
    for row in stop_rows(table):
        cells = row | {
            "start": f"{row['start']:%FT%TZ}",
            "notes": " ".join(row["notes"]),
            **{name: f"{row[name]:f}" for name in ("minutes", "parked_minutes", "gross_per_kwh")},
        }
        writer.writerow([cells[name] for name in TABLE_SCHEMA])
    return out.getvalue()


def _title(table: PriceTable, tariff: Tariff) -> str:
    taxed = {
        TaxIncluded.YES: "prices are published with tax",
        TaxIncluded.NO: "prices are published before tax",
        TaxIncluded.NOT_APPLICABLE: "no tax applies",
    }[tariff.tax_included]
    owner = "-".join(part for part in (tariff.country_code, tariff.party_id) if part)
    whose = f" of {owner}" if owner else ""
    return f"Tariff {table.tariff_id}{whose}, in {table.currency}, clock of {table.zone}; {taxed}"


def _taxes(table: PriceTable) -> bool:
    return any(one.tax for one in table.stops)


def _columns(table: PriceTable) -> list[str]:
    return [*_LEFT, *(_RIGHT if _taxes(table) else _WITHOUT_TAX)]


def _rows(table: PriceTable) -> Iterator[tuple[str, ...]]:
    taxes, zone = _taxes(table), ZoneInfo(table.zone)
    for one in table.stops:
        any_power = one.power == ANY_POWER
        yield (
            one.window,
            f"{one.start_at.astimezone(zone):%a %F %H:%M}",
            one.power,
            f"{plain(one.energy_kwh)} kWh",
            "" if any_power else _span(one.duration),
            _span(one.parked) if one.parked else "",
            *_amounts(one, table.currency, taxes=taxes),
        )


def _amounts(stop: Stop, currency: str, *, taxes: bool) -> tuple[str, ...]:
    per_kwh = f"{stop.per_kwh:.4f}"
    if not taxes:
        return money(stop.gross, currency), per_kwh
    amounts = (stop.net, stop.tax, stop.gross)
    return (*(money(amount, currency) for amount in amounts), per_kwh)


def _span(span: timedelta) -> str:
    """`3:38`, in hours and minutes, rounded up."""
    minutes = -(-span // timedelta(minutes=1))
    return f"{minutes // 60}:{minutes % 60:02}"


def _below(table: PriceTable, tariff: Tariff) -> list[str]:
    """What a reader must know beside the numbers."""
    lines = ["Per kWh: all of the stop, fees included, after tax."]
    for number, position in table.unmet[:_MOST_UNMET]:
        element = tariff.elements[number]
        rule = element.components[position]
        lines.append(
            f"Never charged in these stops: {_priced(rule)} "
            f"({sentence(element.restrictions)}), /elements/{number}/price_components/{position}"
        )
    if len(table.unmet) > _MOST_UNMET:
        more = len(table.unmet) - _MOST_UNMET
        lines.append(f"and {more} more prices that no stop met: --json names them")
    reserved = [
        f"{_priced(part)} ({sentence(element.restrictions)})"
        for element in tariff.elements
        for part in element.components
        if element.restrictions.reservation is not None
    ]
    if reserved:
        lines.append(f"Reservations cost besides: {'; '.join(reserved)}")
    codes = sorted({code for one in table.stops for code in one.notes})
    if codes:
        lines.append(f"Notes on these prices: {', '.join(codes)}")
    return lines


def _priced(rule: PriceComponent) -> str:
    """`TIME 2.00/h`, with two decimals or more."""
    whole, _, decimals = plain(rule.price).partition(".")
    return f"{rule.dimension} {whole}.{decimals:0<2}{_UNITS.get(rule.dimension, '/h')}"


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
