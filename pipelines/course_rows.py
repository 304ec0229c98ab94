"""Courses as cells: the long lists of plain sessions go into columns without becoming objects."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

import polars as pl

from billing.course import CurrentCourse, PowerCourse, RegisterCourse, SourceCourse
from billing.session import Session
from pipelines.columns import gathered
from warehouse.lake import TABLES
from warehouse.lake.tables import ENERGY

_SCHEMA = TABLES["session"].schema
_THOUSANDTH = pl.lit(Decimal("0.001"), dtype=pl.Decimal(4, 3))


def is_straight(session: Session) -> bool:
    """Whether a session's lists are columns, so that it can be written by them."""
    return isinstance(session.registers, RegisterCourse)


def _registers(sessions: Sequence[Session]) -> pl.Series:
    courses = [one.registers for one in sessions if isinstance(one.registers, RegisterCourse)]
    lengths = list(map(len, courses))
    fields = [
        _instants(one.at for one in courses),
        amounts("wh", _flat(one.mwh for one in courses)),
        pl.Series("origin", [one.origin for one in courses], dtype=pl.String)
        .repeat_by(pl.Series(lengths))
        .explode(),
        _flat(one.entries for one in courses).alias("index"),
    ]
    return gathered("registers", lengths, fields, _SCHEMA["registers"])


def _power(sessions: Sequence[Session]) -> pl.Series:
    courses = [
        one.power if isinstance(one.power, PowerCourse) else PowerCourse((), ()) for one in sessions
    ]
    fields = [
        _instants(one.at for one in courses),
        amounts("watt", _flat(one.mw for one in courses)),
    ]
    return gathered("power", list(map(len, courses)), fields, _SCHEMA["power"])


def _current(sessions: Sequence[Session]) -> pl.Series:
    courses = [
        one.current if isinstance(one.current, CurrentCourse) else CurrentCourse((), ())
        for one in sessions
    ]
    fields = [
        _instants(one.at for one in courses),
        amounts("ampere", _flat(one.ma for one in courses)),
    ]
    return gathered("current", list(map(len, courses)), fields, _SCHEMA["current"])


def _sources(sessions: Sequence[Session]) -> pl.Series:
    courses = [
        one.sources
        if isinstance(one.sources, SourceCourse)
        else SourceCourse(one.sources[0].origin, [source.index for source in one.sources])
        for one in sessions
    ]
    lengths = list(map(len, courses))
    origins = pl.Series("origin", [one.origin for one in courses], dtype=pl.String)
    fields = [
        origins.repeat_by(pl.Series(lengths)).explode(),
        _flat(one.entries for one in courses).alias("index"),
    ]
    return gathered("sources", lengths, fields, _SCHEMA["sources"])


COURSES: Mapping[str, Callable[[Sequence[Session]], pl.Series]] = {
    "registers": _registers,
    "power": _power,
    "current": _current,
    "sources": _sources,
}
"""The columns of straight sessions that are written from columns."""


def amounts(name: str, thousandths: pl.Series) -> pl.Series:
    """Wh, W or A, from whole thousandths; exact."""
    if (thousandths % 1000 == 0).all():
        return (thousandths // 1000).cast(ENERGY).alias(name)
    exact = thousandths.to_frame("n").select(pl.col("n").cast(pl.Decimal(38, 3)) * _THOUSANDTH)
    return exact["n"].cast(ENERGY).alias(name)


def _flat(parts: Iterable[Iterable[int]]) -> pl.Series:
    return pl.Series("n", list(chain.from_iterable(parts)), dtype=pl.Int64)


def _instants(parts: Iterable[Iterable[int]]) -> pl.Series:
    dtype: Any = pl.Datetime("us", "UTC")
    return _flat(parts).cast(dtype).alias("at")
