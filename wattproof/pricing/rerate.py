"""Re-rating for scripts and notebooks: what a corrected tariff or policy would change, as a frame.

Knows how the words of a call become the operator's action. Refuses to apply it: `wattproof rerate
apply` does, so that a reason and a log entry go with it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from billing.rerate import Selection
from ingest.protocols import actions
from ingest.protocols.actions import SessionRerate
from ingest.protocols.ocpi import Wire
from ingest.protocols.ocpi.guess import version_of
from pipelines import rerate_preview
from pipelines.rerate_preview import Progress, totals

__all__ = ["Choice", "action", "money", "plain", "preview", "selection", "totals"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is corrected: a `tariff` (OCPI object) in place of the one of its id, the tariff chosen
    anew, answers to open questions of pricing by name, and whether what was rejected is tried too.
    `ocpi` is the tariff's version, else told by its fields.
    """

    tariff: Wire | None = None
    ocpi: str = ""
    choose_tariff: bool = False
    policies: Mapping[str, str] = field(default_factory=dict)
    rejected: bool = False


def selection(
    *,
    start_from: datetime | None = None,
    start_before: datetime | None = None,
    parties: Iterable[str] = (),
    stations: Iterable[str] = (),
    locations: Iterable[str] = (),
    sessions: Iterable[str] = (),
    tariff_ids: Iterable[str] = (),
) -> Selection:
    """Which sessions: by start (UTC where no zone is named), and by names; nothing named: all."""
    return Selection(
        start_from=_utc(start_from),
        start_before=_utc(start_before),
        parties=frozenset(parties),
        stations=frozenset(stations),
        locations=frozenset(locations),
        sessions=frozenset(sessions),
        tariff_ids=frozenset(tariff_ids),
    )


def _utc(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def action(choice: Choice, chosen: Selection, reason: str) -> SessionRerate:
    """The operator's action, checked as the log's reader will. Raises ActionError."""
    tariff = choice.tariff
    said = SessionRerate(
        reason=reason,
        selection=chosen,
        ocpi_version=(choice.ocpi or version_of(tariff, "Tariff")) if tariff else "",
        tariff=tariff,
        choose_tariff=choice.choose_tariff,
        decisions=choice.policies,
        rejected=choice.rejected,
    )
    read = actions.read(actions.write(said))
    assert isinstance(read, SessionRerate)
    return read


def preview(
    data: Path | str,
    choice: Choice,
    chosen: Selection | None = None,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """What re-rating would change, a row per session it is for; nothing is written.

    Columns: `pipelines.rerate_preview.SCHEMA`; `totals(frame, "party", "month")` sums them up.
    Raises ActionError, DerivationError, MalformedObjectError.

    >>> frame = preview("data", Choice(policies={"flat_scope": "session"}),
    ...                 selection(parties=["NL-ABC"]))  # doctest: +SKIP
    """
    said = action(choice, chosen or Selection(), "preview")
    return rerate_preview.preview(Path(data), said, workers=workers, progress=progress)


def plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON: money as text with two decimals or as many as it needs, instants in UTC."""
    return [{name: _plain(value) for name, value in row.items()} for row in frame.to_dicts()]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return money(value) if isinstance(value, Decimal) else value


def money(value: Decimal) -> str:
    """An amount with two decimals, or as many as it needs."""
    cents = value.quantize(_CENT)
    return str(cents) if cents == value else f"{value.normalize():f}"


_CENT = Decimal("0.01")
