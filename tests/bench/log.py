"""The log's speed: append with tiles and signed checkpoints, offline verification, bulk reading.

Each figure is the best of a few rounds, since other work on the machine only ever slows one down.
Beside them stands what the machine's SHA-256 does on inputs of an entry's size: each entry costs
three such calls (leaf, node, payload), so it bounds every figure here.
"""

import tempfile
import time
from hashlib import sha256
from pathlib import Path

from tests.bench.figure import Figure
from warehouse.clock import SystemClock
from warehouse.log import LogReader, LogWriter, Signer, say, verify

BATCH = 1_000
ENTRIES = 262_144
FRAME = (
    b'[2,"19223201","MeterValues",{"connectorId":1,"transactionId":170001,"meterValue":'
    b'[{"timestamp":"2026-10-02T10:11:12Z","sampledValue":[{"value":"12345.6","measurand":'
    b'"Energy.Active.Import.Register","unit":"Wh"}]}]}]'
)


def run() -> list[Figure]:
    """Measure in a temporary folder on disk."""
    signer = Signer("wattproof", bytes(32))
    figures = [Figure("SHA-256 of 256 bytes, one core", _hashes_per_s(), "1/s", None, "higher")]
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as place:
        folder = Path(place) / "ingest-1"
        figures += _append(folder, signer)
        figures.append(_verify(folder, signer))
        figures += _read(folder)
    return figures


def _hashes_per_s() -> float:
    data, count = bytes(256), 100_000
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(count):
            sha256(data).digest()
        best = max(best, count / (time.perf_counter() - start))
    return best


def _append(folder: Path, signer: Signer) -> list[Figure]:
    """Append, commit each thousand, sign each second: as the service does at its busiest."""
    connections = [
        say("message", "ocpp1.6", "in", f"CP-{number:05d}", f"5f0c{number:04x}-9d3b")
        for number in range(2_000)
    ]
    counters = [0] * len(connections)
    commits: list[float] = []
    rates: list[float] = []
    with LogWriter.open(folder, origin="ingest-1", signer=signer, clock=SystemClock()) as log:
        round_start = signed = time.perf_counter()
        for number in range(ENTRIES):
            which = number % len(connections)
            log.put(connections[which], FRAME, counters[which])
            counters[which] += 1
            if (number + 1) % BATCH == 0:
                start = time.perf_counter()
                log.commit()
                commits.append(time.perf_counter() - start)
                log.grow()
                if start - signed >= 1:
                    log.checkpoint()
                    signed = start
            if (number + 1) % (ENTRIES // 4) == 0:
                log.checkpoint()
                rates.append(ENTRIES / 4 / (time.perf_counter() - round_start))
                round_start = signed = time.perf_counter()
    commits.sort()
    middle = commits[len(commits) // 2] * 1e3
    return [
        Figure("append, durable, with tiles and signatures", max(rates), "1/s", 75_000, "higher"),
        Figure("commit of 1,000 entries, median", middle, "ms", None, "lower"),
    ]


def _verify(folder: Path, signer: Signer) -> Figure:
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        result = verify(folder, signer.verifier)
        best = max(best, result.entries / (time.perf_counter() - start))
        assert result.ok, result.problems[:3]
    return Figure("verify offline, payloads included", best, "1/s", 500_000, "higher")


def _read(folder: Path) -> list[Figure]:
    rates, proofs = [], []
    for _ in range(3):
        reader = LogReader(folder)
        start = time.perf_counter()
        count = len(reader.frame())
        rates.append(count / (time.perf_counter() - start))
        start = time.perf_counter()
        for index in range(0, count, count // 100):
            reader.proof_text(index)
        proofs.append((time.perf_counter() - start) / 100 * 1e3)
    return [
        Figure("read in bulk into a frame", max(rates), "1/s", 300_000, "higher"),
        Figure("inclusion proof as text", min(proofs), "ms", None, "lower"),
    ]
