"""Sessions as rows and rows as sessions: the tables `session` and `finding`."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl

from billing.finding import Finding, Severity, Source
from billing.session import (
    Activity,
    ActivityChange,
    EnergyCandidate,
    EnergySource,
    PowerSample,
    Register,
    Session,
    SessionState,
    StampSource,
)
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


def write_sessions(sessions: Iterable[Session]) -> pl.DataFrame:
    """Rows of `session`, keyed to the day of emission."""
    return pl.DataFrame([_row(session) for session in sessions], schema=SESSION, orient="row")


def _row(session: Session) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(session, name) for name in _SAME}
    row |= {name: getattr(session, name).value for name in _ENUMS}
    return row | {
        "day": session.emitted_at.date(),
        "session_id": session.id,
        "registers": [
            {"at": r.at, "wh": r.wh, "origin": r.source.origin, "index": r.source.index}
            for r in session.registers
        ],
        "activity": [
            {
                "at": change.at,
                "activity": change.activity.value,
                "evidence": change.evidence,
                "origin": change.source.origin,
                "index": change.source.index,
            }
            for change in session.activity
        ],
        "power": [{"at": sample.at, "watt": sample.watt} for sample in session.power],
        "signed_values": list(session.signed_values),
        "candidates": [
            {
                "rung": candidate.rung.value,
                "energy_wh": candidate.energy_wh,
                "begin_wh": candidate.begin_wh,
                "end_wh": candidate.end_wh,
                "sources": _source_rows(candidate.sources),
            }
            for candidate in session.candidates
        ],
        "findings": [
            {
                "origin": finding.source.origin,
                "index": finding.source.index,
                "rule": finding.rule,
                "severity": finding.severity.value,
                "message": finding.message,
            }
            for finding in session.findings
        ],
        "sources": _source_rows(session.sources),
    }


def _source_rows(sources: Iterable[Source]) -> list[dict[str, Any]]:
    return [{"origin": source.origin, "index": source.index} for source in sources]


def _sources(rows: Iterable[dict[str, Any]]) -> tuple[Source, ...]:
    return tuple(Source(row["origin"], row["index"]) for row in rows)


def read_sessions(rows: pl.DataFrame) -> Iterator[Session]:
    """The sessions of `session` rows, in the rows' order."""
    for row in rows.iter_rows(named=True):
        fields: dict[str, Any] = {name: _utc(row[name]) for name in _SAME}
        fields |= {name: kind(row[name]) for name, kind in _ENUMS.items()}
        yield Session(
            **fields,
            id=row["session_id"],
            registers=tuple(
                Register(_utc(r["at"]), r["wh"], Source(r["origin"], r["index"]))
                for r in row["registers"]
            ),
            activity=tuple(
                ActivityChange(
                    _utc(change["at"]),
                    Activity(change["activity"]),
                    change["evidence"],
                    Source(change["origin"], change["index"]),
                )
                for change in row["activity"]
            ),
            power=tuple(PowerSample(_utc(s["at"]), s["watt"]) for s in row["power"]),
            signed_values=tuple(row["signed_values"]),
            findings=tuple(_finding(row, finding) for finding in row["findings"]),
            sources=_sources(row["sources"]),
            candidates=tuple(_candidate(candidate) for candidate in row["candidates"]),
        )


def _candidate(row: dict[str, Any]) -> EnergyCandidate:
    return EnergyCandidate(
        EnergySource(row["rung"]),
        row["energy_wh"],
        row["begin_wh"],
        row["end_wh"],
        _sources(row["sources"]),
    )


def _finding(row: dict[str, Any], finding: dict[str, Any]) -> Finding:
    return Finding(
        Source(finding["origin"], finding["index"]),
        finding["rule"],
        Severity(finding["severity"]),
        finding["message"],
        row["station"],
        row["session_id"],
    )


def _utc(value: Any) -> Any:  # noqa: ANN401 - a cell of any column
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


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
