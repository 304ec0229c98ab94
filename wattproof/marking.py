"""Marks a derivation against what was played: each session's energy, each misbehaviour's finding.

The simulator knows the truth, to the watt-hour; what was derived is read from the lake only.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from warehouse.lake import Lake
from wattproof.simulator.charges import Charge
from wattproof.simulator.faults import Fault
from wattproof.simulator.play import Plan

_GRAVITY = {"hold": 0, "warning": 1, "info": 2}
Place = tuple[str, str, datetime]
"""Station, token and start: what names a session that was told rightly."""


@dataclass(frozen=True, slots=True)
class Injected:
    """A misbehaviour that was played, and what told of it.

    `expected` are the rules that must be found at its station, `found` those that were. `exact`
    says whether a session with exactly the energy that was played was derived and not held.
    """

    number: int
    title: str
    station: str
    expected: tuple[str, ...]
    found: tuple[str, ...]
    exact: bool

    @property
    def noticed(self) -> bool:
        """Every expected rule was found; or, where none is, the session came out right."""
        return set(self.expected) <= set(self.found) if self.expected else self.exact


@dataclass(frozen=True, slots=True)
class Marks:
    """`exact` of `told` rightly told sessions came out to the watt-hour; findings, gravest first.

    `findings` holds (rule, severity, how many).
    """

    told: int
    exact: int
    injected: tuple[Injected, ...]
    findings: tuple[tuple[str, str, int], ...]

    @property
    def full(self) -> bool:
        """Whether nothing is amiss."""
        return self.told == self.exact and all(one.noticed for one in self.injected)


def mark(data: Path, plan: Plan) -> Marks:
    """Compares the lake of a data folder with the plan that was played into it."""
    lake = Lake(data / "lake")
    energies = _energies(lake)
    told = [one for one in plan.charges if not one.faults and one.token in accepted(plan)]
    rules = list(lake.read("finding").select("rule", "severity", "station").iter_rows())
    by_id = {one.id: one for one in plan.charges}
    return Marks(
        told=len(told),
        exact=sum(_is_exact(one, energies) for one in told),
        injected=tuple(
            _marked(fault, by_id[charge], rules, energies) for fault, _, charge in plan.injected
        ),
        findings=_counted(rules),
    )


def accepted(plan: Plan) -> set[str]:
    """The tokens that a station is told to accept."""
    return {
        driver.token.uid
        for driver in plan.network.drivers
        if driver.known and not driver.blocked and driver.token.valid_until is None
    }


def _energies(lake: Lake) -> dict[Place, Decimal]:
    """Energy in Wh of the newest version of each session that is not held."""
    names = ("station", "id_token", "start_at", "energy_wh", "held", "session_id", "version")
    newest = lake.read("session").select(names).sort("session_id", "version")
    last = newest.unique("session_id", keep="last", maintain_order=True)
    rows = last.filter(~pl.col("held")).iter_rows(named=True)
    return {(row["station"], row["id_token"], row["start_at"]): row["energy_wh"] for row in rows}


def _is_exact(one: Charge, energies: dict[Place, Decimal]) -> bool:
    return energies.get((one.station, one.token, one.start_at)) == one.energy_wh


def _marked(
    fault: Fault,
    charge: Charge,
    rules: list[tuple[str, str, str]],
    energies: dict[Place, Decimal],
) -> Injected:
    here = {rule for rule, _, station in rules if station == charge.station}
    return Injected(
        number=fault.value.number,
        title=fault.value.title,
        station=charge.station,
        expected=fault.value.rules,
        found=tuple(rule for rule in fault.value.rules if rule in here),
        exact=_is_exact(charge, energies),
    )


def _counted(rules: list[tuple[str, str, str]]) -> tuple[tuple[str, str, int], ...]:
    counts: dict[tuple[str, str], int] = {}
    for rule, severity, _ in rules:
        counts[rule, severity] = counts.get((rule, severity), 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (_GRAVITY[item[0][1]], -item[1], item[0]))
    return tuple((rule, severity, count) for (rule, severity), count in ordered)
