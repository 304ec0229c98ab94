"""Which policy a station's sessions are derived by, at each instant of log time.

`policy.set` entries, a station's connector powers and token groups take effect when the log learns
of them, so that a longer log never changes what a shorter one gave.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from billing.session_policy import SessionPolicy
from ingest.protocols import actions
from ingest.protocols.actions import ActionError, PolicySet, PolicyUnset
from pipelines.reference import KINDS, Reference
from pipelines.stretch import Stretch, entries, instant

W_PER_KW = 1000
_TIMES = {"settle_s": "settle", "stale_open_s": "stale_open"} | {
    f"{name}_s": name for name in ("clock_tolerance", "stamp_tolerance", "idle_after")
}
_AMOUNTS = ("register_tolerance_wh", "zero_below_wh", "idle_w", "max_power_w")


class _Groups(Mapping[str, str]):
    """Token -> group as of an instant, looked up when asked: a fleet has many tokens."""

    def __init__(self, reference: Reference, at: datetime) -> None:
        self._tokens, self._at = reference.tokens, at

    def __getitem__(self, token: str) -> str:
        versions = self._tokens.get(token)
        known = versions.as_of(self._at) if versions else None
        if known is None or not known.group_id:
            raise KeyError(token)
        return known.group_id

    def __iter__(self) -> Iterator[str]:
        return (token for token in self._tokens if token in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class Policies:
    """Every policy of the house, and the instants at which one changes."""

    reference: Reference
    changes: tuple[datetime, ...]
    houses: tuple[SessionPolicy, ...]
    """One more than `changes`: in force before the first, from the first on, …"""
    group_changes: tuple[datetime, ...]

    @classmethod
    def load(cls, stretch: Stretch) -> "Policies":
        """What the log says by the end of the stretch."""
        reference = Reference.load(stretch.lake, instant(stretch.until_ns))
        changes: list[datetime] = []
        houses = [SessionPolicy()]
        for row in entries(stretch.readers, KINDS, 0, stretch.until_ns).iter_rows(named=True):
            if b"policy.set" in row["payload"] or b"policy.unset" in row["payload"]:
                changes.append(instant(row["received_ns"]))
                houses.append(_told(houses[-1], row["payload"]))
        return cls(reference, tuple(changes), tuple(houses), _group_changes(reference))

    def cuts(self, station: str, start: datetime, until: datetime) -> list[datetime]:
        """The instants in (start, until] at which the policy of a station may change, ascending."""
        versions = self.reference.stations.get(station)
        own = versions.known_from if versions else []
        every = {*self.changes, *own, *self.group_changes}
        return sorted(at for at in every if start < at <= until)

    def of(self, station: str, at: datetime) -> SessionPolicy:
        """The policy of a station as known at `at`."""
        house = self.houses[bisect_right(self.changes, at)]
        versions = self.reference.stations.get(station)
        known = versions.as_of(at) if versions else None
        powers: dict[tuple[int, int], Decimal] = {}
        for evse in known.evses if known else ():
            for connector in evse.connectors:
                powers[evse.ocpp_evse, connector.id] = connector.max_power_kw * W_PER_KW
            if evse.connectors:
                most = max(connector.max_power_kw for connector in evse.connectors)
                powers[evse.ocpp_evse, 0] = most * W_PER_KW
        groups = _Groups(self.reference, at) if self.group_changes else {}
        return replace(house, connector_power_w=powers, token_groups=groups)


def _told(house: SessionPolicy, payload: bytes) -> SessionPolicy:
    """A policy after one more operator entry; what cannot be read changes nothing."""
    try:
        action = actions.read(payload)
    except ActionError:
        return house
    if isinstance(action, PolicyUnset) and not action.party:
        return _forgot(house, action.names)
    if not isinstance(action, PolicySet) or action.party:
        return house
    known = {field.name for field in fields(SessionPolicy)}
    told: dict[str, timedelta | Decimal] = {}
    for name, value in action.values.items():
        if name in _TIMES and isinstance(value, int):
            told[_TIMES[name]] = timedelta(seconds=value)
        elif name in _AMOUNTS and name in known:
            with suppress(InvalidOperation, TypeError, ValueError):
                amount = Decimal(value)
                told |= {name: amount} if amount.is_finite() else {}
    return replace(house, **told)  # type: ignore[arg-type]


def _forgot(house: SessionPolicy, names: Iterable[str]) -> SessionPolicy:
    """A policy some rules of which are the default's again."""
    known = {field.name for field in fields(SessionPolicy)} & {*_TIMES.values(), *_AMOUNTS}
    gone = {_TIMES.get(name, name) for name in names} & known
    usual = SessionPolicy()
    return replace(house, **{name: getattr(usual, name) for name in gone})


def _group_changes(reference: Reference) -> tuple[datetime, ...]:
    """When a token entered, left or changed a group."""
    found: set[datetime] = set()
    for versions in reference.tokens.values():
        last = ""
        for at, token in zip(versions.known_from, versions.values, strict=True):
            if token.group_id != last:
                found.add(at)
                last = token.group_id
    return tuple(sorted(found))
