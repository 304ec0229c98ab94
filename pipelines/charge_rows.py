"""CDRs and rejections as rows: `charging_period`, `charge`, `cdr`, `rejection` and `rerating`.

Rows are gathered as tuples of text, numbers and truths and become columns at the end: decimals
travel as text (exact amounts with the 12 decimals of their column, half to even, as `exact` rounds)
and instants as microseconds, which the columns' own engine reads fast.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import polars as pl

from billing.billable import Billable
from billing.cdr import CDR, Rejection
from billing.money import EXACT, GRAIN
from billing.receipt import Amount, Line
from billing.record import decimal_text, dumps
from pipelines.change import Change
from pipelines.columns import micros
from warehouse.lake import TABLES

TABLE_NAMES = ("charging_period", "charge", "cdr", "rejection", "rerating")

_MONEY_DECIMALS = 4
Row = tuple[Any, ...]


@dataclass(slots=True)
class Billed:
    """Rows of the five tables that pricing fills; each row in the order of its table's columns."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLE_NAMES})

    def __len__(self) -> int:
        """How many CDRs there are."""
        return len(self.rows["cdr"])

    def reject(self, session: Billable, rejection: Rejection) -> None:
        """A session version that made no CDR."""
        self.rows["rejection"].append(_rejection_row(session, rejection))

    def bill(self, made: Iterable[CDR], newest: CDR, session: Billable) -> None:
        """The CDRs that a session version brought; the newest with its periods and charges."""
        self.rows["cdr"] += [_cdr_row(cdr, session.station) for cdr in made]
        day = newest.last_updated.date()
        self.rows["charging_period"] += _period_rows(newest, day)
        self.rows["charge"] += _charge_rows(newest, day)

    def rerate(self, change: Change) -> None:
        """What a correction brought for one session."""
        if change.made:
            self.bill(change.made, change.made[-1], change.session)
        self.rows["rerating"].append(_rerating_row(change))

    def frames(self) -> dict[str, pl.DataFrame]:
        """A frame per table."""
        return {name: _frame(name, rows) for name, rows in self.rows.items()}


def _frame(table: str, rows: list[Row]) -> pl.DataFrame:
    schema = TABLES[table].schema
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return pl.DataFrame(
        [
            _column(name, values, dtype)
            for (name, dtype), values in zip(schema.items(), columns, strict=True)
        ]
    )


def _column(name: str, values: Row, dtype: pl.DataType) -> pl.Series:
    if dtype.is_decimal():
        return pl.Series(name, values, dtype=pl.String).cast(dtype, strict=False)
    if isinstance(dtype, pl.Datetime):
        return pl.Series(name, values, dtype=pl.Int64).cast(dtype)
    return pl.Series(name, values, dtype=dtype)


def _rejection_row(session: Billable, rejection: Rejection) -> Row:
    return (
        session.emitted_at.date(),
        rejection.session_id,
        rejection.version,
        session.station,
        rejection.rule,
        rejection.message,
        _text(session.energy_wh),
        micros(session.emitted_at),
    )


def _rerating_row(change: Change) -> Row:
    correction, before, after = change.correction, change.before, change.after
    refusal = after if isinstance(after, Rejection) else None
    billed = after if isinstance(after, CDR) else before
    return (
        correction.at.date(),
        correction.source.origin,
        correction.source.index,
        change.session.id,
        change.session.version,
        change.session.station,
        billed.token.party if billed else "",
        "".join(one.credit_reference_id for one in change.made),
        "".join(one.id for one in change.made if one.credit),
        "".join(one.id for one in change.made if not one.credit),
        refusal.rule if refusal else "",
        refusal.message if refusal else "",
        micros(correction.at),
    )


def _period_rows(cdr: CDR, day: date) -> Iterator[Row]:
    for period in cdr.periods:
        yield (
            day,
            cdr.session_id,
            cdr.session_version,
            cdr.id,
            period.ordinal,
            micros(period.start_at),
            micros(period.end_at),
            period.activity,
            _text(period.energy_wh),
            period.imputed,
            _text(period.min_power_kw),
            _text(period.max_power_kw),
            _text(period.min_current_a),
            _text(period.max_current_a),
            period.reserved,
            period.expired,
            period.tariff_id,
        )


def _charge_rows(cdr: CDR, day: date) -> Iterator[Row]:
    """The lines of the receipt."""
    head = (day, cdr.session_id, cdr.session_version)
    for number, line in enumerate(cdr.receipt.lines):
        yield (*head, cdr.id, number, *_charge(line, cdr.currency))


def _charge(line: Line, currency: str) -> Row:
    return (
        line.period,
        line.dimension,
        line.group,
        f"{line.measured:.12f}",
        f"{line.billed:.12f}",
        line.step_size,
        f"{line.price:.12f}",
        f"{line.net:.12f}",
        _text(line.vat),
        f"{line.tax:.12f}",
        currency,
        line.tariff_id,
        line.element,
        line.component,
        line.reason,
        line.imputed,
    )


def _cdr_row(cdr: CDR, station: str) -> Row:
    """`record` holds all of it."""
    cost, last_updated = cdr.exact_cost, cdr.last_updated
    return (
        last_updated.date(),
        cdr.id,
        cdr.session_id,
        cdr.session_version,
        cdr.token.party,
        cdr.token.contract_id,
        station,
        cdr.location.id,
        cdr.evse.evse_id,
        micros(cdr.start_at),
        micros(cdr.end_at),
        micros(last_updated),
        cdr.currency,
        cdr.tariffs[0].id if cdr.tariffs else "",
        f"{cdr.total_energy_kwh:.12f}",
        f"{cdr.total_time_h:.12f}",
        f"{cdr.total_parking_time_h:.12f}",
        f"{cost.net:.12f}",
        f"{cost.tax:.12f}",
        *_rounded(cdr.total_cost),
        cdr.credit,
        cdr.sign,
        cdr.credit_reference_id,
        dumps(cdr),
    )


def exact(value: Decimal) -> Decimal:
    """An exact amount in the 12 decimals of its column; the record keeps every digit."""
    return value.quantize(GRAIN, rounding=ROUND_HALF_EVEN, context=EXACT)


def _rounded(cost: Amount) -> tuple[str, str, str]:
    """Net, tax and gross as they are owed."""
    net, tax = cost.net, cost.tax
    for amount in (net, tax):
        assert round(amount, _MONEY_DECIMALS) == amount, f"{amount} has more than 4 decimals"
    return f"{net:.4f}", f"{tax:.4f}", f"{net + tax:.4f}"


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
