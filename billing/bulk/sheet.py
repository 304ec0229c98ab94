"""What is priced in bulk: sessions and charging periods as two frames, and what they refer to.

Knows the columns, their units and how to make them of values. Refuses to price.

| sessions | | |
| --- | --- | --- |
| `key` | any | names the session; unique |
| `start_at`, `end_at` | Datetime("us", "UTC") | |
| `zone` | String | IANA name of the site's zone |
| `policy` | UInt32 | position in `Sheet.policies` |
| `tariffs` | List(UInt32) | positions in `Sheet.tariffs`, in order, at least one |

| periods | | |
| --- | --- | --- |
| `key` | as above | the session; a session's rows stand in the order in which they are priced |
| `ordinal` | Int64 | |
| `start_at`, `end_at` | Datetime("us", "UTC") | |
| `activity` | String | `charging` or `parked` |
| `energy_wh` | Decimal | |
| others of `billing.period.ChargingPeriod` | | may be absent: then they have their default |
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import polars as pl

from billing.bulk.clock import micros
from billing.bulk.whole import RangeError, decimals
from billing.period import ChargingPeriod
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.tariff import Tariff

T = TypeVar("T")

INSTANT = pl.Datetime("us", "UTC")
WHEN_ABSENT: dict[str, pl.Expr] = {
    "imputed": pl.lit(value=False),
    "min_power_kw": pl.lit(None, dtype=pl.Decimal(38, 0)),
    "max_power_kw": pl.lit(None, dtype=pl.Decimal(38, 0)),
    "min_current_a": pl.lit(None, dtype=pl.Decimal(38, 0)),
    "max_current_a": pl.lit(None, dtype=pl.Decimal(38, 0)),
    "reserved": pl.lit(value=False),
    "expired": pl.lit(value=False),
    "tariff_id": pl.lit(""),
    "time_s": pl.lit(None, dtype=pl.Decimal(38, 0)),
    "parking_s": pl.lit(None, dtype=pl.Decimal(38, 0)),
    "cancelled": pl.lit(value=False),
    "overtime_s": pl.lit(None, dtype=pl.Decimal(38, 0)),
}
"""The columns of periods that may be left out, and what then stands in them."""

NEEDED = ("key", "ordinal", "start_at", "end_at", "activity", "energy_wh")
SESSION = ("key", "start_at", "end_at", "zone", "policy", "tariffs")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A batch: the frames described above. Tariffs are distinct objects."""

    sessions: pl.DataFrame
    periods: pl.DataFrame
    tariffs: Sequence[Tariff]
    policies: Sequence[PricingPolicy] = (DEFAULT_POLICY,)


class Asked(NamedTuple):
    """One session as `billing.price.price` is asked for it."""

    key: str
    periods: Sequence[ChargingPeriod]
    tariffs: Sequence[Tariff]
    zone: ZoneInfo | str
    start_at: datetime
    end_at: datetime
    policy: PricingPolicy = DEFAULT_POLICY


def sheet_of(asked: Iterable[Asked]) -> Sheet:
    """The same sessions as frames. Tariffs are told apart as objects, policies by what they say."""
    given = tuple(asked)
    tariffs = _numbered([tariff for one in given for tariff in one.tariffs])
    policies = {
        one: number for number, one in enumerate(dict.fromkeys(one.policy for one in given))
    }
    sessions = {
        "key": pl.Series([one.key for one in given], dtype=pl.String),
        "start_at": _instants([one.start_at for one in given]),
        "end_at": _instants([one.end_at for one in given]),
        "zone": pl.Series([str(one.zone) for one in given], dtype=pl.String),
        "policy": pl.Series([policies[one.policy] for one in given], dtype=pl.UInt32),
        "tariffs": pl.Series(
            [[tariffs[id(tariff)][0] for tariff in one.tariffs] for one in given],
            dtype=pl.List(pl.UInt32),
        ),
    }
    return Sheet(
        pl.DataFrame(sessions),
        _periods([(one.key, period) for one in given for period in one.periods]),
        [tariff for _, tariff in tariffs.values()],
        tuple(policies) or (DEFAULT_POLICY,),
    )


def _numbered(values: Iterable[T]) -> dict[int, tuple[int, T]]:
    """Each object once: its identity, and its number with itself."""
    found: dict[int, tuple[int, T]] = {}
    for value in values:
        found.setdefault(id(value), (len(found), value))
    return found


def _instants(values: Sequence[datetime]) -> pl.Series:
    return pl.Series([micros(value) for value in values], dtype=pl.Int64).cast(INSTANT)


def _periods(rows: Sequence[tuple[str, ChargingPeriod]]) -> pl.DataFrame:
    own = [period for _, period in rows]
    columns = {
        "key": pl.Series([key for key, _ in rows], dtype=pl.String),
        "ordinal": pl.Series([one.ordinal for one in own], dtype=pl.Int64),
        "start_at": _instants([one.start_at for one in own]),
        "end_at": _instants([one.end_at for one in own]),
        "activity": pl.Series([str(one.activity) for one in own], dtype=pl.String),
        "tariff_id": pl.Series([one.tariff_id for one in own], dtype=pl.String),
    }
    for name in ("imputed", "reserved", "expired", "cancelled"):
        columns[name] = pl.Series([getattr(one, name) for one in own], dtype=pl.Boolean)
    for name in _DECIMALS:
        columns[name] = _decimals(name, [getattr(one, name) for one in own])
    return pl.DataFrame(columns)


def _decimals(name: str, values: Sequence[Decimal | None]) -> pl.Series:
    known = [value for value in values if value is not None]
    digits = decimals(known)
    if digits + max((value.adjusted() + 1 for value in known), default=0) > _FIGURES:
        raise RangeError(f"{name}: more than {_FIGURES} digits")
    return pl.Series(name, values, dtype=pl.Decimal(_FIGURES, digits))


_FIGURES = 38


_DECIMALS = (
    "energy_wh",
    "min_power_kw",
    "max_power_kw",
    "min_current_a",
    "max_current_a",
    "time_s",
    "parking_s",
    "overtime_s",
)
