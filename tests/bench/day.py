"""A national day, log to CDRs: 28,000 sessions and 1.2 million messages, without Dagster.

The log is written once, seeded, into the temporary folder, and kept there for the next time; what
is measured runs in a process of its own with two workers, from nothing to the last CDR.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import rmtree

from billing.party import EVSE, Connector, Location, Party, Role, Station, Token
from ingest.protocols import actions
from tests.bench.figure import Figure
from warehouse.clock import to_ns
from warehouse.log import LogWriter, create_key

SESSIONS, STATIONS, TOKENS, SAMPLES = 28_000, 7_000, 2_000, 18
DAY = datetime(2026, 10, 5, tzinfo=UTC)
PROGRAM = "tests.bench.day"
STEPS = ("messages", "references", "facts", "sessions", "charges")
FOLDER = Path(tempfile.gettempdir()) / f"wattproof-bench-day-{SESSIONS}-3"


@dataclass(slots=True)
class _Clock:
    ns: int

    def now_ns(self) -> int:
        return self.ns


def run() -> list[Figure]:
    """Seconds from log to CDRs, memory, and where the time goes."""
    if not (FOLDER / "ready").exists():
        rmtree(FOLDER, ignore_errors=True)
        write(FOLDER)
        (FOLDER / "ready").touch()
    command = [sys.executable, "-m", PROGRAM, str(FOLDER)]
    told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    found = json.loads(told.splitlines()[-1])
    figures = [
        Figure("national day, log to CDRs", found["total"], "s", 10, "lower"),
        Figure("memory, two workers included", found["mib"], "MiB", 1024, "lower"),
        Figure("messages", found["frames"], "", None, "higher"),
        Figure("CDRs", found["cdrs"], "", None, "higher"),
    ]
    steps = [Figure(f"of which {name}", found[name], "s", None, "lower") for name in STEPS]
    return figures + steps


def measure(data: Path) -> None:
    """Derive the day into a fresh lake and print what it took as JSON."""
    from pipelines.days import whole_log  # noqa: PLC0415 - what is measured is loaded here
    from pipelines.steps import STEPS as FUNCTIONS  # noqa: PLC0415
    from warehouse.lake import Lake  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as scratch:
        lake = Lake(Path(scratch) / "lake")
        memory = _Memory()
        begun = time.perf_counter()
        stretch = whole_log(data, lake, workers=2)
        assert stretch is not None
        found: dict[str, float] = {}
        for name in STEPS:
            at = time.perf_counter()
            FUNCTIONS[name](stretch)
            found[name] = time.perf_counter() - at
        found["total"] = time.perf_counter() - begun
        found["mib"] = memory.stop()
        found["frames"] = lake.query("SELECT count(*) AS n FROM message")["n"][0]
        found["cdrs"] = lake.query("SELECT count(*) AS n FROM cdr")["n"][0]
    print(json.dumps(found))  # noqa: T201 - the answer of this process


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
            children = [
                number
                for task in Path("/proc/self/task").glob("*/children")
                for number in _read(task).split()
            ]
            held = sum(_resident(number) for number in ("self", *children))
            self._most = max(self._most, held)


def _resident(process: str) -> int:
    fields = _read(Path("/proc") / process / "statm").split()
    return int(fields[1]) * resource.getpagesize() if fields else 0


def _read(path: Path) -> str:
    """A file of /proc, or nothing where the process is gone."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def write(data: Path) -> None:
    """The log of the day: operator entries first, then every frame in order of time."""
    clock = _Clock(to_ns(DAY))
    with _writer(data, "operator", clock) as log:
        for action in _network():
            log.append(actions.write(action), kind="operator", protocol="wattproof")
        log.commit()
    with _writer(data, "ingest-1", clock) as log:
        for number, (at, peer, protocol, direction, text) in enumerate(_frames()):
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


def _network() -> Iterator[actions.Action]:
    yield actions.PartyAdd(Party("NL", "WTP", Role.CPO, "Wattproof", country="NLD"))
    yield actions.PartyAdd(Party("NL", "ABC", Role.EMSP, "Abc Mobility", country="NLD"))
    yield actions.LocationAdd(
        Location(
            "NL", "WTP", "SITE", "Harbour", "Quay 1", "Rotterdam", "3011AA", "NLD", "51.9225",
            "4.47917", "Europe/Amsterdam", DAY,
        )
    )  # fmt: skip
    outlet = Connector(1, "IEC_62196_T2", "SOCKET", "AC_3_PHASE", 230, 32, Decimal(22))
    for number in range(STATIONS):
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


def _frames() -> Iterator[_Frame]:
    """(received ns, station, protocol, direction, text) of the whole day, in order."""
    dice = random.Random(2026)
    per_station = SESSIONS // STATIONS
    moments: list[tuple[int, int, int]] = []
    for session in range(SESSIONS):
        slot = 86_400 // per_station
        start = (session % per_station) * slot + dice.randrange(slot - 7_200)
        moments += [(start + 300 * step, session, step) for step in range(SAMPLES + 2)]
    moments.sort()
    for second, session, step in moments:
        yield from _told(second, session, step)


def _told(second: int, session: int, step: int) -> Iterator[_Frame]:
    number = session // (SESSIONS // STATIONS)
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
    accepted = {"idTagInfo": {"status": "Accepted"}}
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


if __name__ == "__main__":
    measure(Path(sys.argv[1]))
