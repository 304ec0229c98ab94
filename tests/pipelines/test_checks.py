"""Every check fails where what it guards is broken: one lake, broken in one way at a time."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from billing.money import minor_unit
from pipelines.checks.invariants import CHECKS
from pipelines.stretch import Stretch
from warehouse.lake import TABLES, Lake

DAY = date(2026, 10, 2)
Break = Callable[[pl.DataFrame], pl.DataFrame]


def plus(column: str, amount: str) -> Break:
    """Every amount of a column larger by `amount`."""

    def more(rows: pl.DataFrame) -> pl.DataFrame:
        dtype = rows.schema[column]
        added = [None if one is None else one + Decimal(amount) for one in rows[column]]
        return rows.with_columns(pl.Series(column, added, dtype=dtype))

    return more


def none(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.clear()


def dated(of: date, to: date) -> Break:
    """The rows of a day told a second time, on another."""
    return lambda rows: pl.concat(
        [rows, rows.filter(pl.col("day") == of).with_columns(day=pl.lit(to))]
    )


BROKEN = {
    "a cent of net that no line has": ("cdr", "cdr_is_sum_of_charges", plus("net", "0.01")),
    "half a euro of tax": ("cdr", "cdr_is_sum_of_charges", plus("tax", "0.50")),
    "a gross of its own": ("cdr", "cdr_is_sum_of_charges", plus("gross", "0.01")),
    "an exact tax of its own": ("cdr", "cdr_is_sum_of_charges", plus("tax_exact", "0.000001")),
    "a line that is gone": ("charge", "cdr_is_sum_of_charges", none),
    "CDRs that are gone": ("cdr", "nothing_vanishes", none),
    "sessions that are gone": ("session", "nothing_vanishes", none),
    "rejections that are gone": ("rejection", "nothing_vanishes", none),
    "a session's watt-hour": ("session", "periods_sum_to_session", plus("energy_wh", "1")),
    "a period's watt-hour": ("charging_period", "periods_sum_to_session", plus("energy_wh", "1")),
    "a CDR on two days": ("cdr", "unique_keys", dated(DAY, date(2026, 10, 1))),
    "a session on two days": ("session", "unique_keys", dated(DAY, date(2026, 10, 1))),
    "energy below zero": ("session", "sessions_in_range", plus("energy_wh", "-100000")),
    "a CDR's energy below zero": ("cdr", "cdrs_in_range", plus("energy_kwh", "-1000")),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_data_fails_its_check(name: str, busy_stretch: Stretch, tmp_path: Path) -> None:
    table, check, damage = BROKEN[name]
    shutil.copytree(busy_stretch.lake.path, tmp_path / "lake")
    stretch = replace(busy_stretch, lake=Lake(tmp_path / "lake"))
    rows = stretch.lake.read(table)
    stretch.lake.write(table, damage(rows), {*rows["day"], *stretch.days})
    assert not CHECKS[check][1](stretch).is_empty()


def test_what_vanished_on_an_earlier_day_is_seen(busy_stretch: Stretch, tmp_path: Path) -> None:
    shutil.copytree(busy_stretch.lake.path, tmp_path / "lake")
    lake = Lake(tmp_path / "lake")
    lake.write("cdr", lake.read("cdr", [DAY]).clear(), [DAY])
    last = busy_stretch.days[-1]
    assert last > DAY
    assert not CHECKS["nothing_vanishes"][1](
        replace(busy_stretch, lake=lake, days=(last,))
    ).is_empty()


INVOICE = {
    "day": DAY,
    "number": "NLWTP-I2026-000001",
    "net": Decimal(10),
    "tax": Decimal("2.10"),
    "gross": Decimal("12.10"),
    "taxes": [{"vat_percent": Decimal(21), "net": Decimal(10), "tax": Decimal("2.10")}],
    "content_sha256": "a",
    "decided_sha256": "a",
}
SECOND = {"number": "NLWTP-I2026-000002"}


@pytest.mark.parametrize(
    ("heads", "lines", "fails"),
    [
        ([{}], [{}], False),
        ([{"content_sha256": "b"}], [{}], True),
        ([{"gross": Decimal("12.11")}], [{}], True),
        ([{"net": None}], [{}], True),
        ([{"tax": None}], [{}], True),
        ([{}], [], True),
        ([{}], [{"net": Decimal(9)}], True),
        ([{}], [{"net": Decimal(5)}, {"net": Decimal(5), "position": 2}], True),
        ([{}], [{"net": Decimal(5)}, {"net": Decimal(5), "position": 2, "cdr_id": "d"}], False),
        ([{}, SECOND], [{}, SECOND], True),
    ],
)
def test_invoices_that_cannot_be_posted(
    heads: list[dict[str, object]],
    lines: list[dict[str, object]],
    fails: bool,
    tmp_path: Path,
) -> None:
    lake = Lake(tmp_path / "lake")
    line = {"day": DAY, "number": INVOICE["number"], "position": 1, "cdr_id": "c"}
    line |= {"net": Decimal(10), "vat_percent": Decimal(21)}
    for table, rows in (
        ("invoice", [INVOICE | head for head in heads]),
        ("invoice_line", [line | one for one in lines]),
    ):
        lake.write(table, pl.DataFrame(rows, schema=TABLES[table].schema), [DAY])
    stretch = Stretch(tmp_path, lake, (DAY,), 0)
    assert CHECKS["invoice_totals"][1](stretch).is_empty() is not fails


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD", "CLF", "UGX", "TND", "UYW", "XPF"])
def test_half_a_minor_unit_is_all_that_rounding_may_do(currency: str, tmp_path: Path) -> None:
    lake, unit = Lake(tmp_path / "lake"), minor_unit(currency)
    head = {"day": DAY, "session_id": "s", "version": 1, "currency": currency, "credit": False}
    sound = {"net": 10 * unit, "tax": unit, "gross": 11 * unit, "tax_exact": unit}
    rows = [
        head | sound | {"cdr_id": "half", "net_exact": unit * Decimal("9.5")},
        head | sound | {"cdr_id": "more", "net_exact": unit * Decimal("9.49")},
    ]
    lines = [
        {"day": DAY, "cdr_id": row["cdr_id"], "session_id": row["cdr_id"], "version": 1, "line": 0}
        | {"net": row["net_exact"], "tax": row["tax_exact"]}
        for row in rows
    ]
    lake.write("cdr", pl.DataFrame(rows, schema=TABLES["cdr"].schema), [DAY])
    lake.write("charge", pl.DataFrame(lines, schema=TABLES["charge"].schema), [DAY])
    found = CHECKS["cdr_is_sum_of_charges"][1](Stretch(tmp_path, lake, (DAY,), 0))
    assert found["id"].to_list() == ["more"]
