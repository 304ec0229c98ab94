"""A plan played against a service: what exists, what happens, and how it went.

Provisioning is an operator's act (`wattproof.operator_log`); playing only speaks over sockets.
"""

import json
import os
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from wattproof.refusals import RefusalError
from wattproof.secret import new_password
from wattproof.simulator import csvsessions
from wattproof.simulator.charges import Charge, Moment
from wattproof.simulator.drive import Driver
from wattproof.simulator.faults import Fault
from wattproof.simulator.fleet import fleet
from wattproof.simulator.link import Tally
from wattproof.simulator.network import Network, Outlets
from wattproof.simulator.rest import Rest
from wattproof.simulator.station import DIRECT, THREE_PHASES, Station
from wattproof.simulator.timekeeper import DrivenTime, RunningTime, Timekeeper, clock_state
from wattproof.simulator.traffic import traffic
from wattproof.simulator.v16 import ChargePoint16
from wattproof.simulator.v201 import ChargingStation201

SECRETS = "simulator.json"
"""Passwords of the simulated stations, in the data folder, readable by its owner only."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be played; `injected` holds (fault, station, charge id)."""

    network: Network
    charges: tuple[Charge, ...]
    moments: tuple[Moment, ...]
    seed: int
    injected: tuple[tuple[Fault, str, str], ...] = ()
    currents: bool = False
    """Whether stations tell the current of each phase, too."""

    @property
    def energy_wh(self) -> int:
        """What the vehicles take, refused drivers included."""
        return sum(charge.energy_wh for charge in self.charges)


@dataclass(frozen=True, slots=True)
class Where:
    """Where the service listens: `ws://host:port/ocpp` and `http://host:port`."""

    ocpp_url: str
    http_url: str
    api_key: str = ""


def fleet_plan(seed: int, *, first: date, days: int, sessions: int, stations: int = 32) -> Plan:
    """The built-in network and a month (or less) of its traffic."""
    network = fleet(seed, stations=stations)
    made = traffic(network, seed, first=first, days=days, sessions=sessions)
    return Plan(network, made.charges, made.moments, seed, made.injected)


def csv_plan(path: Path, *, ocpp: str, sample_s: int, seed: int, limit: int | None = None) -> Plan:
    """The sessions of a CSV file, the first `limit` of them by start."""
    rows = csvsessions.read_rows(path)[:limit]
    made = tuple(csvsessions.charges(rows, sample_s=sample_s))
    moments = tuple(csvsessions.csv_moments(made))
    return Plan(csvsessions.network(rows, ocpp=ocpp), made, moments, seed)


def load_passwords(data: Path) -> dict[str, str]:
    """Passwords by station; empty where none were made."""
    path = data / SECRETS
    if not path.exists():
        return {}
    passwords: dict[str, str] = json.loads(path.read_text("utf-8"))
    return passwords


def read_passwords(path: Path) -> dict[str, str]:
    """Passwords by station, as `wattproof station add --json` prints them.

    Raises `RefusalError` where the file is anything else.
    """
    try:
        rows = json.loads(path.read_text("utf-8"))
        return {str(row["id"]): str(row["password"]) for row in rows}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RefusalError(
            f"{path} holds no passwords: {type(error).__name__} {error}",
            'expected [{"id": "S1", "password": "…"}], as wattproof station add --json prints it',
        ) from None


def make_passwords(data: Path, stations: Iterable[str]) -> dict[str, str]:
    """A password for every station that has none yet, kept in the data folder (mode 0600)."""
    passwords = load_passwords(data)
    for station in stations:
        passwords.setdefault(station, new_password())
    data.mkdir(parents=True, exist_ok=True)
    handle = os.open(data / SECRETS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(passwords, file, indent=1, sort_keys=True)
    return passwords


async def play(
    plan: Plan,
    where: Where,
    *,
    passwords: dict[str, str],
    window_s: int = 0,
    idle: timedelta = timedelta(days=3),
    progress: Callable[[int, datetime], None] | None = None,
) -> Tally:
    """Plays every moment of a plan and tells what went over the wire.

    A driven clock then moves on by `idle`, so that the last sessions settle and those that never
    stopped grow stale.

    Raises `RefusalError` where the service can't be reached, refuses a station, or lives in a time
    that the plan does not fit.
    """
    async with AsyncExitStack() as stack:
        rest = await stack.enter_async_context(Rest(where.http_url, where.api_key))
        keeper = await _timekeeper(rest, plan.moments)
        driver = Driver(
            where.ocpp_url.rstrip("/"),
            {one.station.id: _station(one, plan) for one in plan.network.outlets},
            passwords,
            keeper,
            timedelta(seconds=window_s),
        )
        tally = await driver.run(plan.moments, progress)
        if isinstance(keeper, DrivenTime):
            await keeper.reach(plan.moments[-1].told_at + idle)
        return tally


def _station(outlets: Outlets, plan: Plan) -> Station:
    kind = ChargePoint16 if outlets.version == "1.6" else ChargingStation201
    model = f"{'DC' if outlets.dc else 'AC'}-{outlets.power_w // 1000}"
    phases = (DIRECT if outlets.dc else THREE_PHASES) if plan.currents else ()
    return kind(
        outlets.station.id,
        seed=plan.seed,
        connectors=outlets.connectors,
        model=model,
        phases=phases,
    )


async def _timekeeper(rest: Rest, moments: tuple[Moment, ...]) -> Timekeeper:
    """Drives the service's clock where that is possible, else waits for it."""
    if not moments:
        raise RefusalError("there is nothing to play", "give a file with at least one session")
    state = await clock_state(rest)
    first = moments[0].told_at
    if state.now > first + timedelta(minutes=1):
        raise RefusalError(
            f"the service's clock shows {state.now:%Y-%m-%d %H:%M} UTC, the first session starts"
            f" on {first:%Y-%m-%d %H:%M}",
            "use a new data folder and start the service before it, for example: wattproof serve "
            f"--clock-start {first - timedelta(hours=1):%Y-%m-%dT%H:00:00Z} --clock-speed driven",
        )
    if state.mode == "driven":
        return DrivenTime(rest)
    return RunningTime(lambda: clock_state(rest))
