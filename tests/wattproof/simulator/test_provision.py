"""What `simulate --provision` registers, what it leaves alone, and what it says of passwords."""

import asyncio
import json
from contextlib import closing
from datetime import UTC, date, datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from billing.party import Location, Party, Role, Token
from ingest.protocols.actions import (
    Action,
    LocationAdd,
    PartyAdd,
    StationAdd,
    TokenAdd,
    TokenBlock,
)
from warehouse.log import LogReader
from warehouse.registry import Registry
from warehouse.registry.passwords import verify_password
from wattproof.operator_log import record
from wattproof.refusals import RefusalError
from wattproof.simulator.link import Link, Tally
from wattproof.simulator.network import SELLER, component, element, tariff
from wattproof.simulator.play import SECRETS, Plan, fleet_plan, read_passwords
from wattproof.simulator.provision import register

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return fleet_plan(7, first=date(2026, 10, 1), days=2, sessions=20, stations=8)


def entries(data: Path) -> int:
    return LogReader(data / "log" / "operator").size


def foreign(plan: Plan) -> dict[str, Action]:
    """Something of an operator's own, of each kind, and something of the plan's made otherwise."""
    driver, outlets = plan.network.drivers[0], plan.network.outlets[0]
    place = plan.network.locations[0]
    return {
        "party NL-ABC": PartyAdd(Party("NL", "ABC", Role.EMSP, "Alpha")),
        "party NL-WPF": PartyAdd(Party("NL", "WPF", Role.CPO, "Our own Charging B.V.")),
        "location AMS-1": LocationAdd(
            Location(place.country_code, place.party_id, "AMS-1", "Zuid", "Plein 1", "Amsterdam",
                     "1077 XV", "NLD", "52.3", "4.8", "Europe/Amsterdam", AT)
        ),
        "tariff WP-ENERGY": tariff("WP-ENERGY", element(component("ENERGY", "0.99", "21"))),
        f"station {outlets.station.id}": StationAdd(
            outlets.station, (f"ocpp{outlets.version}",), "scrypt$theirs"
        ),
        f"token {driver.token.uid}": TokenAdd(
            Token(driver.token.uid, "RFID", "NL-ABC", "NL-ABC-C1")
        ),
        "token 04AA": TokenAdd(Token("04AA", "RFID", "NL-ABC", "NL-ABC-C2")),
    }  # fmt: skip


@pytest.mark.parametrize("kind", range(7))
def test_an_operators_own_setup_is_left_alone(tmp_path: Path, plan: Plan, kind: int) -> None:
    name, action = list(foreign(plan).items())[kind]
    record(tmp_path, [action])
    with pytest.raises(RefusalError, match=f"holds {name}, which") as refused:
        register(tmp_path, plan.network)
    assert "--data" in refused.value.advice
    assert "without --provision" in refused.value.advice
    assert entries(tmp_path) == 1
    assert not (tmp_path / SECRETS).exists()


def test_a_second_run_works_and_writes_nothing(tmp_path: Path, plan: Plan) -> None:
    first = register(tmp_path, plan.network)
    size = entries(tmp_path)
    assert register(tmp_path, plan.network) == first
    assert entries(tmp_path) == size
    with closing(Registry.open(tmp_path / "registry.sqlite")) as registry:
        assert len(registry.tokens()) == sum(one.known for one in plan.network.drivers)
        row = registry.stations()[0]
    assert verify_password(first[row["id"]], row["password_hash"])


def test_what_is_missing_is_added(tmp_path: Path, plan: Plan) -> None:
    record(tmp_path, [PartyAdd(SELLER)])
    register(tmp_path, plan.network)
    with closing(Registry.open(tmp_path / "registry.sqlite")) as registry:
        assert len(registry.parties()) == len(plan.network.parties)
        blocked = {row["uid"] for row in registry.tokens() if not row["valid"]}
    assert blocked == {one.token.uid for one in plan.network.drivers if one.blocked and one.known}


def test_a_card_that_was_blocked_since_stays_blocked(tmp_path: Path, plan: Plan) -> None:
    register(tmp_path, plan.network)
    card = next(one.token.uid for one in plan.network.drivers if one.known and not one.blocked)
    record(tmp_path, [TokenBlock(card)])
    with pytest.raises(RefusalError, match=f"token {card}"):
        register(tmp_path, plan.network)


def test_passwords_are_read_as_station_add_prints_them(tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    file.write_text(json.dumps([{"id": "S1", "password": "secret-1"}]))
    assert read_passwords(file) == {"S1": "secret-1"}
    for text in ("", "{}x", '[{"id": "S1"}]', '["S1"]', "7"):
        file.write_text(text)
        with pytest.raises(RefusalError, match="holds no passwords"):
            read_passwords(file)


@pytest.mark.parametrize(
    ("status", "password", "reason", "advice"),
    [
        (401, "", "the password of station S1 is missing", "--passwords FILE"),
        (401, "wrong", "the password of station S1 is wrong", "--passwords FILE"),
        (403, "x", "refused station S1 with HTTP 403", "station unblock S1"),
        (404, "x", "refused station S1 with HTTP 404", "station add"),
    ],
)
def test_a_refused_station_is_told_why(
    status: int, password: str, reason: str, advice: str
) -> None:
    def refuse(connection: ServerConnection, _request: Request) -> Response:
        return connection.respond(HTTPStatus(status), "no\n")

    async def connect() -> None:
        async with serve(lambda _: asyncio.sleep(0), "127.0.0.1", 0, process_request=refuse) as on:
            url = f"ws://127.0.0.1:{on.sockets[0].getsockname()[1]}/ocpp/1.6/S1"
            await Link.open(
                url, station="S1", subprotocol="ocpp1.6", password=password, tally=Tally()
            )

    with pytest.raises(RefusalError, match=reason) as refused:
        asyncio.run(connect())
    assert advice in refused.value.advice
