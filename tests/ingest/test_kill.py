"""kill -9 at fifty random moments under load: nothing that was answered is ever missing."""

import asyncio
import json
import os
import random
import signal
import sys
from pathlib import Path

import pytest
from service_on_loopback import assert_clean, logged, operate, station, token
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ingest.replay import replay_answers
from warehouse.log import LogReader, LogWriter, create_key

KILLS = 50
CHARGERS = 4
SERVE = Path(__file__).with_name("serve_until_killed.py")
ROOT = Path(__file__).parents[2]


class Chargers:
    """A few chargers that send as fast as they are answered, and remember what was answered."""

    def __init__(self) -> None:
        self.answered: list[tuple[int, str, str]] = []
        self.sent = 0

    async def run(self, port: int, number: int, life: int) -> None:
        try:
            async with connect(
                f"ws://127.0.0.1:{port}/ocpp/1.6/CP{number}",
                subprotocols=["ocpp1.6"],  # type: ignore[list-item]
                compression=None,
                close_timeout=0.1,
            ) as socket:
                while True:
                    self.sent += 1
                    call = self.call(life)
                    await socket.send(call)
                    answer = await socket.recv()
                    assert isinstance(answer, str)
                    self.answered.append((number, call, answer))
        except (ConnectionClosed, InvalidHandshake, OSError, EOFError):
            return

    def call(self, life: int) -> str:
        message_id = f"{life}-{self.sent}"
        if self.sent % 3:
            return json.dumps([2, message_id, "MeterValues", {"connectorId": 1, "n": self.sent}])
        start = {"connectorId": 1, "idTag": "04A1", "meterStart": self.sent % 90, "timestamp": "T"}
        return json.dumps([2, message_id, "StartTransaction", start])


async def one_life(
    nursery: asyncio.subprocess.Process, chargers: Chargers, life: int, seconds: float
) -> None:
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(b"\n")
    line = await asyncio.wait_for(nursery.stdout.readline(), 30)
    pid, port = (int(part) for part in line.split())
    load = [asyncio.create_task(chargers.run(port, n, life)) for n in range(CHARGERS)]
    await asyncio.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    await asyncio.gather(*load)


@pytest.mark.slow
async def test_nothing_answered_is_lost(tmp_path: Path) -> None:
    chance = random.Random(20261121)
    open_door = [station(f"CP{number}", password_hash="") for number in range(CHARGERS)]
    operate(tmp_path, *open_door, token("04A1"))
    chargers = Chargers()
    pipe = asyncio.subprocess.PIPE
    nursery = await asyncio.create_subprocess_exec(
        sys.executable, str(SERVE), str(tmp_path), stdin=pipe, stdout=pipe, cwd=ROOT
    )
    for life in range(KILLS):
        await one_life(nursery, chargers, life, chance.uniform(0.0, 0.15))
    assert nursery.stdin is not None
    nursery.stdin.close()
    assert await nursery.wait() == 0
    folder = tmp_path / "log" / "ingest-1"
    LogWriter.open(folder, origin="ingest-1", signer=create_key(tmp_path), clock=_Clock()).close()
    records = logged(tmp_path)
    texts = {(entry.direction, payload.decode()) for entry, payload in records}
    assert len(chargers.answered) > KILLS
    for _, call, answer in chargers.answered:
        assert ("in", call) in texts
        assert ("out", answer) in texts
    assert sum(entry.kind == "gap" for entry, _ in records) == KILLS
    assert_clean(tmp_path)
    assert_ids_are_unique(chargers)
    names = ("ingest-1", "operator")
    found = replay_answers([LogReader(tmp_path / "log" / name) for name in names])
    assert found.identical, found.mismatches[:3]


def assert_ids_are_unique(chargers: Chargers) -> None:
    """One start, one id; one id, one start: across every crash."""
    by_id: dict[int, tuple[int, str]] = {}
    by_start: dict[tuple[int, str], int] = {}
    for number, call, answer in chargers.answered:
        payload = json.loads(answer)[2]
        if "transactionId" in payload:
            start, given = (number, json.dumps(json.loads(call)[3])), payload["transactionId"]
            assert by_id.setdefault(given, start) == start
            assert by_start.setdefault(start, given) == given
    assert len(by_id) > 10


class _Clock:
    def now_ns(self) -> int:
        return 0
