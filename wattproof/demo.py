"""The whole flow on one machine, as `wattproof demo` shows it, from charging to the replay.

Every step is what an operator would do with a command. Deletes nothing but a folder that an
earlier demo has marked as its own, and stops the service it started, by its process id.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from select import select
from typing import IO, Any

import orjson
import uvloop

from billing.invoice import Invoice
from ingest.protocols.actions import PolicySet
from pipelines import invoicing
from pipelines.derive import Derived, derive
from pipelines.replay import Comparison, replay
from warehouse.log import Verification, load_verifier
from wattproof.marking import Marks, mark
from wattproof.operator_log import record
from wattproof.refusals import RefusalError
from wattproof.secret import hash_passwords
from wattproof.simulator.link import Tally
from wattproof.simulator.network import provisioning
from wattproof.simulator.play import Plan, Where, fleet_plan, make_passwords, play
from wattproof.witnesses import verify_all

MARKER = ".wattproof-demo"
MARKED = "Made by wattproof demo, which empties this folder when it runs again.\n"
READY_S = 60
HEARTBEAT_S = 12 * 3600
"""Simulated stations show a sign of life twice a day, so that is what they are asked for."""

Step = Callable[[str, str, int, int], None]
"""(step, note, done, total); total 0 where it is not known."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is shown: about `sessions` charges on `days` days from `first` on."""

    first: date
    days: int
    sessions: int
    stations: int
    seed: int

    @property
    def month(self) -> str:
        """The month that is invoiced."""
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a demo did, for its summary."""

    data: Path
    plan: Plan
    tally: Tally
    derived: Derived
    invoices: list[Invoice]
    again: int
    """Invoices that issuing the same month a second time made: none."""
    marks: Marks
    verified: list[Verification]
    replayed: Comparison
    seconds: dict[str, Decimal]

    @property
    def ok(self) -> bool:
        """Whether everything that a demo promises came true."""
        return (
            all(one.ok for one in self.verified)
            and self.replayed.identical
            and self.again == 0
            and not self.tally.errors
            and self.marks.full
        )


def run(data: Path, size: Size, step: Step) -> Report:
    """Runs the demo in `data`. Raises `RefusalError` where the folder is not a demo's own."""
    claim(data)
    seconds: dict[str, Decimal] = {}
    plan = fleet_plan(
        size.seed,
        first=size.first,
        days=size.days,
        sessions=size.sessions,
        stations=size.stations,
    )
    with _timed(seconds, "charging"), _service(data, plan, step) as where:
        tally = _charge(data, plan, where, step)
    with _timed(seconds, "deriving"):
        step("deriving", "starting Dagster", 0, 0)
        derive(data, progress=lambda text: step("deriving", text, 0, 0))
    with _timed(seconds, "invoicing"):
        step("invoicing", size.month, 0, 0)
        invoices = invoicing.issue(data, size.month, early=_unfinished(size))
        again = invoicing.issue(data, size.month, early=_unfinished(size))
        derived = derive(data, progress=lambda text: step("invoicing", text, 0, 0))
    with _timed(seconds, "verifying"):
        verified = _verified(data, step)
    with _timed(seconds, "replaying"):
        step("replaying", "", 0, 0)
        replayed = replay(data, progress=lambda text: step("replaying", text, 0, 0))
    return Report(
        data=data,
        plan=plan,
        tally=tally,
        derived=derived,
        invoices=invoices,
        again=len(again),
        marks=mark(data, plan),
        verified=verified,
        replayed=replayed,
        seconds=seconds,
    )


def claim(data: Path) -> None:
    """Makes `data` an empty folder of ours; only one that bears our mark is emptied.

    Raises `RefusalError` for a folder that holds anything else.
    """
    if data.is_symlink() or (data.exists() and not data.is_dir()):
        raise RefusalError(f"{data} is not a folder", "choose another one with --data")
    if data.exists() and any(data.iterdir()):
        if not (data / MARKER).is_file():
            raise RefusalError(
                f"{data} holds something that no demo made", "choose another one with --data"
            )
        for inside in data.iterdir():
            if inside.name == MARKER:
                continue
            if inside.is_dir() and not inside.is_symlink():
                shutil.rmtree(inside)
            else:
                inside.unlink()
    data.mkdir(parents=True, exist_ok=True)
    (data / MARKER).write_text(MARKED, "utf-8")


@contextmanager
def _service(data: Path, plan: Plan, step: Step) -> Iterator[Where]:
    """A service of our own on free ports, in simulated time that begins before the first event."""
    step("starting", "the service", 0, 0)
    start = min(moment.told_at for moment in plan.moments) - timedelta(hours=2)
    command = [sys.executable, "-m", "wattproof.cli", "serve", "--json", "--plain-ws"]
    command += ["--ocpp-port", "0", "--http-port", "0", "--data", str(data)]
    command += ["--clock-start", f"{start:%Y-%m-%dT%H:%M:%SZ}", "--clock-speed", "driven"]
    with (
        (data / "service.log").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process,  # noqa: S603 - our own command
    ):
        try:
            assert process.stdout is not None
            ready = _ready(process, process.stdout, data)
            yield Where(ready["ocpp"][0], ready["http"])
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _ready(process: subprocess.Popen[bytes], output: IO[bytes], data: Path) -> dict[str, Any]:
    """The line that the service prints once it can be reached."""
    if select([output], [], [], READY_S)[0]:
        line = output.readline()
        if line:
            ready: dict[str, Any] = orjson.loads(line)
            return ready
        process.wait(5)
    said = (data / "service.log").read_text("utf-8", "replace").strip().splitlines()
    raise RefusalError("the service did not start", said[-1] if said else "see its service.log")


def _charge(data: Path, plan: Plan, where: Where, step: Step) -> Tally:
    step("registering", "parties, tariffs, stations, tokens", 0, 0)
    names = [one.station.id for one in plan.network.outlets]
    passwords = make_passwords(data, names)
    hashes = dict(zip(names, hash_passwords([passwords[name] for name in names]), strict=True))
    said = provisioning(plan.network, hashes)
    record(data, [PolicySet({"heartbeat_interval_s": HEARTBEAT_S}), *said])

    def moved(done: int, now: datetime) -> None:
        step("charging", f"{now:%a %d %b %H:%M}", done, len(plan.moments))

    return uvloop.run(play(plan, where, passwords=passwords, window_s=60, progress=moved))


def _unfinished(size: Size) -> bool:
    """Whether the demo stops before the month is over (a short one, in a test)."""
    return (size.first + timedelta(days=size.days)).month == size.first.month


def _verified(data: Path, step: Step) -> list[Verification]:
    folders = sorted(folder for folder in (data / "log").iterdir() if folder.is_dir())

    def follow(name: str) -> Callable[[int, int], None]:
        return lambda done, total: step("verifying", name, done, total)

    return verify_all(folders, load_verifier(data), follow=follow)


@contextmanager
def _timed(seconds: dict[str, Decimal], name: str) -> Iterator[None]:
    begin = time.monotonic_ns()
    yield
    seconds[name] = Decimal((time.monotonic_ns() - begin) // 100_000_000) / 10
