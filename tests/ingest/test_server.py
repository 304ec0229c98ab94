"""The service over real sockets: both versions, admission, duplicates, restarts, a full disk."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from service_on_loopback import (
    HASHED,
    PASSWORD,
    assert_clean,
    basic,
    call,
    charger,
    logged,
    open_service,
    operate,
    running,
    station,
    token,
    url,
)
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ingest.admission import Gate
from ingest.replay import replay_answers
from ingest.server import Config, ConfigError, Service
from warehouse.log import LogReader, StoreUnavailable
from warehouse.registry import Registry, RegistryUnavailableError
from warehouse.registry.passwords import hash_password

START = {"connectorId": 1, "idTag": "04A1", "meterStart": 5, "timestamp": "2026-10-01T10:00:00Z"}
BOOT_201 = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    operate(tmp_path, station("CP1"), station("CP 2/ü"), token("04A1"))
    return tmp_path


def move(service: Service, name: str, remote: str) -> None:
    """As if this station's living connection came from another address."""
    service._sockets[name].remote = remote


def replays(data: Path) -> None:
    found = replay_answers([LogReader(data / "log" / name) for name in ("ingest-1", "operator")])
    assert found.identical, found.mismatches[:3]
    assert found.answers > 0


async def test_ocpp_16_from_boot_to_stop(data: Path) -> None:
    async with running(data) as service, charger(service) as socket:
        assert socket.subprotocol == "ocpp1.6"
        boot = {"chargePointVendor": "V", "chargePointModel": "M"}
        assert (await call(socket, "BootNotification", boot))[2]["status"] == "Accepted"
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
        assert await call(socket, "StatusNotification", status) == [3, "1", {}]
        started = (await call(socket, "StartTransaction", START))[2]
        assert started == {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}
        assert await call(socket, "MeterValues", {"connectorId": 1}) == [3, "1", {}]
        stop = {"transactionId": 1, "meterStop": 26008.333}
        assert await call(socket, "StopTransaction", stop, "x") == [3, "x", {}]
        connection = service.view.connection("CP1")
        assert connection is not None
        assert connection["online"] is True
    assert_clean(data)
    replays(data)
    kinds = [(entry.kind, entry.direction) for entry, _ in logged(data)]
    assert kinds.count(("message", "in")) == kinds.count(("message", "out")) == 5
    registry = Registry.open(data / "registry.sqlite")
    row = registry.connection("CP1")
    assert row is not None
    assert row["online"] is False
    assert registry.connectors("CP1")[0]["status"] == "Charging"
    registry.close()


async def test_ocpp_201_over_the_path_without_a_version(data: Path) -> None:
    offered = ("ocpp2.0.1", "ocpp1.6")
    async with (
        running(data) as service,
        charger(service, "CP1", "", protocols=offered) as socket,
    ):
        assert socket.subprotocol == "ocpp2.0.1"
        assert (await call(socket, "BootNotification", BOOT_201))[2]["status"] == "Accepted"
        event = {
            "eventType": "Started",
            "timestamp": "2026-10-01T10:00:00Z",
            "triggerReason": "Authorized",
            "seqNo": 0,
            "transactionInfo": {"transactionId": "u1"},
            "idToken": {"idToken": "04A1", "type": "ISO14443"},
        }
        answer = await call(socket, "TransactionEvent", event)
        assert answer == [3, "1", {"idTokenInfo": {"status": "Accepted"}}]
        await socket.send("no json")
        assert json.loads(await socket.recv())[:3] == [4, "-1", "RpcFrameworkError"]
    assert_clean(data)
    replays(data)


async def test_frames_of_every_size_and_cut(data: Path) -> None:
    """Fragments, several frames at once, bytes one at a time, binary, and a megabyte."""
    async with running(data) as service, charger(service) as socket:
        await socket.send(['[2,"1",', '"Heartbeat"', ",{}]"])
        assert json.loads(await socket.recv())[1] == "1"
        await socket.send(b'[2,"2","Heartbeat",{}]')
        assert json.loads(await socket.recv())[1] == "2"
        for size in (100, 60_000, 70_000, 1_000_000):
            text = json.dumps([2, "3", "DataTransfer", {"vendorId": "x", "data": "y" * size}])
            await socket.send(text)
            assert json.loads(await socket.recv())[0] == 3
        for number in range(200):
            await socket.send(f'[2,"{number}","Heartbeat",{{}}]')
        for number in range(200):
            assert json.loads(await socket.recv())[1] == str(number)
        await asyncio.wait_for(await socket.ping(), 5)
        await socket.send(b"\xff\xfe not text")
        assert json.loads(await socket.recv())[0] == 4
        await socket.send("x" * (4 * 2**20 + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    assert_clean(data)
    assert any(payload == b"\xff\xfe not text" for _, payload in logged(data))


async def test_bytes_may_come_one_by_one(data: Path) -> None:
    async with running(data) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.plain_port)
        frame = client_frame('[2,"1","Heartbeat",{}]')
        for byte in handshake("CP1") + frame + frame[:9]:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        await reader.readuntil(b"\r\n\r\n")
        assert b"currentTime" in await reader.readuntil(b"}]")
        writer.write(frame[9:] + frame + frame)
        for _ in range(3):
            assert b"currentTime" in await reader.readuntil(b"}]")
        writer.close()
    assert_clean(data)


def handshake(name: str) -> bytes:
    return (
        f"GET /ocpp/1.6/{name} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Version: 13\r\nAuthorization: {basic(name)['Authorization']}\r\n\r\n"
    ).encode()


def client_frame(text: str) -> bytes:
    return b"\x81" + bytes((0x80 | len(text),)) + bytes(4) + text.encode()


async def test_a_frame_that_comes_with_the_handshake_is_heard(data: Path) -> None:
    async with running(data) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.plain_port)
        writer.write(handshake("CP1") + client_frame('[2,"early","Heartbeat",{}]'))
        assert b'[3,"early",' in await asyncio.wait_for(reader.readuntil(b"}]"), 5)
        writer.close()
    assert_clean(data)


async def test_who_leaves_while_being_judged_is_not_connected(data: Path) -> None:
    async with running(data) as service:
        for _ in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", service.plain_port)
            writer.write(handshake("CP1"))
            await asyncio.sleep(0)
            writer.transport.abort()
        async with charger(service) as socket:
            assert (await call(socket, "Heartbeat", {}))[0] == 3
        async with asyncio.timeout(5):
            while service.connected:  # noqa: ASYNC110 - nothing tells a test of it
                await asyncio.sleep(0.02)
    assert_clean(data)


async def test_who_was_judged_late_replaces_nobody_who_asked_later(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, slow = Gate.judge, [True]

    async def sometimes_slow(gate: Gate, *asked: Any) -> Any:
        if slow.pop() if slow else False:
            await asyncio.sleep(0.5)
        return await judge(gate, *asked)

    monkeypatch.setattr(Gate, "judge", sometimes_slow)
    async with running(data) as service:
        _, writer = await asyncio.open_connection("127.0.0.1", service.plain_port)
        writer.write(handshake("CP1"))
        while slow:  # noqa: ASYNC110 - until it is being judged
            await asyncio.sleep(0.01)
        async with charger(service) as socket:
            await asyncio.sleep(0.7)
            assert (await call(socket, "Heartbeat", {}))[0] == 3
        writer.transport.abort()
    assert_clean(data)


async def test_a_registry_that_cannot_be_written_stops_nobody(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RegistryUnavailableError("the registry cannot be written: disk I/O error")

    async with running(data) as service, charger(service) as socket:
        with monkeypatch.context() as patch:
            patch.setattr(service.registry, "project", refuse)
            assert (await call(socket, "StartTransaction", START))[2]["transactionId"] == 1
            await asyncio.sleep(2.2)
        assert (await call(socket, "BootNotification", {}))[2]["status"] == "Accepted"
    assert capsys.readouterr().err.count("answered all the same") == 1
    registry = Registry.open(data / "registry.sqlite")
    assert [row["transaction"] for row in registry.transactions("CP1")] == ["1"]
    registry.close()


async def test_who_is_let_in(data: Path) -> None:
    operate(data, station("open", password_hash=""), station("gone"))
    operate(data, {"action": "station.block", "id": "gone"})
    key = bytes(range(0x80, 0x94))
    operate(data, station("raw", password_hash=hash_password(key.hex().upper())))
    async with running(data) as service:
        for name, password, status in (
            ("CP1", "wrong", 401),
            ("CP1", "", 401),
            ("nobody", PASSWORD, 404),
            ("gone", PASSWORD, 403),
        ):
            with pytest.raises(InvalidStatus) as refused:
                async with charger(service, name, password=password):
                    pass
            assert refused.value.response.status_code == status
        async with charger(service, "CP1"), charger(service, "raw", password=key):
            pass
    text = b"".join(payload for _, payload in logged(data))
    assert PASSWORD.encode() not in text
    assert basic("CP1")["Authorization"].encode() not in text


async def test_identities_are_percent_decoded_and_must_match_the_user(data: Path) -> None:
    async with running(data) as service:
        address = url(service, "CP%202%2F%C3%BC", "2.0.1/")
        name = "CP 2/ü"
        async with connect(address, additional_headers=basic(name), compression=None) as socket:
            assert (await call(socket, "BootNotification", BOOT_201))[0] == 3
        with pytest.raises(InvalidStatus):
            await connect(url(service, "CP1"), additional_headers=basic(name))
    opened = [json.loads(p) for e, p in logged(data) if e.kind == "connection" and e.peer == name]
    assert opened[0]["flaw"] == "subprotocol_missing"


async def test_a_guesser_waits_and_the_station_does_not(data: Path) -> None:
    async with running(data) as service:
        async with charger(service):
            pass
        statuses = []
        for _ in range(7):
            with pytest.raises(InvalidStatus) as refused:
                async with charger(service, "CP1", password="guess"):
                    pass
            statuses.append(refused.value.response.status_code)
        assert statuses[0] == 401
        assert statuses[-1] == 429
        assert int(refused.value.response.headers["Retry-After"]) > 0
        async with charger(service) as socket:
            assert (await call(socket, "Heartbeat", {}))[0] == 3


async def test_no_version_in_common(data: Path) -> None:
    async with running(data) as service, charger(service, protocols=("ocpp1.5",)) as socket:
        assert socket.subprotocol is None
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1002


@pytest.mark.parametrize(
    "path", ["/", "/ocpp", "/ocpp/1.6/", "/ocpp/3.0/x", "/ocpp/1.6/%ff", "/x/y"]
)
async def test_other_paths_lead_nowhere(data: Path, path: str) -> None:
    async with running(data) as service:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{service.plain_port}{path}")
        assert refused.value.response.status_code == 404


async def test_a_stranger_may_be_let_in_as_pending(data: Path) -> None:
    config = Config(plain_port=0, accept_unknown=True)
    async with running(data, config) as service, charger(service, "stranger") as socket:
        assert (await call(socket, "BootNotification", {}))[2]["status"] == "Pending"
        assert (await call(socket, "StartTransaction", START))[2]["transactionId"] == 1
        operate(data, station("stranger"))
        await asyncio.sleep(0.2)
        assert (await call(socket, "BootNotification", {}))[2]["status"] == "Accepted"
    replays(data)


async def test_what_the_operator_says_counts_at_once(data: Path) -> None:
    async with running(data) as service, charger(service) as socket:
        asked = {"idTag": "04B2"}
        assert (await call(socket, "Authorize", asked))[2]["idTagInfo"]["status"] == "Invalid"
        await asyncio.to_thread(operate, data, token("04B2"))
        assert (await call(socket, "Authorize", asked))[2]["idTagInfo"]["status"] == "Accepted"
        await asyncio.to_thread(operate, data, {"action": "token.block", "uid": "04B2"})
        assert (await call(socket, "Authorize", asked))[2]["idTagInfo"]["status"] == "Blocked"
        await asyncio.to_thread(operate, data, {"action": "station.block", "id": "CP1"})
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
    replays(data)


async def test_a_newer_connection_from_the_same_place_wins(data: Path) -> None:
    async with running(data) as service, charger(service) as old:
        await call(old, "Heartbeat", {})
        async with charger(service) as new:
            assert (await call(new, "Heartbeat", {}))[0] == 3
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(old.recv(), 5)
            row = service.view.connection("CP1")
            assert row is not None
            assert row["online"] is True
            assert service.connected == 1
    assert_clean(data)


async def test_a_living_connection_from_elsewhere_is_kept(data: Path) -> None:
    async with running(data) as service, charger(service) as old:
        move(service, "CP1", "192.0.2.1")
        async with charger(service) as new:
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(new.recv(), 10)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
        assert (await call(old, "Heartbeat", {}))[0] == 3
    reasons = [json.loads(p).get("reason", "") for e, p in logged(data) if e.kind == "connection"]
    assert any("another address: alarm" in reason for reason in reasons)
    assert_clean(data)


async def test_a_dead_connection_from_elsewhere_gives_way(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.reception.PING_WAIT_S", 0.2)
    async with running(data) as service, charger(service) as old:
        old.transport.pause_reading()
        move(service, "CP1", "192.0.2.1")
        async with charger(service) as new:
            assert (await call(new, "Heartbeat", {}))[0] == 3
        old.transport.abort()


async def test_silence_is_the_end(data: Path) -> None:
    operate(data, {"action": "policy.set", "heartbeat_interval_s": 1})
    async with running(data) as service, charger(service) as socket:
        assert (await call(socket, "BootNotification", {}))[2]["interval"] == 1
        socket.transport.pause_reading()
        async with asyncio.timeout(10):
            while service.connected:  # noqa: ASYNC110 - nothing tells a test of it
                await asyncio.sleep(0.05)
        socket.transport.abort()
        row = service.view.connection("CP1")
        assert row is not None
        assert (row["online"], row["reason"]) == (False, "nothing heard for 2 s")


async def test_ids_survive_a_restart(data: Path) -> None:
    seen = []
    for number in range(3):
        async with running(data) as service, charger(service) as socket:
            again = await call(socket, "StartTransaction", START, f"m{number}")
            other = await call(socket, "StartTransaction", {**START, "meterStart": 100 + number})
            seen.append((again[2]["transactionId"], other[2]["transactionId"]))
    assert seen == [(1, 2), (1, 3), (1, 4)]
    replays(data)
    (data / "registry.sqlite").unlink()
    for name in ("registry.sqlite-wal", "registry.sqlite-shm"):
        (data / name).unlink(missing_ok=True)
    async with running(data) as service, charger(service) as socket:
        assert (await call(socket, "StartTransaction", START))[2]["transactionId"] == 1
        assert service.view.next_transaction() == 5


async def test_while_the_disk_is_full_nobody_is_answered_and_nothing_is_lost(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ingest.journal.RETRY_S", 0.05)
    service = open_service(data)
    await service.start()
    full = False
    commit = service.writer.commit

    def refuse() -> int:
        if full:
            raise StoreUnavailable("the log cannot be written: No space left on device")
        return commit()

    monkeypatch.setattr(service.writer, "commit", refuse)
    async with charger(service) as socket:
        await call(socket, "Heartbeat", {})
        full = True
        for number in range(20):
            await socket.send(json.dumps([2, f"q{number}", "StartTransaction", START]))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.5)
        assert service.stalled
        full = False
        for number in range(20):
            frame = json.loads(await asyncio.wait_for(socket.recv(), 5))
            assert frame[1:] == [f"q{number}", frame[2]]
        assert (await call(socket, "Heartbeat", {}))[0] == 3
    await service.stop()
    service.registry.close()
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert "No space left on device" in told[0]
    assert_clean(data)
    replays(data)


async def test_an_exchange_with_a_partner_is_durable_when_it_returns(data: Path) -> None:
    async with running(data) as service:
        asked, answered = await service.exchange(
            b"GET /ocpi/versions", b"200 []", protocol="ocpi2.2.1", peer="NL-ABC"
        )
        assert service.writer.durable_size > answered.index
        assert (asked.direction, answered.direction) == ("in", "out")
        assert (asked.counter, answered.counter) == (0, 1)
        assert asked.connection == answered.connection
    assert_clean(data)


@pytest.mark.parametrize(
    "config", [Config(), Config(tls_port=0), Config(tls_port=0, certificate=Path("x"))]
)
async def test_a_listener_that_cannot_be_is_refused(data: Path, config: Config) -> None:
    service = open_service(data, config)
    with pytest.raises(ConfigError):
        await service.start()
    service.writer.close()
    service.registry.close()


def test_the_hash_is_not_the_password() -> None:
    assert PASSWORD not in HASHED


def test_starting_is_light() -> None:
    code = (
        "import time; t = time.perf_counter(); import ingest.server, sys; "
        "print(time.perf_counter() - t); print(*sorted(m.split('.')[0] for m in sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    seconds, modules = run.stdout.splitlines()
    print(f"import ingest.server: {float(seconds):.2f} s")  # noqa: T201 - a figure to read
    heavy = {"dagster", "pandas", "great_expectations", "polars", "duckdb", "deltalake"}
    assert not heavy & set(modules.split())
