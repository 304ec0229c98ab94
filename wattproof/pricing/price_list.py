"""A price table as it is published: on a terminal, as Markdown, as CSV.

Knows columns and words. Refuses to leave out: what no stop was charged stands below the table.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table

from billing.explain.conditions import conditions
from billing.explain.figures import NBSP, Figures
from billing.explain.languages import LANGUAGES
from billing.generate.table import ANY_POWER, PriceTable, Stop
from billing.policy import DEFAULT_POLICY
from billing.tariff import (
    Dimension,
    PriceComponent,
    ReservationRestriction,
    Restrictions,
    Tariff,
    TariffElement,
    TaxIncluded,
)
from wattproof.pricing.generate import STOP_COLUMNS, stop_rows
from wattproof.pricing.shown import money, plain
from wattproof.terminal import console

_LEFT = ("when", "stop begins", "power", "energy", "time", "parked")
_WITH_TAX = ("before tax", "tax", "with tax", "per kWh with tax")
_WITHOUT_TAX = ("price", "per kWh")
_MOST_UNMET = 12
_TAXES = {
    TaxIncluded.YES: "The tariff's own prices include tax.",
    TaxIncluded.NO: "The tariff's own prices are before tax.",
    TaxIncluded.NOT_APPLICABLE: "No tax applies.",
}
_WHAT = {
    Dimension.ENERGY: ("energy at", " per kWh"),
    Dimension.TIME: ("charging time at", " per hour"),
    Dimension.PARKING_TIME: ("parking time at", " per hour"),
    Dimension.FLAT: ("a fee of", ""),
}
_MEANT = {TaxIncluded.YES: ", with tax,", TaxIncluded.NO: ", before tax,"}
_ELSE = {
    ReservationRestriction.RESERVATION_EXPIRES: ReservationRestriction.RESERVATION,
    ReservationRestriction.BOOKING_EXPIRES: ReservationRestriction.BOOKING,
    ReservationRestriction.BOOKING_CANCELLATION_FEES: ReservationRestriction.BOOKING,
}
"""What is billed of a dimension for which the kind has no price."""
_HELD = {Dimension.FLAT: ("a fee of", ""), Dimension.TIME: ("the time held at", " per hour")}


def show_price_table(table: PriceTable, tariff: Tariff) -> None:
    """Print the table, each window and power named once."""
    out = console()
    head, rows = _columns(table), list(_rows(table))
    out.print(f"[bold]{escape(_title(table, tariff))}[/bold]")
    out.print(escape(_about(table, tariff)), soft_wrap=True)
    out.print()
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
    out.print()
    for line in _below(table, tariff):
        out.print(escape(line), soft_wrap=True)


def markdown(table: PriceTable, tariff: Tariff) -> str:
    """The table in Markdown, ready to publish."""
    head = _columns(table)
    lines = [
        f"### {_title(table, tariff)}",
        "",
        _about(table, tariff),
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
    writer.writerow(STOP_COLUMNS)
    for row in stop_rows(table):
        cells = row | {
            "start": f"{row['start']:%FT%TZ}",
            "notes": " ".join(row["notes"]),
            **{name: f"{row[name]:f}" for name in ("minutes", "parked_minutes", "gross_per_kwh")},
        }
        writer.writerow([cells[name] for name in STOP_COLUMNS])
    return out.getvalue()


def _title(table: PriceTable, tariff: Tariff) -> str:
    owner = "-".join(part for part in (tariff.country_code, tariff.party_id) if part)
    return f"Tariff {table.tariff_id} of {owner}" if owner else f"Tariff {table.tariff_id}"


def _about(table: PriceTable, tariff: Tariff) -> str:
    """What all figures have in common."""
    return (
        f"What stops cost in {table.currency}; times are local, {table.zone}. "
        f"{_TAXES[tariff.tax_included]}"
    )


def _taxes(table: PriceTable) -> bool:
    return any(one.tax for one in table.stops)


def _columns(table: PriceTable) -> list[str]:
    noted = ["note"] if _codes(table) else []
    return [*_LEFT, *(_WITH_TAX if _taxes(table) else _WITHOUT_TAX), *noted]


def _codes(table: PriceTable) -> list[str]:
    """The codes of the notes on the stops, as they are numbered below the table."""
    return sorted({code for one in table.stops for code in one.notes})


def _rows(table: PriceTable) -> Iterator[tuple[str, ...]]:
    taxes, zone, codes = _taxes(table), ZoneInfo(table.zone), _codes(table)
    for one in table.stops:
        any_power = one.power == ANY_POWER
        noted = ", ".join(str(codes.index(code) + 1) for code in sorted(one.notes))
        yield (
            one.window,
            f"{one.start_at.astimezone(zone):%a %F %H:%M}",
            one.power,
            f"{plain(one.energy_kwh)} kWh",
            "" if any_power else _span(one.duration),
            _span(one.parked) if one.parked else "",
            *_amounts(one, table.currency, taxes=taxes),
            *([noted] if codes else ()),
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
    lines = [
        "Time is in hours and minutes, parking included; per kWh is all of the stop, with fees."
    ]
    if any(_knows_current(one.restrictions) for one in tariff.elements):
        lines.append("Current is that of all phases together, at 230 V AC or 400 V DC.")
    words = _Words(tariff, table)
    unmet = [one for one in table.unmet if not _is_over(tariff.elements[one[0]], table)]
    for number, position in unmet[:_MOST_UNMET]:
        rule = tariff.elements[number].components[position]
        lines.append(f"Charged in none of these stops: {words.price(rule)}{words.when(number)}.")
    if len(unmet) > _MOST_UNMET:
        more = len(unmet) - _MOST_UNMET
        lines.append(f"and {more} more prices that no stop met: --json names them")
    over = len(table.unmet) - len(unmet)
    if over:
        lines.append(f"{over} {'price is' if over == 1 else 'prices are'} of dates that are over.")
    lines += words.reservations()
    notes = LANGUAGES["en"].notes
    return [*lines, *(f"Note {n}: {notes[code]}" for n, code in enumerate(_codes(table), 1))]


def _knows_current(limits: Restrictions) -> bool:
    return limits.min_current is not None or limits.max_current is not None


def _is_over(element: TariffElement, table: PriceTable) -> bool:
    """Whether an element's dates were over when the stops of the table began."""
    end = element.restrictions.end_date
    first = min(one.start_at for one in table.stops)
    return end is not None and end <= first.astimezone(ZoneInfo(table.zone)).date()


class _Words:
    """A tariff's own prices in words."""

    def __init__(self, tariff: Tariff, table: PriceTable) -> None:
        self._tariff = tariff
        self._figures = Figures(LANGUAGES["en"], tariff.currency, ZoneInfo(table.zone))

    def price(self, rule: PriceComponent, *, held: bool = False) -> str:
        """`energy at 0.35 per kWh`, with two decimals or more; of time held, its blocks too."""
        what, per = (_HELD if held else _WHAT).get(rule.dimension, (rule.dimension.value, ""))
        whole, _, decimals = plain(rule.price).partition(".")
        block = ""
        if held and rule.dimension is Dimension.TIME and rule.step_size > 1:
            step = self._figures.step(rule.dimension, rule.step_size).replace(NBSP, " ")
            block = f" in blocks of {step}"
        return f"{what} {whole}.{decimals:0<2}{per}{block}"

    def when(self, number: int) -> str:
        """`, only between 08:00 and 20:00`; nothing where an element always applies."""
        limits = replace(self._tariff.elements[number].restrictions, reservation=None)
        told = conditions(limits, self._figures, DEFAULT_POLICY).replace(NBSP, " ")
        return f", only {told}" if told else ""

    def reservations(self) -> list[str]:
        """What being held costs, and what it costs where nobody comes."""
        found: dict[ReservationRestriction, list[int]] = {}
        for number, element in enumerate(self._tariff.elements):
            kind = element.restrictions.reservation
            if kind is not None:
                found.setdefault(kind, []).append(number)
        return [self._held(kind, numbers, found) for kind, numbers in found.items()]

    def _held(
        self,
        kind: ReservationRestriction,
        numbers: list[int],
        every: Mapping[ReservationRestriction, list[int]],
    ) -> str:
        """One kind; where nobody came, with the prices that are left of being held."""
        told = conditions(Restrictions(reservation=kind), self._figures, DEFAULT_POLICY)
        rows = [self._row(self._tariff.elements[one].components, one) for one in numbers]
        settled = self._always(numbers)
        for number in every.get(_ELSE[kind], []) if kind in _ELSE else []:
            own = self._tariff.elements[number].components
            if left := [part for part in own if part.dimension not in settled]:
                rows.append(self._row(left, number))
        joined = "; ".join(rows)
        if len(rows) == 2 and not any(map(self.when, numbers)):
            joined = " and ".join(rows)
        return f"{told.removeprefix('to ').capitalize()} costs{self._taxed()} {joined}."

    def _row(self, parts: Sequence[PriceComponent], number: int) -> str:
        """`a fee of 2.00 and the time held at 5.00 per hour in blocks of 5 min`, and when."""
        return " and ".join(self.price(one, held=True) for one in parts) + self.when(number)

    def _always(self, numbers: Sequence[int]) -> set[Dimension]:
        """What elements without any other condition price: nothing further applies to it."""
        return {
            part.dimension
            for number in numbers
            if not self.when(number)
            for part in self._tariff.elements[number].components
        }

    def _taxed(self) -> str:
        return _MEANT.get(self._tariff.tax_included, "")


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
