"""How many frames a second one core hears, makes durable, validates and answers, and what it costs.

The service has a core to itself, the load another. 2,000 connections; so many of them wait for an
answer at a time that the latency says something (all at once would only measure the queue).
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from tests.bench.figure import Figure

CONNECTIONS = 2_000
IN_FLIGHT = 256


class Service:
    """The service in its own process."""

    def __init__(self, folder: Path) -> None:
        self._process = _run("tests.bench.charger_service", str(folder), str(CONNECTIONS))
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


def run(seconds: float = 5.0) -> list[Figure]:
    """Figures after `seconds` of load, each beside what DESIGN asks for."""
    with tempfile.TemporaryDirectory(prefix="wattproof-bench-") as folder:
        service = Service(Path(folder))
        try:
            return _measure(service, seconds)
        finally:
            service.close()


def _measure(service: Service, seconds: float) -> list[Figure]:
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
    answered = found["answered"]
    return [
        Figure("charger frames answered", found["frames_per_s"], "frames/s", 25_000, "higher"),
        Figure("charger answer, p50", found["p50_ms"], "ms", 50, "lower"),
        Figure("charger answer, p99", found["p99_ms"], "ms", 50, "lower"),
        Figure(
            "processor time per answered frame",
            (spent - spent_before) / answered * 1e6,
            "µs",
            40,
            "lower",
        ),
        Figure("idle ws connection", (idle - before) / CONNECTIONS / 1024, "KiB", 20, "lower"),
    ]


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
