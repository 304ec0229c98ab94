"""Operator commands: the log first, the registry second, clear words when something is wrong."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.scopes import SCOPES
from billing.policy import DEFAULT_POLICY
from billing.terms import CHOICES
from ingest.protocols import actions
from pipelines import house_policy
from warehouse.log import LogReader, load_verifier, verify
from warehouse.registry import Registry
from warehouse.registry.passwords import verify_password
from wattproof.cli import COMMANDS, app
from wattproof.house_rules import DEFAULTS
from wattproof.operator_log import record
from wattproof.secret import token_hash

Ask = Callable[..., Any]
Call = Callable[..., Result]
LOCATION = {
    "country_code": "NL",
    "party_id": "WPF",
    "id": "AMS-2",
    "name": "Noord",
    "address": "Noordplein 2",
    "city": "Amsterdam",
    "postal_code": "1031 AA",
    "country": "NLD",
    "latitude": "52.400000",
    "longitude": "4.900000",
    "time_zone": "Europe/Amsterdam",
}


def said(data: Path) -> list[actions.Action]:
    """Every operator action in the log."""
    records = LogReader(data / "log" / "operator").records()
    return [actions.read(one.payload) for one in records if one.entry.kind == "operator"]


def test_a_station_is_in_the_log_and_in_the_registry(house: Call, ask: Ask, data: Path) -> None:
    words = ("--location", "AMS-1", "--connectors", "2", "--power-kw", "22", "--ocpp", "1.6")
    (added,) = ask("station", "add", "NL-1", *words)
    action = said(data)[-1]
    assert isinstance(action, actions.StationAdd)
    assert [evse.ocpp_evse for evse in action.station.evses] == [1, 2]
    assert verify_password(added["password"], action.password_hash)
    (row,) = ask("station", "list")
    assert (row["id"], row["status"], row["protocols"]) == ("NL-1", "accepted", ["ocpp1.6"])
    assert "password_hash" not in row


def test_secrets_never_reach_the_log(house: Call, ask: Ask, data: Path) -> None:
    station = ask("station", "add", "NL-1", "--location", "AMS-1")[0]["password"]
    party = ask("party", "add", "NL-XYZ", "--name", "X", "--ocpi-token")[0]["ocpi_token"]
    key = ask("api-key", "add", "installer")["key"]
    assert min(map(len, (station, party, key))) >= 32
    kept = b"".join(file.read_bytes() for file in data.rglob("*") if file.is_file())
    assert not [secret for secret in (station, party, key) if secret.encode() in kept]


def test_blocking_takes_effect_and_can_be_taken_back(house: Call, ask: Ask) -> None:
    house("station", "add", "NL-1", "--location", "AMS-1")
    assert ask("station", "block", "NL-1") == [{"id": "NL-1", "status": "blocked"}]
    assert ask("station", "list")[0]["status"] == "blocked"
    house("station", "unblock", "NL-1")
    assert ask("station", "list")[0]["status"] == "accepted"


def test_tokens(house: Call, ask: Ask) -> None:
    house("token", "add", "04A1", "--party", "NL-ABC", "--group", "FLEET")
    house("token", "block", "04A1")
    (row,) = ask("token", "list", "--party", "NL-ABC")
    assert (row["uid"], row["valid"], row["group_id"]) == ("04A1", False, "FLEET")
    house("token", "unblock", "04A1")
    assert ask("token", "list")[0]["valid"] is True
    assert ask("token", "list", "--party", "NL-WPF") == []


def test_a_party_with_lists_and_an_encoding(house: Call, ask: Ask) -> None:
    words = ("party", "add", "GB-XYZ", "--name", "X", "--currency", "GBP", "--ocpi-token")
    house(*words, "--ocpi-token-encoding", "raw", "--allow", "A1", "--deny", "B1", "--deny", "B2")
    (row,) = [party for party in ask("party", "list") if party["code"] == "GB-XYZ"]
    assert row["token_policy"] == {"allow": ["A1"], "deny": ["B1", "B2"]}
    assert (row["currency"], row["ocpi_token_encoding"]) == ("GBP", "raw")
    house(*words, "--ocpi-token-encoding", "rot13", code=1)


def test_many_tokens_in_one_go(house: Call, ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "tokens.jsonl"
    lines = [
        json.dumps({"uid": f"T{n}", "party": "NL-ABC", "contract_id": f"C{n}"}) for n in range(500)
    ]
    file.write_text("\n".join(lines))
    assert len(ask("token", "add", "--file", str(file))) == 500
    assert len(ask("token", "list")) == 500


def test_many_stations_in_one_go(house: Call, ask: Ask, tmp_path: Path, data: Path) -> None:
    house("station", "add", "NL-0", "--location", "AMS-1", "--no-password")
    first = actions.to_object(said(data)[-1])
    file = tmp_path / "stations.json"
    wanted = [first | {"id": f"NL-{n}", "password": f"a-password-of-{n:04d}"} for n in (1, 2)]
    file.write_text(json.dumps(wanted))
    added = ask("station", "add", "--file", str(file))
    assert [one["password"] for one in added] == ["", ""]
    with closing(Registry.open(data / "registry.sqlite")) as registry:
        row = registry.station("NL-2")
    assert row is not None
    assert verify_password("a-password-of-0002", row["password_hash"])


TARIFF = {
    "country_code": "NL",
    "party_id": "WPF",
    "id": "T1",
    "currency": "EUR",
    "elements": [
        {"price_components": [{"type": "ENERGY", "price": 0.39, "vat": 21, "step_size": 1}]}
    ],
    "last_updated": "2026-10-01T00:00:00Z",
}


def test_a_tariff_keeps_its_digits(house: Call, ask: Ask, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "tariff.json"
    file.write_text(json.dumps(TARIFF).replace("0.39", "0.3900000000000000001"))
    words = ("--valid-from", "2026-11-01T00:00:00Z", "--party", "NL-ABC")
    assert ask("tariff", "add", str(file), *words)[0]["id"] == "T1"
    payload = list(LogReader(data / "log" / "operator").records())[-1].payload
    assert b'"price":0.3900000000000000001' in payload
    (row,) = ask("tariff", "list")
    assert (row["valid_from"], row["parties"]) == ("2026-11-01T00:00:00Z", ["NL-ABC"])


def test_finance_is_told_when_a_tariff_is_published_that_never_charges_a_fee(
    house: Call, ask: Ask
) -> None:
    free = {"price_components": [{"type": "TIME", "price": 0, "step_size": 1}]}
    fee = {
        "price_components": [{"type": "TIME", "price": 12, "step_size": 1}],
        "restrictions": {"min_duration": 3600},
    }
    result = house("tariff", "add", "-", stdin=json.dumps(TARIFF | {"elements": [free, fee]}))
    assert "error: unreachable_element: /elements/1" in result.output
    assert [row["id"] for row in ask("tariff", "list")] == ["T1"]


@pytest.mark.parametrize(
    ("wrong", "words", "told"),
    [
        ({"elements": []}, (), "elements"),
        ({"currency": "EURO"}, (), "currency"),
        ({}, ("--party", "NL-XYZ"), "there is no party NL-XYZ"),
        ({}, ("--station", "S"), "there is no station S"),
        ({}, ("--ocpi", "9"), "ocpi_version: expected one of"),
        ({}, ("--valid-from", "2026-11-01"), "a time with its zone"),
    ],
)
def test_a_tariff_that_means_nothing_is_not_published(
    house: Call, ask: Ask, wrong: dict[str, Any], words: tuple[str, ...], told: str
) -> None:
    result = house("tariff", "add", "-", *words, code=1, stdin=json.dumps(TARIFF | wrong))
    assert told in result.output
    assert ask("tariff", "list") == []


def test_policies_and_keys(house: Call, ask: Ask) -> None:
    told = ask("policy", "set", "settle_s=300", "free_vend=true")
    assert told == {"settle_s": 300, "free_vend": True}
    listed = {row["name"]: (row["value"], row["source"]) for row in ask("policy", "list")}
    assert (listed["settle_s"], listed["free_vend"]) == ((300, "set"), (True, "set"))
    assert listed["heartbeat_interval_s"] == (300, "default")
    assert listed["max_power_w"] == (500_000, "default")
    house("api-key", "add", "k1", "--scope", "invoices")
    (row,) = ask("api-key", "list")
    assert (row["id"], row["scopes"]) == ("k1", ["invoices"])
    assert "hash" not in row


def test_the_policies_that_can_be_set_are_those_that_are_read() -> None:
    read = {*house_policy._TIMES, *house_policy._AMOUNTS}
    asked = re.compile(r"policy\(\s*\"(\w+)\"")
    for file in (Path(__file__).parents[2] / "ingest").rglob("*.py"):
        read |= set(asked.findall(file.read_text("utf-8")))
    assert read == set(DEFAULTS)


def test_every_scope_that_a_route_names_can_be_given() -> None:
    named = re.compile(
        r"^(?:_SCOPE|CLOCK|READ) = \"(\w+)\"|requires\(deps, \"(\w+)\"", re.MULTILINE
    )
    found: set[str] = set()
    for file in (Path(__file__).parents[2] / "api").rglob("*.py"):
        found |= {"".join(one) for one in named.findall(file.read_text("utf-8"))}
    assert {"read", "chargers", "invoices", "sessions"} <= found <= set(SCOPES)


def test_a_policy_nobody_reads_any_more_is_marked(house: Call, ask: Ask, data: Path) -> None:
    record(data, [actions.PolicySet({"note": "x"})])
    (row,) = [row for row in ask("policy", "list") if row["name"] == "note"]
    assert (row["value"], row["source"]) == ("x", "set, but nothing reads it")


def test_a_partner_has_its_own_answers(house: Call, ask: Ask) -> None:
    house("policy", "set", "zero_step=one", "flat_scope=activation")
    house("policy", "set", "--party", "nl-abc", "flat_scope=session")
    rows = {(row["party"], row["name"]): row["value"] for row in ask("policy", "list")}
    assert rows["", "flat_scope"] == "activation"
    assert rows["NL-ABC", "flat_scope"] == "session"
    assert ("NL-ABC", "zero_step") not in rows
    own = {row["name"]: row for row in ask("policy", "list", "--party", "NL-ABC")}
    assert set(own) == {name for name, _ in DEFAULT_POLICY.pairs()}
    assert [own[name]["source"] for name in ("flat_scope", "zero_step", "equal_window")] == [
        "set for NL-ABC",
        "set",
        "default",
    ]
    assert own["zero_step"]["choices"] == list(CHOICES["zero_step"])


def test_what_was_set_can_be_taken_back(house: Call, ask: Ask) -> None:
    house("policy", "set", "settle_s=60", "flat_scope=activation")
    house("policy", "set", "--party", "NL-ABC", "flat_scope=session", "zero_step=one")
    told = house("policy", "unset", "--party", "nl-abc", "flat_scope").stdout
    assert told == "flat_scope = activation for NL-ABC, as for the house\n"
    assert ask("policy", "unset", "settle_s", "flat_scope") == {
        "settle_s": 600, "flat_scope": "phase",
    }  # fmt: skip
    rows = {(row["party"], row["name"]): row for row in ask("policy", "list")}
    assert ("NL-ABC", "flat_scope") not in rows
    assert rows["NL-ABC", "zero_step"]["value"] == "one"
    assert rows["", "settle_s"]["source"] == rows["", "flat_scope"]["source"] == "default"
    refused = house("policy", "unset", "--party", "NL-ABC", "flat_scope", code=1).stderr
    assert "policy flat_scope is not set for NL-ABC" in refused
    assert "policy settle_s is not set" in house("policy", "unset", "settle_s", code=1).stderr


def test_a_new_token_changes_nothing_else_about_a_party(house: Call, ask: Ask, data: Path) -> None:
    words = ("party", "add", "GB-XYZ", "--name", "X", "--city", "Leeds", "--deny", "B1")
    old = ask(*words, "--ocpi-token", "--ocpi-token-encoding", "raw")[0]["ocpi_token"]
    before = ask("party", "list")
    (made,) = ask("party", "token", "gb-xyz")
    assert made["code"] == "GB-XYZ"
    assert ask("party", "list") == before
    with closing(Registry.open(data / "registry.sqlite")) as registry:
        assert registry.party_by_token(token_hash(old)) is None
        row = registry.party_by_token(token_hash(made["ocpi_token"]))
    assert row is not None
    assert (row["code"], row["token_policy"]) == ("GB-XYZ", {"allow": [], "deny": ["B1"]})


def test_a_party_is_added_in_capitals(house: Call, ask: Ask) -> None:
    house("party", "add", "nl-abc", "--name", "Renamed")
    named = {row["code"]: row["name"] for row in ask("party", "list")}
    assert named == {"NL-ABC": "Renamed", "NL-WPF": "Our Charging B.V."}


def test_what_commands_wrote_verifies(house: Call, ask: Ask, data: Path) -> None:
    (found,) = ask("audit", "verify")
    assert (found["origin"], found["ok"], found["entries"]) == ("operator", True, 3)
    checked = verify(data / "log" / "operator", load_verifier(data))
    assert checked.checkpoint is not None
    assert str(checked.checkpoint).endswith(found["root"])


def test_a_flipped_bit_is_named(house: Call, data: Path) -> None:
    segment = data / "log" / "operator" / "payload" / "0"
    content = bytearray(segment.read_bytes())
    content[-3] ^= 1
    segment.write_bytes(content)
    result = house("audit", "verify", code=1)
    assert "BAD, first at index 2" in result.stdout


def test_a_copy_verifies_with_the_public_key_only(house: Call, data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (data / "log" / "operator").rename(copy)
    key = tmp_path / "log.pub"
    key.write_text((data / "keys" / "log.pub").read_text())
    words = ["audit", "verify", str(copy), "--public-key", str(key)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    renamed = tmp_path / "operator"
    copy.rename(renamed)
    result = CliRunner().invoke(app, ["audit", "verify", str(renamed), "--public-key", str(key)])
    assert (result.exit_code, "operator: ok" in result.stdout) == (0, True)


def test_the_private_key_is_private(house: Call, data: Path) -> None:
    assert stat.S_IMODE((data / "keys" / "log.key").stat().st_mode) == 0o600


REFUSED = [
    (("station", "list"), 1, "there is nothing in"),
    (("derive",), 1, "there is nothing in"),
    (("audit", "verify"), 1, "holds no log"),
    (("notebook",), 1, "there is nothing in"),
    (("serve",), 1, "chargers have no way in"),
    (("serve", "--plain-ws", "--clock-start", "soon"), 2, "no time like"),
    (("serve", "--plain-ws", "--clock-start", "2026-10-01T00:00:00"), 2, "no zone"),
    (("serve", "--plain-ws", "--tls-cert", "a.pem"), 2, "belong together"),
    (("station", "add"), 2, "give a station's id"),
    (("party", "add", "NLABC", "--name", "X"), 1, "country_code: expected 2 characters"),
    (("party", "add", "NL-ABC"), 1, "name: expected a text that is not empty"),
    (("simulate", "--sessions", "nothing.csv"), 1, "can't be read"),
    (("simulate", "--ocpp", "2.1"), 2, "--ocpp is"),
    (("simulate", "--http-url", "http://127.0.0.1:9"), 1, "no Wattproof service answers"),
    (("invoice", "preview"), 2, "--month"),
    (("export", "cdrs", "--party", "NL-ABC", "--ocpi", "9"), 2, "--ocpi is one of"),
    (("demo", "--month", "october"), 2, "expected a month"),
]


@pytest.mark.parametrize(("words", "code", "told"), REFUSED, ids=lambda one: str(one)[:40])
def test_refusals_say_what_and_how(
    call: Call, words: tuple[str, ...], code: int, told: str
) -> None:
    result = call(*words, code=code)
    assert told in " ".join(result.output.split())
    assert code == 2 or result.output.count("\n") == 1


REFUSED_IN_A_HOUSE = [
    (("station", "add", "S", "--location", "X"), "there is no location X"),
    (("station", "block", "S"), "there is no station S"),
    (("token", "add", "T", "--party", "NL-XYZ"), "there is no party NL-XYZ"),
    (("token", "block", "T"), "there is no token T"),
    (("tariff", "add", "nothing.json"), "can't be read"),
    (("invoice", "preview", "--month", "2026-10"), "nothing is derived yet"),
    (("export", "cdrs", "--party", "NL-ABC"), "no CDR was derived yet"),
    (("audit", "replay"), "nothing in"),
    (("party", "token", "NL-XYZ"), "there is no party NL-XYZ"),
    (
        ("api-key", "add", "k", "--scope", "bogus"),
        "there are read, chargers, invoices, sessions, clock",
    ),
    (("policy", "set", "settle_s=5", "nonsense=5"), "there is no policy nonsense"),
    (("policy", "set", "free_vend=1"), "is true or false"),
    (("policy", "set", "flat_scop=session"), "did you mean flat_scope?"),
    (("policy", "set", "flat_scope=sometimes"), "choose from phase, session"),
    (("policy", "set", "--party", "NL-ABC", "settle_s=5"), "for the whole house"),
    (("policy", "set", "--party", "NL-XXX", "flat_scope=session"), "there is no party NL-XXX"),
    (("policy", "set", "zero_below_wh=two"), "is a whole number"),
]


@pytest.mark.parametrize(("words", "told"), REFUSED_IN_A_HOUSE, ids=lambda one: str(one)[:40])
def test_refusals_write_nothing(house: Call, data: Path, words: tuple[str, ...], told: str) -> None:
    before = len(said(data))
    result = house(*words, code=1)
    assert told in result.output
    assert len(said(data)) == before


def test_a_file_with_a_mistake_writes_nothing(house: Call, data: Path) -> None:
    before = len(said(data))
    lines = json.dumps(LOCATION | {"id": "A"}) + "\n" + json.dumps(LOCATION | {"time_zone": "Mars"})
    result = house("location", "add", "--file", "-", code=1, stdin=lines)
    assert "time_zone: expected an IANA time zone" in result.output
    result = house("location", "add", "--file", "-", code=1, stdin=f"{lines}\nnot json")
    assert "line 3: not JSON" in result.output
    assert len(said(data)) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_access(call: Call, data: Path) -> None:
    data.mkdir()
    data.chmod(0o500)
    result = call("party", "add", "NL-ABC", "--name", "X", code=1)
    assert result.output.count("\n") == 1


NO_DATA = {"price", "explain", "lint", "verify", "generate"}
"""Commands on OCPI objects, which need no data folder."""


def test_every_command_has_help_with_examples() -> None:
    runner = CliRunner()
    top = runner.invoke(app, ["--help"]).output
    for name in COMMANDS:
        assert name in top
        result = runner.invoke(app, [name, "--help"])
        assert result.exit_code == 0
        groups = {"station", "location", "token", "tariff", "party", "api-key", "policy", "audit"}
        if name in groups | {"invoice", "export", "session", "finding", "rerate"}:
            assert "Commands:" in result.output
        else:
            assert "Example" in result.output
            assert ("--data" in result.output) is (name not in NO_DATA)


def test_help_imports_no_engine() -> None:
    """Asking for help must cost nothing: no engine, no web server, not even the log."""
    code = (
        "import sys; sys.argv = ['wattproof', '--help']\n"
        "from wattproof.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'dagster', 'polars', 'duckdb', 'sqlalchemy', 'fastapi', 'pydantic', 'rich'}\n"
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_an_error_nobody_foresaw_is_one_line(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("wattproof.commands.party.record", broken)
    result = call("party", "add", "NL-ABC", "--name", "X", code=1)
    assert result.output.startswith("wattproof: unexpected ZeroDivisionError: of all things")
    details = Path(result.output.split()[-1])
    assert "ZeroDivisionError" in details.read_text()
    details.unlink()
