"""Sessions as rows and rows as sessions: the tables `session` and `finding`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import polars as pl

from billing.finding import Finding, Severity, Source
from billing.session import (
    Activity,
    ActivityChange,
    CurrentSample,
    EnergyCandidate,
    EnergySource,
    PowerSample,
    Register,
    Session,
    SessionState,
    StampSource,
)
from pipelines.columns import rows, series
from pipelines.course_rows import COURSES, is_straight
from warehouse.lake import TABLES

SESSION = TABLES["session"].schema
FINDING = TABLES["finding"].schema

_SAME = (
    "version",
    "station",
    "evse",
    "connector",
    "protocol",
    "transaction",
    "id_token",
    "id_token_type",
    "start_at",
    "end_at",
    "meter_start_wh",
    "meter_stop_wh",
    "energy_wh",
    "stop_reason",
    "held",
    "closed_at",
    "emitted_at",
)
_ENUMS = {
    "state": SessionState,
    "start_source": StampSource,
    "end_source": StampSource,
    "energy_source": EnergySource,
}


_COLUMNS: Mapping[str, Callable[[Session], Any]] = {
    **{name: attrgetter(name) for name in _SAME},
    **{name: attrgetter(f"{name}.value") for name in _ENUMS},
    "day": lambda one: one.emitted_at.date(),
    "session_id": attrgetter("id"),
    "activity": lambda one: [
        (change.at, change.activity.value, change.evidence, *_place(change.source))
        for change in one.activity
    ],
    "registers": lambda one: [(r.at, r.wh, *_place(r.source)) for r in one.registers],
    "power": lambda one: [(sample.at, sample.watt) for sample in one.power],
    "current": lambda one: [(sample.at, sample.ampere) for sample in one.current],
    "sources": lambda one: [_place(source) for source in one.sources],
    "signed_values": lambda one: list(one.signed_values),
    "candidates": lambda one: [
        (
            candidate.rung.value,
            candidate.energy_wh,
            candidate.begin_wh,
            candidate.end_wh,
            [_place(source) for source in candidate.sources],
        )
        for candidate in one.candidates
    ],
    "findings": lambda one: [
        (*_place(finding.source), finding.rule, finding.severity.value, finding.message)
        for finding in one.findings
    ],
}


def write_sessions(sessions: Sequence[Session]) -> pl.DataFrame:
    """Rows of `session`, keyed to the day of emission."""
    straight = [number for number, one in enumerate(sessions) if is_straight(one)]
    others = [number for number, one in enumerate(sessions) if not is_straight(one)]
    if straight and others:
        parts = [write_sessions([sessions[n] for n in half]) for half in (straight, others)]
        order = pl.Series([*straight, *others]).arg_sort()
        return pl.concat(parts)[order]
    return pl.DataFrame(
        [
            COURSES[name](sessions)
            if straight and name in COURSES
            else series(name, [_COLUMNS[name](session) for session in sessions], dtype)
            for name, dtype in SESSION.items()
        ]
    )


def _place(source: Source) -> tuple[str, int]:
    return source.origin, source.index


def read_sessions(frame: pl.DataFrame) -> Iterator[Session]:
    """The sessions of `session` rows, in the rows' order."""
    for cells in rows(frame, SESSION.names()):
        row = dict(zip(SESSION.names(), cells, strict=True))
        fields: dict[str, Any] = {name: row[name] for name in _SAME}
        fields |= {name: kind(row[name]) for name, kind in _ENUMS.items()}
        yield Session(
            **fields,
            id=row["session_id"],
            registers=tuple(
                Register(at, wh, Source(*place)) for at, wh, *place in row["registers"]
            ),
            activity=tuple(
                ActivityChange(at, Activity(activity), evidence, Source(*place))
                for at, activity, evidence, *place in row["activity"]
            ),
            power=tuple(PowerSample(at, watt) for at, watt in row["power"]),
            current=tuple(CurrentSample(at, ampere) for at, ampere in row["current"]),
            signed_values=tuple(row["signed_values"]),
            findings=tuple(
                Finding(
                    Source(origin, index),
                    rule,
                    Severity(severity),
                    message,
                    row["station"],
                    row["session_id"],
                )
                for origin, index, rule, severity, message in row["findings"]
            ),
            sources=tuple(Source(*place) for place in row["sources"]),
            candidates=tuple(
                EnergyCandidate(
                    EnergySource(rung), wh, begin, end, tuple(Source(*place) for place in places)
                )
                for rung, wh, begin, end, places in row["candidates"]
            ),
        )


def write_findings(found: Iterable[tuple[Finding, datetime]]) -> pl.DataFrame:
    """Rows of `finding`: each with the log time at which it came to be, which gives its day."""
    rows = [
        {
            "day": known_at.date(),
            "origin": finding.source.origin,
            "index": finding.source.index,
            "rule": finding.rule,
            "session_id": finding.session_id,
            "known_at": known_at,
            "message": finding.message,
            "severity": finding.severity.value,
            "station": finding.station,
        }
        for finding, known_at in found
    ]
    frame = pl.DataFrame(rows, schema=FINDING, orient="row")
    return frame.unique(TABLES["finding"].key, keep="first", maintain_order=True)
