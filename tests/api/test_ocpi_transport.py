"""Who is let in, and what every answer looks like: OCPI 2.2.1 transport_and_format."""

from base64 import b64encode
from typing import Any

import orjson
import pytest

from ingest.protocols.ocpi import VERSIONS, check, loads
from ingest.protocols.ocpi.versions import read_details, read_versions

TOKEN = "token-of-aaa-0123456789"
URLS = ["/ocpi/versions", "/ocpi/2.2.1", "/ocpi/cpo/2.2.1/cdrs", "/ocpi/cpo/2.1.1/locations/L1"]


def encoded(token: str) -> str:
    return b64encode(token.encode()).decode()


UNKNOWN = [
    None, "", "Token", "Token ", f"Bearer {encoded(TOKEN)}", f"Token {encoded('wrong')}",
    "Token wrong", "Token %%%", f"Token {encoded(TOKEN)}x", "Basic YTpi",
]  # fmt: skip


@pytest.mark.parametrize("url", URLS)
async def test_without_a_known_token_401_with_an_envelope(world: Any, url: str) -> None:
    for header in UNKNOWN:
        headers = {} if header is None else {"Authorization": header}
        response = await world.client.get(url, headers=headers)
        assert response.status_code == 401, header
        assert response.json()["status_code"] == 2000
        assert "data" not in response.json()
        assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (None, "expected a header Authorization: Token <base64 of your OCPI token>"),
        ("Token", "expected a header Authorization: Token <base64 of your OCPI token>"),
        (f"Bearer {TOKEN}", "expected a header Authorization: Token <base64 of your OCPI token>"),
        (f"Token {encoded('wrong')}", "unknown token"),
    ],
)
async def test_who_is_not_known_is_told_what_is_expected(
    world: Any, header: str | None, text: str
) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = await world.client.get("/ocpi/versions", headers=headers)
    assert (response.status_code, response.json()["status_message"]) == (401, text)
    assert response.headers["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(
    "credential",
    [encoded(TOKEN), encoded(TOKEN).rstrip("="), encoded(TOKEN + "\n"), TOKEN, f" {TOKEN}"],
)
async def test_encoded_and_raw_tokens_are_known(world: Any, credential: str) -> None:
    response = await world.client.get(
        "/ocpi/cpo/2.2.1/cdrs?limit=1", headers={"Authorization": f"Token {credential}"}
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("encoding", "credential", "status"),
    [("base64", TOKEN, 401), ("base64", encoded(TOKEN), 200),
     ("raw", TOKEN, 200), ("raw", encoded(TOKEN), 401)],
)  # fmt: skip
async def test_a_party_may_fix_its_encoding(
    world: Any, encoding: str, credential: str, status: int
) -> None:
    row = world.registry.party("NL-AAA")
    action = {**row["details"], "action": "party.add", "ocpi_token_encoding": encoding}
    world.registry.apply_action(action, at_ns=0, index=world.registry.position("operator"))
    response = await world.client.get(
        "/ocpi/versions", headers={"Authorization": f"Token {credential}"}
    )
    assert response.status_code == status


async def test_versions_and_details_name_each_other(world: Any) -> None:
    urls = read_versions(loads((await world.ocpi("/ocpi/versions")).text)["data"])
    assert tuple(urls) == VERSIONS
    for version, url in urls.items():
        details = loads((await world.ocpi(url)).text)["data"]
        assert check(version, "VersionDetails", details) == ()
        named, endpoints, notes = read_details(details)
        assert (named, notes) == (version, ())
        places = [(endpoint.module, endpoint.role) for endpoint in endpoints]
        assert len(set(places)) == len(places) == 4
        for endpoint in endpoints:
            assert endpoint.url.startswith("https://wtp.example/ocpi/cpo/")
            assert (await world.ocpi(endpoint.url)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/ocpi", "/ocpi/2.0", "/ocpi/cpo/2.2.1/nothing", "/ocpi/cpo/9/cdrs", "/ocpi/cpo"]
)
async def test_unknown_path_is_404_with_an_envelope(world: Any, path: str) -> None:
    response = await world.ocpi(path)
    assert response.status_code == 404
    assert response.json()["status_code"] == 2000


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_method_not_offered_is_405_with_an_envelope(world: Any, method: str) -> None:
    response = await world.client.request(method, "/ocpi/cpo/2.2.1/cdrs", content=b"{")
    assert response.status_code == 405
    assert response.json()["status_code"] == 2000
    assert response.headers["allow"] == "GET"


@pytest.mark.parametrize("url", URLS)
async def test_a_trailing_slash_changes_nothing(world: Any, url: str) -> None:
    plain, slashed = await world.ocpi(url), await world.ocpi(f"{url}/")
    assert slashed.status_code == plain.status_code == 200
    assert slashed.json() == plain.json()


@pytest.mark.parametrize("url", [*URLS, "/ocpi/nowhere", "/ocpi/cpo/2.2.1/cdrs?limit=x"])
async def test_request_ids_come_back(world: Any, url: str) -> None:
    response = await world.ocpi(url, **{"X-Request-ID": "r-1", "X-Correlation-ID": "c-1"})
    assert response.headers["X-Request-ID"] == "r-1"
    assert response.headers["X-Correlation-ID"] == "c-1"


@pytest.mark.parametrize("url", ["/ocpi/cpo/2.2.1/cdrs", "/ocpi/cpo/2.3.0/cdrs?limit=x",
                                 "/ocpi/cpo/2.2.1/locations/nowhere"])  # fmt: skip
async def test_functional_modules_say_from_whom_to_whom(world: Any, url: str) -> None:
    response = await world.ocpi(url, **{"OCPI-to-party-id": "AAA", "OCPI-from-party-id": "AAA"})
    routing = [response.headers[f"OCPI-{name}"] for name in (
        "from-country-code", "from-party-id", "to-country-code", "to-party-id")]  # fmt: skip
    assert routing == ["NL", "WTP", "NL", "AAA"]


@pytest.mark.parametrize("url", ["/ocpi/versions", "/ocpi/2.2.1", "/ocpi/cpo/2.1.1/cdrs"])
async def test_others_carry_no_routing(world: Any, url: str) -> None:
    assert not [name for name in (await world.ocpi(url)).headers if name.startswith("ocpi-")]


async def test_every_exchange_is_recorded_without_its_secret(world: Any) -> None:
    answers = [
        await world.ocpi("/ocpi/cpo/2.2.1/cdrs/?limit=1&x=%C3%A9", "NL-BBB"),
        await world.client.get("/ocpi/nowhere", headers={"Authorization": "Token secret"}),
        await world.client.post("/ocpi/versions", content=b"\xff\x00"),
    ]
    assert [(e.method, e.target, e.peer, e.status) for e in world.exchanges] == [
        ("GET", "/ocpi/cpo/2.2.1/cdrs/?limit=1&x=%C3%A9", "NL-BBB", 200),
        ("GET", "/ocpi/nowhere", "", 404),
        ("POST", "/ocpi/versions", "", 405),
    ]
    for exchange, answer in zip(world.exchanges, answers, strict=True):
        assert exchange.response_body == answer.content
        kept = orjson.loads(exchange.payload())
        assert kept["response"]["status"] == answer.status_code
        assert kept["response"]["body"] == answer.text
        assert not any(secret in exchange.payload() for secret in (b"token-of", b"secret", b"dG9r"))
    assert world.exchanges[0].protocol == "ocpi2.2.1"
    assert dict(world.exchanges[0].request_headers)["authorization"].startswith("sha256:")
    assert orjson.loads(world.exchanges[2].payload())["request"]["body_base64"] == "/wA="


async def test_nothing_is_answered_that_could_not_be_recorded(world: Any) -> None:
    world.log_is_full = True
    response = await world.ocpi("/ocpi/cpo/2.2.1/cdrs")
    assert (response.status_code, response.json()["status_code"]) == (503, 3000)
    assert "data" not in response.json()
    world.log_is_full = False
    assert (await world.ocpi("/ocpi/cpo/2.2.1/cdrs")).status_code == 200


async def test_our_own_fault_is_3000_with_an_envelope_and_recorded(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: Any) -> list[Any]:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(type(world.registry), "locations", broken)
    response = await world.ocpi("/ocpi/cpo/2.2.1/locations")
    assert (response.status_code, response.json()["status_code"]) == (500, 3000)
    assert "broken" not in response.text
    assert world.exchanges[-1].status == 500
