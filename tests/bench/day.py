"""A national day, log to CDRs: 28,000 sessions and 1.2 million messages, without Dagster.

The log is written once, seeded, into the temporary folder, and kept there for the next time; what
is measured runs in a process of its own with two workers, from nothing to the last CDR.

`python -m tests.bench.day [SESSIONS] [STEP]` prints the figures of another size of day (a multiple
of 4), or of one step alone: the lake as it is before that step is kept beside the log, too.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

from billing.party import EVSE, Connector, Location, Party, Role, Station, Token
from ingest.protocols import actions
from tests.bench.figure import Figure
from warehouse.clock import to_ns
from warehouse.log import LogWriter, create_key

SESSIONS, TOKENS, SAMPLES = 28_000, 2_000, 18
PER_STATION = 4
DAY = datetime(2026, 10, 5, tzinfo=UTC)
PROGRAM = "tests.bench.day"
STEPS = ("messages", "references", "facts", "sessions", "charges")


@dataclass(slots=True)
class _Clock:
    ns: int

    def now_ns(self) -> int:
        return self.ns


def run() -> list[Figure]:
    """Seconds from log to CDRs, memory, and where the time goes."""
    found = _measured(folder(SESSIONS))
    figures = [
        Figure("national day, log to CDRs", found["total"]["wall_s"], "s", 10, "lower"),
        Figure("memory, two workers included", found["total"]["mib"], "MiB", 1024, "lower"),
        Figure("messages", found["rows"]["message"], "", None, "higher"),
        Figure("CDRs", found["rows"]["cdr"], "", None, "higher"),
    ]
    for name in STEPS:
        figures.append(Figure(f"of which {name}", found[name]["wall_s"], "s", None, "lower"))
        figures.append(Figure(f"{name}, CPU", found[name]["cpu_s"], "s", None, "lower"))
    return figures


def folder(sessions: int) -> Path:
    """The data folder with the log of a day of so many sessions, written where it is missing."""
    data = Path(tempfile.gettempdir()) / f"wattproof-bench-day-{sessions}-3"
    if not (data / "ready").exists():
        rmtree(data, ignore_errors=True)
        write(data, sessions)
        (data / "ready").touch()
    return data


def _measured(data: Path, *step: str) -> dict[str, Any]:
    """What `measure` prints in a process of its own."""
    if step:
        _before(data, step[0])
    command = [sys.executable, "-m", PROGRAM, "measure", str(data), *step]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return found


def measure(data: Path, steps: Sequence[str]) -> None:
    """Derive the day, or one step of it, into a fresh lake and print what it took as JSON."""
    from pipelines.days import whole_log  # noqa: PLC0415 - what is measured is loaded here
    from pipelines.steps import STEPS as FUNCTIONS  # noqa: PLC0415
    from warehouse.lake import Lake  # noqa: PLC0415

    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        lake = Lake(_copy(_before(data, steps[0]), Path(scratch) / "lake"))
        whole = _Meter()
        stretch = whole_log(data, lake, workers=2)
        assert stretch is not None
        for name in steps:
            meter = _Meter()
            FUNCTIONS[name](stretch)
            found[name] = meter.stop()
        found["total"] = whole.stop()
        counted = {
            name: lake.query(f"SELECT count(*) AS n FROM {name}")["n"][0]
            for name in ("message", "cdr")
        }
    print(json.dumps({**found, "rows": counted}))  # noqa: T201 - the answer of this process


def _before(data: Path, step: str) -> Path:
    """The lake as it is before a step, derived once and kept; remove it where results change."""
    kept = data / f"before-{step}"
    position = STEPS.index(step)
    if position == 0 or kept.exists():
        return kept
    from pipelines.days import whole_log  # noqa: PLC0415 - as in `measure`
    from pipelines.steps import STEPS as FUNCTIONS  # noqa: PLC0415
    from warehouse.lake import Lake  # noqa: PLC0415

    previous = STEPS[position - 1]
    earlier = _before(data, previous)
    with tempfile.TemporaryDirectory(dir=data) as scratch:
        path = _copy(earlier, Path(scratch) / "lake")
        stretch = whole_log(data, Lake(path), workers=2)
        assert stretch is not None
        FUNCTIONS[previous](stretch)
        if not kept.exists():
            path.rename(kept)
    return kept


def _copy(lake: Path, target: Path) -> Path:
    """A lake of its own with the same files, which nobody changes in place."""
    if lake.exists():
        copytree(lake, target, copy_function=os.link)
    return target


class _Meter:
    """Seconds on the clock and of the processor since it was made, and the most memory held."""

    def __init__(self) -> None:
        self._memory = _Memory()
        self._begun, self._used = time.perf_counter(), _cpu_s()

    def stop(self) -> dict[str, float]:
        """`wall_s`, `cpu_s` (descendants included) and `mib`."""
        wall_s, cpu_s = time.perf_counter() - self._begun, _cpu_s() - self._used
        return {"wall_s": wall_s, "cpu_s": cpu_s, "mib": self._memory.stop()}


def _cpu_s() -> float:
    """What this process and its descendants have used, those that ended included."""
    ticks = 0
    for process in _family("self"):
        fields = _read(Path("/proc") / process / "stat").rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


class _Memory:
    """The most that this process and its children held at one time, looked at every 20 ms.

    The kernel's own maximum for a child counts what its parent held when it was forked.
    """

    def __init__(self) -> None:
        self._most = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """MiB."""
        self._done.set()
        self._thread.join()
        return self._most / 2**20

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self._most = max(self._most, sum(map(_resident, _family("self"))))


def _family(process: str) -> Iterator[str]:
    """A process, its children and theirs."""
    yield process
    for task in Path("/proc", process, "task").glob("*/children"):
        for child in _read(task).split():
            yield from _family(child)


def _resident(process: str) -> int:
    fields = _read(Path("/proc") / process / "statm").split()
    return int(fields[1]) * resource.getpagesize() if fields else 0


def _read(path: Path) -> str:
    """A file of /proc, or nothing where the process is gone."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def write(data: Path, sessions: int) -> None:
    """The log of the day: operator entries first, then every frame in order of time."""
    clock = _Clock(to_ns(DAY))
    with _writer(data, "operator", clock) as log:
        for action in _network(sessions // PER_STATION):
            log.append(actions.write(action), kind="operator", protocol="wattproof")
        log.commit()
    with _writer(data, "ingest-1", clock) as log:
        for number, (at, peer, protocol, direction, text) in enumerate(_frames(sessions)):
            clock.ns = at
            log.append(
                text.encode(),
                kind="message",
                protocol=protocol,
                direction=direction,
                peer=peer,
                connection=f"{peer}-1",
                counter=number,
            )
            if number % 5_000 == 0:
                log.commit()
        clock.ns = to_ns(DAY + timedelta(days=1, hours=1))
        log.append(b'{"action":"tick"}', kind="tick")
        log.commit()
    for origin in ("operator", "books"):
        with _writer(data, origin, clock) as log:
            log.append(b'{"action":"tick"}', kind="tick")
            log.commit()


def _writer(data: Path, origin: str, clock: _Clock) -> LogWriter:
    folder = data / "log" / origin
    return LogWriter.open(folder, origin=origin, signer=create_key(data), clock=clock)


def _network(stations: int) -> Iterator[actions.Action]:
    yield actions.PartyAdd(Party("NL", "WTP", Role.CPO, "Wattproof", country="NLD"))
    yield actions.PartyAdd(Party("NL", "ABC", Role.EMSP, "Abc Mobility", country="NLD"))
    yield actions.LocationAdd(
        Location(
            "NL", "WTP", "SITE", "Harbour", "Quay 1", "Rotterdam", "3011AA", "NLD", "51.9225",
            "4.47917", "Europe/Amsterdam", DAY,
        )
    )  # fmt: skip
    outlet = Connector(1, "IEC_62196_T2", "SOCKET", "AC_3_PHASE", 230, 32, Decimal(22))
    for number in range(stations):
        name = f"CP{number:05d}"
        evses = (EVSE(f"{name}-1", f"NL*WTP*E{number:05d}*1", 1, (outlet,)),)
        yield actions.StationAdd(Station(name, "SITE", evses))
    for number in range(TOKENS):
        yield actions.TokenAdd(Token(f"CARD{number:05d}", "RFID", "NL-ABC", f"NL-ABC-C{number}"))
    prices = [
        {"type": "ENERGY", "price": Decimal("0.40"), "vat": Decimal(21), "step_size": 1},
        {"type": "PARKING_TIME", "price": Decimal("1.20"), "vat": Decimal(21), "step_size": 60},
    ]
    tariff = {
        "country_code": "NL",
        "party_id": "WTP",
        "id": "NIGHT",
        "currency": "EUR",
        "elements": [
            {
                "price_components": [
                    {
                        "type": "ENERGY",
                        "price": Decimal("0.30"),
                        "vat": Decimal(21),
                        "step_size": 1,
                    },
                ],
                "restrictions": {"start_time": "23:00", "end_time": "07:00"},
            },
            {"price_components": prices},
        ],
        "last_updated": "2026-09-01T00:00:00Z",
    }
    yield actions.TariffAdd("2.2.1", tariff, valid_from=DAY)


_Frame = tuple[int, str, str, str, str]


def _frames(sessions: int) -> Iterator[_Frame]:
    """(received ns, station, protocol, direction, text) of the whole day, in order."""
    dice = random.Random(2026)
    moments: list[tuple[int, int, int]] = []
    for session in range(sessions):
        slot = 86_400 // PER_STATION
        start = (session % PER_STATION) * slot + dice.randrange(slot - 7_200)
        moments += [(start + 300 * step, session, step) for step in range(SAMPLES + 2)]
    moments.sort()
    for second, session, step in moments:
        yield from _told(second, session, step)


def _told(second: int, session: int, step: int) -> Iterator[_Frame]:
    number = session // PER_STATION
    name, token = f"CP{number:05d}", f"CARD{session % TOKENS:05d}"
    at = DAY + timedelta(seconds=second)
    ns = to_ns(at) + session * 1_000
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    register = session * 7 + 600 * step
    version = "ocpp1.6" if number % 2 else "ocpp2.0.1"
    tell = _told_16 if number % 2 else _told_201
    call, result = tell(session, step, stamp, register, token)
    message_id = f"{session}-{step}"
    action = call[0]
    text = json.dumps([2, message_id, action, call[1]], separators=(",", ":"))
    yield ns, name, version, "in", text
    answer = json.dumps([3, message_id, result], separators=(",", ":"))
    yield ns + 200, name, version, "out", answer


_Said = tuple[tuple[str, dict[str, object]], dict[str, object]]


def _told_16(session: int, step: int, stamp: str, register: int, token: str) -> _Said:
    accepted: dict[str, object] = {"idTagInfo": {"status": "Accepted"}}
    if step == 0:
        start = {"connectorId": 1, "idTag": token, "meterStart": register, "timestamp": stamp}
        return ("StartTransaction", start), accepted | {"transactionId": session + 1}
    if step == SAMPLES + 1:
        stop = {"transactionId": session + 1, "meterStop": register, "timestamp": stamp}
        return ("StopTransaction", stop | {"idTag": token, "reason": "EVDisconnected"}), accepted
    sampled = [
        {"value": str(register), "context": "Sample.Periodic", "unit": "Wh",
         "measurand": "Energy.Active.Import.Register", "location": "Outlet"},
        {"value": "7.2", "context": "Sample.Periodic", "unit": "kW",
         "measurand": "Power.Active.Import"},
    ]  # fmt: skip
    meter = [{"timestamp": stamp, "sampledValue": sampled}]
    return (
        "MeterValues",
        {"connectorId": 1, "transactionId": session + 1, "meterValue": meter},
    ), {}


def _told_201(session: int, step: int, stamp: str, register: int, token: str) -> _Said:
    kind = "Started" if step == 0 else "Ended" if step == SAMPLES + 1 else "Updated"
    triggers = {"Started": "Authorized", "Ended": "EVDeparted", "Updated": "MeterValuePeriodic"}
    contexts = {"Started": "Transaction.Begin", "Ended": "Transaction.End"}
    sampled = [
        {"value": register, "context": contexts.get(kind, "Sample.Periodic"),
         "measurand": "Energy.Active.Import.Register", "unitOfMeasure": {"unit": "Wh"}},
        {"value": 7200.0, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}},
    ]  # fmt: skip
    event: dict[str, object] = {
        "eventType": kind,
        "timestamp": stamp,
        "triggerReason": triggers[kind],
        "seqNo": step,
        "transactionInfo": {"transactionId": f"tx-{session}", "chargingState": "Charging"},
        "meterValue": [{"timestamp": stamp, "sampledValue": sampled}],
    }
    if kind == "Started":
        event |= {"evse": {"id": 1, "connectorId": 1}}
        event |= {"idToken": {"idToken": token, "type": "ISO14443"}}
    return ("TransactionEvent", event), {}


def main(words: Sequence[str]) -> None:
    """What was asked for on the command line."""
    if words[:1] == ["measure"]:
        measure(Path(words[1]), words[2:] or STEPS)
        return
    sizes = [int(word) for word in words if word.isdecimal()]
    steps = [word for word in words if not word.isdecimal()]
    found = _measured(folder(sizes[0] if sizes else SESSIONS), *steps)
    for name, figures in found.items():
        shown = "  ".join(f"{unit} {value:,.6g}" for unit, value in figures.items())
        print(f"{name:12}{shown}")  # noqa: T201 - the answer


if __name__ == "__main__":
    main(sys.argv[1:])
