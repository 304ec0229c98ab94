"""The registry is a projection: whatever order it catches up in, it holds what the log says."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.registry import ActionInvalidError, Change, Registry, Rows, changes_of, tables
from warehouse.registry.passwords import NOBODY, hash_password, verify_password


@dataclass(frozen=True)
class Entry:
    index: int
    kind: str
    received_ns: int


@dataclass(frozen=True)
class Record:
    entry: Entry
    payload: bytes


@dataclass
class Log:
    """A log origin in memory."""

    origin: str = "operator"
    payloads: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.payloads)

    def say(self, **action: Any) -> None:
        self.payloads.append(json.dumps(action).encode())

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        for index in range(start, len(self.payloads) if stop is None else stop):
            yield Record(Entry(index, "operator", 1_000 + index), self.payloads[index])


STATION = {
    "id": "CP1",
    "location_id": "L1",
    "evses": [{"uid": "E1", "evse_id": "NL*WPF*E1", "ocpp_evse": 1, "connectors": []}],
}


def full_log() -> Log:
    log = Log()
    log.say(action="station.add", **STATION, password_hash="scrypt$…")
    log.say(action="station.block", id="CP1")
    log.say(action="location.add", id="L1", country_code="NL", party_id="WPF", name="Markt")
    log.say(action="token.add", uid="04A1", type="RFID", party="NL-ABC", contract_id="C1")
    log.say(action="token.block", uid="04A1")
    log.say(
        action="party.add",
        country_code="NL",
        party_id="ABC",
        role="EMSP",
        name="Alpha",
        ocpi_token_hash="ab" * 32,
        token_policy={"allow": ["04B2"], "deny": []},
    )
    log.payloads.append(
        b'{"action":"tariff.add","ocpi_version":"2.2.1","valid_from":"2026-01-01T00:00:00Z",'
        b'"tariff":{"id":"T1","currency":"EUR","elements":[{"price_components":[{"price":0.35}]}]}}'
    )
    log.say(action="policy.set", settle_s=600, stale_open_s=86400)
    log.say(action="api_key.add", id="k1", name="installer", hash="cd" * 32, scopes=["installer"])
    return log


def test_every_action_is_projected(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite")
    log = full_log()
    assert registry.catch_up([log]) == log.size
    assert registry.catch_up([log]) == 0
    station = registry.station("CP1")
    assert station is not None
    assert station["status"] == "blocked"
    assert station["evses"] == STATION["evses"]
    assert [row["id"] for row in registry.locations()] == ["L1"]
    token = registry.token("04A1")
    assert token is not None
    assert token["valid"] is False
    party = registry.party_by_token("ab" * 32)
    assert party is not None
    assert (party["code"], party["token_policy"]["allow"]) == ("NL-ABC", ["04B2"])
    (tariff,) = registry.tariffs()
    price = tariff["tariff"]["elements"][0]["price_components"][0]["price"]
    assert price == Decimal("0.35")
    assert isinstance(price, Decimal)
    assert registry.policies() == {"settle_s": 600, "stale_open_s": 86400}
    key = registry.api_key("cd" * 32)
    assert key is not None
    assert key["scopes"] == ["installer"]
    assert registry.api_key("") is None
    registry.close()


def test_a_second_process_sees_it_at_once_and_applies_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    one, two = Registry.open(path), Registry.open(path)
    log = full_log()
    assert one.catch_up([log]) == log.size
    assert two.station("CP1") is not None
    assert two.catch_up([log]) == 0
    log.say(action="station.unblock", id="CP1")
    assert two.catch_up([log]) == 1
    station = one.station("CP1")
    assert station is not None
    assert station["status"] == "accepted"
    one.close()
    two.close()


def test_what_means_nothing_is_kept_and_shown(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite")
    log = Log(payloads=[b"no json", b"[]", b'{"action":"station.fly"}', b'{"action":"token.add"}'])
    log.say(action="station.add", **STATION)
    assert registry.catch_up([log]) == 5
    assert [row["index"] for row in registry.rejected_actions()] == [0, 1, 2, 3]
    assert registry.station("CP1") is not None
    registry.close()


def test_other_origins_are_not_the_operators(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite")
    log = Log(origin="ingest-1")
    log.say(action="station.add", **STATION)
    assert registry.catch_up([log]) == 0
    assert registry.stations() == []
    registry.close()


def test_one_action_at_a_time(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite")
    add = {"action": "station.add", **STATION}
    registry.apply_action(add, at_ns=5, index=0)
    registry.apply_action({"action": "station.block", "id": "CP1"}, at_ns=6, index=0)
    station = registry.station("CP1")
    assert station is not None
    assert station["status"] == "accepted"
    with pytest.raises(ValueError, match="catch up first"):
        registry.apply_action(add, at_ns=7, index=9)
    with pytest.raises(ActionInvalidError):
        registry.apply_action({"action": "nothing"}, at_ns=7, index=1)
    registry.close()


def test_an_older_batch_never_overwrites_a_newer_one(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite")
    key = ("CP1", 1, 1)
    for status, following in (("Charging", 9), ("Available", 4)):
        change = Change("connector_state", key, {"status": status})
        registry.project([change], origin="ingest-1", next_index=following)
    assert registry.connectors("CP1")[0]["status"] == "Charging"
    assert registry.position("ingest-1") == 9
    registry.close()


_CHANGES = st.lists(
    st.builds(
        lambda key, values, mode: Change("token", (key,), {} if mode == "drop" else values, mode),
        st.sampled_from(["a", "b", "c"]),
        st.dictionaries(
            st.sampled_from(["type", "party", "group_id"]), st.text("xyz", max_size=3), min_size=1
        ),
        st.sampled_from(["put", "put", "update", "drop"]),
    ),
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(changes=_CHANGES)
def test_memory_and_database_agree(
    changes: list[Change], tmp_path_factory: pytest.TempPathFactory
) -> None:
    registry = Registry.open(tmp_path_factory.mktemp("registry") / "registry.sqlite")
    rows = Rows()
    for change in changes:
        rows.apply(change)
    registry.project(changes, origin="ingest-1", next_index=1)
    loaded, positions = registry.load()
    expected = sorted(rows.all("token"), key=lambda row: str(row["uid"]))
    assert sorted(loaded.all("token"), key=lambda row: str(row["uid"])) == expected
    assert positions == {"ingest-1": 1}
    registry.close()


def test_every_table_has_a_key_and_defaults() -> None:
    for name in tables.metadata.tables:
        assert tables.key_columns(name)
        assert not set(tables.key_columns(name)) & set(tables.defaults(name))
    assert tables.defaults("station")["evses"] is not tables.defaults("station")["evses"]


def test_a_block_of_nobody_changes_nothing() -> None:
    (change,) = changes_of({"action": "station.block", "id": "X"}, 1)
    assert Rows().apply(change) is None


def test_passwords() -> None:
    hashed = hash_password("0123456789abcdef")
    assert "0123456789abcdef" not in hashed
    assert hashed != hash_password("0123456789abcdef")
    assert verify_password("0123456789abcdef", hashed)
    assert not verify_password("0123456789abcdeF", hashed)
    assert not verify_password("anything", NOBODY)
    assert not verify_password("anything", "plain text")


def test_a_raw_key_and_its_hexadecimal_spelling_are_the_same_password() -> None:
    raw = bytes(range(0x70, 0x84))
    hashed = hash_password(raw.hex().upper())
    assert verify_password(raw, hashed)
    assert verify_password(raw.hex(), hashed)
