"""Rows of `session` as pricing asks for them: the lists that few sessions need are read on demand.

Each is a `billing.billable.Billable`; `pipelines.session_rows.read_sessions` reads the whole value,
and both are priced alike.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from billing.finding import Finding, Severity, Source
from billing.mould import mould
from billing.session import Activity, ActivityChange, CurrentSample, PowerSample, Register
from pipelines.columns import rows, values

_EAGER = (
    "session_id",
    "version",
    "station",
    "evse",
    "connector",
    "protocol",
    "id_token",
    "start_at",
    "end_at",
    "energy_wh",
    "held",
    "closed_at",
    "emitted_at",
    "signed_values",
    "activity",
)
_ON_DEMAND = ("registers", "power", "current", "findings")
COLUMNS = (*_EAGER, *_ON_DEMAND)
"""What `stored_sessions` reads of a row."""

_new_change, _new_source, _new_register = mould(ActivityChange), mould(Source), mould(Register)
_ACTIVITIES = {activity.value: activity for activity in Activity}


class _Lists:
    """The structs of one list column, those of one row at a time."""

    def __init__(self, column: pl.Series) -> None:
        lengths = column.list.len().fill_null(0)
        self._ends = [0, *lengths.cum_sum()]
        self._fields = column.filter(lengths > 0).explode().struct.unnest().get_columns()

    def of(self, row: int) -> list[tuple[Any, ...]]:
        """The structs of a row as tuples of their fields."""
        start, stop = self._ends[row], self._ends[row + 1]
        parts = [values(field.slice(start, stop - start)) for field in self._fields]
        return list(zip(*parts, strict=True))


@dataclass(frozen=True, slots=True)
class StoredSession:
    """One row of `session`."""

    id: str
    version: int
    station: str
    evse: int
    connector: int
    protocol: str
    id_token: str
    start_at: datetime
    end_at: datetime
    energy_wh: Decimal | None
    held: bool
    closed_at: datetime
    emitted_at: datetime
    signed_values: tuple[str, ...]
    activity: tuple[ActivityChange, ...]
    row: int
    lists: dict[str, _Lists]

    @property
    def registers(self) -> tuple[Register, ...]:
        """Energy since the start."""
        found = self.lists["registers"].of(self.row)
        return tuple([_new_register(at, wh, _new_source(*place)) for at, wh, *place in found])

    @property
    def power(self) -> tuple[PowerSample, ...]:
        """Momentary power."""
        return tuple([PowerSample(at, watt) for at, watt in self.lists["power"].of(self.row)])

    @property
    def current(self) -> tuple[CurrentSample, ...]:
        """Momentary current."""
        found = self.lists["current"].of(self.row)
        return tuple([CurrentSample(at, ampere) for at, ampere in found])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was wrong with it."""
        return tuple(
            [
                Finding(
                    Source(origin, index), rule, Severity(severity), text, self.station, self.id
                )
                for origin, index, rule, severity, text in self.lists["findings"].of(self.row)
            ]
        )


_new_session: Callable[..., StoredSession] = mould(StoredSession)


def stored_sessions(frame: pl.DataFrame) -> Iterator[StoredSession]:
    """The sessions of `session` rows (at least `COLUMNS`), in the rows' order."""
    lists = {name: _Lists(frame[name]) for name in _ON_DEMAND}
    for row, cells in enumerate(rows(frame, _EAGER)):
        *scalars, signed, changes = cells
        activity = tuple([_change(*change) for change in changes])
        yield _new_session(*scalars, tuple(signed), activity, row, lists)


def _change(at: datetime, activity: str, evidence: str, origin: str, index: int) -> ActivityChange:
    return _new_change(at, _ACTIVITIES[activity], evidence, _new_source(origin, index))
