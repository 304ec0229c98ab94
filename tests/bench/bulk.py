"""How fast two cores price in bulk: sessions a second, what elements and periods cost, and memory.

Sessions are made in columns beforehand, sheet by sheet, so that only pricing is measured. One in
ten uses a fraction of a Wh, as registers count in whole ones and few chargers say more.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter, process_time

import polars as pl

from billing.bulk import Sheet, price_all, price_each
from billing.tariff import Dimension, PriceComponent, Restrictions, Tariff, TariffElement
from tests.bench.figure import Figure
from tests.bench.price import USUAL
from tests.billing.pricing.samples import tariff

SHEET = 200_000
"""Sessions of a sheet."""

CORES = 2

_BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
_MONTH_S = 30 * 86_400
_GIB = 2**30


def run(sheets: int = 4) -> list[Figure]:
    """Speeds over some sheets; memory of a process of its own."""
    usual = [tariff(name) for name in USUAL]
    found = [
        *speed("1-3 elements", sheets_of(usual, 3, sheets), 250_000),
        *speed("97 elements", sheets_of([hourly(97)], 3, sheets), 25_000),
    ]
    for elements in (1, 3, 10, 50, 97):
        name = f"{elements} elements, 3 periods"
        found.append(speed(name, sheets_of([hourly(elements)], 3, 2))[0])
    for periods in (1, 3, 10, 30):
        name = f"1-3 elements, {periods} periods"
        found.append(speed(name, sheets_of(usual, periods, 2))[0])
    for many in (5, 50):
        name = f"memory, {many * SHEET:,} sessions"
        found.append(Figure(name, peak(many) / _GIB, "GiB", 2, "lower"))
    return found


def speed(name: str, sheets: Iterator[Sheet], limit: float | None = None) -> list[Figure]:
    """Sessions in a second of two cores' own time, and in a second by the clock on the wall."""
    ready = list(sheets)
    price_all(ready[0])
    begun, spent = perf_counter(), process_time()
    count = sum(priced.totals.height for priced in price_each(ready))
    by_wall, by_core = perf_counter() - begun, (process_time() - spent) / CORES
    return [
        Figure(f"bulk: {name}", count / by_core, "/s/2 cores", limit, "higher"),
        Figure(f"bulk: {name}, as the machine is", count / by_wall, "/s", limit, "higher"),
    ]


def peak(sheets: int) -> int:
    """The most memory, in bytes, that a process needs to price so many sheets one after another."""
    command = [sys.executable, "-m", "tests.bench.bulk", str(sheets)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout)


def sheet_of(tariffs: Sequence[Tariff], periods: int, number: int) -> Sheet:
    """A sheet of sessions spread over a month, each of so many periods, the last of them parked."""
    rows = pl.DataFrame({"n": pl.int_range(SHEET, eager=True)}).with_columns(
        key=pl.col("n") + number * SHEET
    )
    rows = rows.with_columns(
        second=(pl.col("key") * 40_503) % _MONTH_S, length=600 + (pl.col("key") * 7_919) % 9_000
    )
    at = pl.lit(_BEGIN, dtype=pl.Datetime("us", "UTC")) + pl.duration(seconds="second")
    whole = pl.duration(seconds=pl.col("length") * periods)
    sessions = rows.select(
        "key",
        start_at=at,
        end_at=at + whole,
        zone=pl.lit("Europe/Amsterdam"),
        policy=pl.lit(0, dtype=pl.UInt32),
        tariffs=pl.concat_list((pl.col("key") % len(tariffs)).cast(pl.UInt32)),
    )
    each = rows.with_columns(ordinal=pl.int_ranges(0, periods)).explode("ordinal")
    watt_hours = (pl.col("key") * 31 + pl.col("ordinal") * 977) % 15_000
    tenths = watt_hours * 10 + pl.when(pl.col("key") % 10 == 0).then(watt_hours % 10).otherwise(0)
    ids = pl.Series([one.id for one in tariffs])
    last = (pl.col("ordinal") == periods - 1) & (pl.lit(periods) > 1)
    start = at + pl.duration(seconds=pl.col("length") * pl.col("ordinal"))
    rows = each.select(
        "key",
        "ordinal",
        start_at=start,
        end_at=start + pl.duration(seconds="length"),
        activity=pl.when(last).then(pl.lit("parked")).otherwise(pl.lit("charging")),
        energy_wh=pl.when(last).then(0).otherwise(tenths).cast(pl.Decimal(38, 0)),
    )
    tenth = pl.lit(Decimal("0.1"), dtype=pl.Decimal(38, 1))
    return Sheet(
        sessions,
        rows.with_columns(
            pl.col("energy_wh") * tenth, tariff_id=ids.gather(each["key"] % len(ids))
        ),
        tariffs,
    )


def hourly(elements: int) -> Tariff:
    """Another price from quarter to quarter of an hour, and one for whatever is left."""
    energy = PriceComponent(Dimension.ENERGY, Decimal("0.30"), vat=Decimal(21))
    parts = []
    for quarter in range(elements - 1):
        opens = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)).time()
        closes = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter + 15)).time()
        rule = replace(energy, price=Decimal(20 + quarter % 37).scaleb(-2))
        parts.append(TariffElement((rule,), Restrictions(start_time=opens, end_time=closes)))
    parts.append(TariffElement((energy,)))
    model = tariff("energy")
    return replace(model, id=f"hourly-{elements}", elements=tuple(parts))


def sheets_of(tariffs: Sequence[Tariff], periods: int, count: int) -> Iterator[Sheet]:
    """So many sheets, each made when it is asked for."""
    return (sheet_of(tariffs, periods, number) for number in range(count))


if __name__ == "__main__":
    many = sheets_of([tariff(name) for name in USUAL], 3, int(sys.argv[1]))
    assert all(priced.totals.height == SHEET for priced in price_each(many))
    status = Path("/proc/self/status").read_text().split()
    sys.stdout.write(str(int(status[status.index("VmHWM:") + 1]) * 1024))
