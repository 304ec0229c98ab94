"""What partners pull: pages, filters, ownership; OCPI 2.2.1 transport_and_format, Pagination."""

import re
from typing import Any

import pytest

from ingest.protocols.ocpi import VERSIONS, check, loads

MODULES = {"cdrs": "CDR", "sessions": "Session", "tariffs": "Tariff", "locations": "Location"}
SIZES = {"cdrs": 25, "sessions": 25, "tariffs": 2, "locations": 3}


def link_of(response: Any) -> str:
    match = re.fullmatch(r'<([^>]+)>; rel="next"', response.headers.get("Link", ""))
    return match[1] if match else ""


async def crawl(world: Any, url: str, party: str = "NL-AAA") -> list[Any]:
    pages = []
    while url:
        assert len(pages) < 100, "the Link leads in circles"
        response = await world.ocpi(url, party)
        assert response.status_code == 200, response.text
        pages.append(response)
        url = link_of(response)
    return pages


def ids(pages: list[Any]) -> list[str]:
    return [found["id"] for page in pages for found in page.json()["data"]]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("module", MODULES)
async def test_every_object_satisfies_the_tables(world: Any, version: str, module: str) -> None:
    response = await world.ocpi(f"/ocpi/cpo/{version}/{module}")
    envelope = loads(response.text)
    assert response.status_code == 200
    assert envelope["status_code"] == 1000
    assert envelope["timestamp"] == "2026-10-20T12:00:00Z"
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["X-Total-Count"]) == len(envelope["data"]) == SIZES[module]
    assert int(response.headers["X-Limit"]) >= 100
    assert "Link" not in response.headers
    for found in envelope["data"]:
        assert check(version, MODULES[module], found) == ()


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("limit", [1, 7])
async def test_crawling_by_link_yields_all_of_it_once(world: Any, module: str, limit: int) -> None:
    pages = await crawl(world, f"/ocpi/cpo/2.2.1/{module}?limit={limit}&vendor=x")
    found = ids(pages)
    assert len(found) == len(set(found)) == SIZES[module]
    assert {page.headers["X-Total-Count"] for page in pages} == {str(SIZES[module])}
    assert all(len(page.json()["data"]) == limit for page in pages[:-1])
    assert found == ids(await crawl(world, f"/ocpi/cpo/2.2.1/{module}?limit={limit}"))


@pytest.mark.parametrize("module", MODULES)
async def test_crawling_by_offset_yields_all_of_it_once(world: Any, module: str) -> None:
    found = [
        item["id"]
        for offset in range(SIZES[module] + 2)
        for item in (await world.ocpi(f"/ocpi/cpo/2.2.1/{module}?offset={offset}&limit=1")).json()[
            "data"
        ]
    ]
    assert found == ids(await crawl(world, f"/ocpi/cpo/2.2.1/{module}"))


async def test_link_keeps_every_filter(world: Any) -> None:
    url = "/ocpi/cpo/2.2.1/cdrs?limit=2&date_from=2026-10-11T00:00:00Z&date_to=2026-10-14T00:00:00Z"
    pages = await crawl(world, url)
    assert all("date_from=" in link and "date_to=" in link for link in map(link_of, pages[:-1]))
    assert link_of(pages[0]).startswith("https://wtp.example/ocpi/cpo/2.2.1/cdrs?")
    stamps = [found["last_updated"] for page in pages for found in page.json()["data"]]
    assert stamps == sorted(stamps)
    assert stamps[0] >= "2026-10-11T00:00:00Z"
    assert stamps[-1] < "2026-10-14T00:00:00Z"
    assert pages[0].headers["X-Total-Count"] == str(len(stamps))


async def test_date_from_is_inclusive_and_date_to_exclusive(world: Any) -> None:
    everything = (await world.ocpi("/ocpi/cpo/2.2.1/cdrs")).json()["data"]
    bound = everything[10]["last_updated"]
    later = (await world.ocpi(f"/ocpi/cpo/2.2.1/cdrs?date_from={bound}")).json()["data"]
    earlier = (await world.ocpi(f"/ocpi/cpo/2.2.1/cdrs?date_to={bound}")).json()["data"]
    assert later == everything[10:]
    assert earlier == everything[:10]


async def test_a_future_date_from_gives_an_empty_list(world: Any) -> None:
    for module in MODULES:
        response = await world.ocpi(f"/ocpi/cpo/2.2.1/{module}?date_from=2030-01-01T00:00:00Z")
        assert response.json()["data"] == []
        assert response.headers["X-Total-Count"] == "0"


async def test_limit_above_the_cap_is_cut_to_it(world: Any) -> None:
    response = await world.ocpi("/ocpi/cpo/2.2.1/cdrs?limit=999999999")
    assert response.json()["status_code"] == 1000
    assert int(response.headers["X-Limit"]) == 1000


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "limit=-1", "offset=-1", "offset=1.5", "date_from=yesterday",
     "date_to=2026-13-01T00:00:00Z", "cursor=%00", "cursor=W10"],
)  # fmt: skip
async def test_bad_parameters_are_2001_under_200(world: Any, query: str) -> None:
    response = await world.ocpi(f"/ocpi/cpo/2.2.1/cdrs?{query}")
    assert (response.status_code, response.json()["status_code"]) == (200, 2001)
    assert "data" not in response.json()
    assert query.partition("=")[0] in response.json()["status_message"]


@pytest.mark.parametrize("module", ["cdrs", "sessions"])
async def test_a_party_sees_only_its_own(world: Any, module: str) -> None:
    mine = ids([await world.ocpi(f"/ocpi/cpo/2.2.1/{module}", "NL-AAA")])
    theirs = ids([await world.ocpi(f"/ocpi/cpo/2.2.1/{module}", "NL-BBB")])
    assert len(theirs) == 3
    assert not set(mine) & set(theirs)
    owners = {
        found["cdr_token"]["party_id"]
        for found in (await world.ocpi(f"/ocpi/cpo/2.2.1/{module}", "NL-BBB")).json()["data"]
    }
    assert owners == {"BBB"}


async def test_tariffs_are_those_offered_and_in_force(world: Any) -> None:
    mine = (await world.ocpi("/ocpi/cpo/2.2.1/tariffs", "NL-AAA")).json()["data"]
    theirs = ids([await world.ocpi("/ocpi/cpo/2.2.1/tariffs", "NL-BBB")])
    assert sorted(found["id"] for found in mine) == ["T-AAA", "T1"]
    assert sorted(theirs) == ["T-BBB", "T1"]


async def test_a_tariff_that_comes_into_force_is_seen_by_who_polls(world: Any) -> None:
    url = "/ocpi/cpo/2.2.1/tariffs?date_from=2026-11-01T00:00:00Z"
    assert (await world.ocpi(url)).json()["data"] == []
    world.clock.advance(world.clock.now_ns() + 60 * 86_400 * 1_000_000_000)
    assert ids([await world.ocpi(url)]) == ["T1"]


async def test_locations_by_object_equal_the_list_entry(world: Any) -> None:
    listed = (await world.ocpi("/ocpi/cpo/2.2.1/locations")).json()["data"][0]
    base = f"/ocpi/cpo/2.2.1/locations/{listed['id']}"
    evse = listed["evses"][0]
    assert (await world.ocpi(base)).json()["data"] == listed
    assert (await world.ocpi(f"{base}/{evse['uid']}")).json()["data"] == evse
    connector = (await world.ocpi(f"{base}/{evse['uid']}/1/")).json()["data"]
    assert connector == evse["connectors"][0]
    assert connector["tariff_ids"] == ["T-AAA", "T1"]
    assert connector["max_electric_power"] == 22000
    for missing in ("/ocpi/cpo/2.2.1/locations/L9", f"{base}/x", f"{base}/{evse['uid']}/7"):
        response = await world.ocpi(missing)
        assert (response.status_code, response.json()["status_code"]) == (404, 2003)


@pytest.mark.parametrize(("party", "own"), [("NL-AAA", "T-AAA"), ("NL-BBB", "T-BBB")])
async def test_a_location_names_only_tariffs_offered_to_who_asks(
    world: Any, party: str, own: str
) -> None:
    listed = (await world.ocpi("/ocpi/cpo/2.2.1/locations", party)).json()["data"]
    alone = (await world.ocpi("/ocpi/cpo/2.2.1/locations/L1/CP-1-1/1", party)).json()["data"]
    told = [c for place in listed for evse in place.get("evses", ()) for c in evse["connectors"]]
    assert len(told) == 2
    assert all(connector["tariff_ids"] == [own, "T1"] for connector in [*told, alone])


async def test_numbers_come_as_they_were_written(world: Any) -> None:
    text = (await world.ocpi("/ocpi/cpo/2.2.1/cdrs?limit=1")).text
    assert '"total_cost":{"excl_vat":2.63,"incl_vat":3.18}' in text
    assert '"volume":7.5' in text
