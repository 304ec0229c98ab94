"""How many frames a second one core hears, makes durable, validates and answers, and what it costs.

The service has a core to itself, the load another. 2,000 connections; so many of them wait for an
answer at a time that the latency says something (all at once would only measure the queue).
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

import orjson

from ingest.protocols.ocpp.schemas import validity
from tests.bench.echo_service import ANSWER
from tests.bench.figure import Figure
from tests.bench.load import meter_values

CONNECTIONS = 2_000
IN_FLIGHT = 256


class Service:
    """A service in its own process."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = _run(module, *arguments)
        self.port = int(_line(self._process))

    def used(self) -> tuple[int, float]:
        """Resident memory in bytes, processor time in seconds."""
        _tell(self._process)
        memory, processor_s = _line(self._process).split()
        return int(memory), float(processor_s)

    def close(self) -> None:
        """Ends it by ending its input."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a service did under load: rate, latencies, processor time, memory per connection."""

    frames_per_s: float
    p50_ms: float
    p99_ms: float
    spent_us: float
    idle_kib: float


def run(seconds: float = 5.0) -> list[Figure]:
    """Figures after `seconds` of load, each beside what DESIGN asks for, and beside the floor."""
    floor = measure(Service("tests.bench.echo_service"), seconds / 2)
    with tempfile.TemporaryDirectory(prefix="wattproof-bench-") as folder:
        found = measure(Service("tests.bench.charger_service", folder, str(CONNECTIONS)), seconds)
    bare = floor.spent_us + bare_us()
    return [
        Figure("charger frames answered", found.frames_per_s, "frames/s", 25_000, "higher"),
        Figure("charger answer, p50", found.p50_ms, "ms", 50, "lower"),
        Figure("charger answer, p99", found.p99_ms, "ms", 50, "lower"),
        Figure("processor time per answered frame", found.spent_us, "µs", 40, "lower"),
        Figure("idle ws connection", found.idle_kib, "KiB", 20, "lower"),
        Figure("frames echoed by the sockets alone", floor.frames_per_s, "1/s", None, "higher"),
        Figure("processor time per echoed frame", floor.spent_us, "µs", None, "lower"),
        Figure("the same with parse, check, hashes", bare, "µs", None, "lower"),
    ]


def bare_us() -> float:
    """Processor time (µs) of what no frame can do without, in the libraries written in C and Rust.

    One parse, one check by its schema, and six SHA-256: commitment, leaf and node, of the frame
    and of its answer. Everything durable, signed and answered comes on top.
    """
    said = meter_values(7)
    text = json.dumps([2, "1234-5", "MeterValues", said]).encode()
    answer, leaf, nodes = bytes(16 + len(ANSWER)), bytes(220), bytes(65)
    is_valid = validity("ocpp1.6", "MeterValues")
    assert is_valid(said)
    best, count = 1e9, 2_000
    for _ in range(20):
        start = time.process_time()
        for _ in range(count):
            is_valid(orjson.loads(text)[3])
            for each in (text, answer, leaf, leaf, nodes, nodes):
                sha256(each).digest()
        best = min(best, time.process_time() - start)
    return best / count * 1e6


def measure(service: Service, seconds: float) -> Measured:
    """Load it, then end it."""
    try:
        before, _ = service.used()
        load = _run(
            "tests.bench.load", str(service.port), str(CONNECTIONS), str(IN_FLIGHT), str(seconds)
        )
        _line(load)
        idle, spent_before = service.used()
        _tell(load)
        found = json.loads(_line(load))
        load.wait(30)
        _, spent = service.used()
    finally:
        service.close()
    return Measured(
        found["frames_per_s"],
        found["p50_ms"],
        found["p99_ms"],
        (spent - spent_before) / found["answered"] * 1e6,
        (idle - before) / CONNECTIONS / 1024,
    )


def _run(module: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def _line(process: "subprocess.Popen[str]") -> str:
    output: IO[str] | None = process.stdout
    assert output is not None
    line = output.readline()
    assert line, f"process {process.pid} ended without a word"
    return line


def _tell(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
