"""A key, a clock that stands where it is put, small segments, and logs to try things on."""

import importlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from warehouse.clock import SimulatedClock
from warehouse.log import LogWriter, Signer, recovery, segment, stretch, tail, writer
from warehouse.log import reader as reading

START_NS = 1_790_000_000_000_000_000
STEP_NS = 1_000_000_000

Grow = Callable[..., Path]


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer("wattproof", b"\x07" * 32)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(START_NS)


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> int:
    """Segments of 256 records: everything that happens at their border, in a small log."""
    verifying = importlib.import_module("warehouse.log.verify")
    for module in (segment, writer, recovery, reading, stretch, tail, verifying):
        monkeypatch.setattr(module, "SEGMENT", 256)
    return 256


@pytest.fixture
def quick_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: hundreds of logs are made whole in it."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def payload_of(index: int) -> bytes:
    return b'[2,"%d","Heartbeat",{"note":"%s"}]' % (index, b"x" * (index % 40))


@pytest.fixture
def grow(tmp_path: Path, signer: Signer) -> Grow:
    """Write (or write on) a log of `count` entries, a second apart, of two connections."""

    def build(
        count: int,
        *,
        name: str = "log",
        keep_at: tuple[int, ...] = (),
        payload: Callable[[int], bytes] = payload_of,
        shift_ns: Callable[[int], int] = lambda _: 0,
    ) -> Path:
        folder = tmp_path / name / "ingest-1"
        clock = SimulatedClock(START_NS)
        salts = iter(range(1_000_000_000))

        def salt(size: int) -> bytes:
            return b"".join(next(salts).to_bytes(16, "big") for _ in range(size // 16))

        with LogWriter.open(
            folder, origin="ingest-1", signer=signer, clock=clock, salt=salt
        ) as log:
            for index in range(log.size, count):
                clock.start_ns = START_NS + index * STEP_NS + shift_ns(index)
                log.append(
                    payload(index),
                    kind="message",
                    protocol="ocpp1.6",
                    direction="in",
                    peer=f"CP-{index % 2}",
                    connection=f"connection-{index % 2}",
                    counter=index // 2,
                )
                if index + 1 in keep_at:
                    log.commit()
                    log.checkpoint(keep=True)
        return folder

    return build
