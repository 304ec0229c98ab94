"""A crawl sees each object once, whatever comes in or changes while it goes on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from api.lake_queries import LakeQueries
from api.ocpi.charges import Charges
from api.ocpi.paging import ListQuery, Page, headers, read_query
from api.ocpi.places import Item, page_of
from api.ocpi.publication import Publication
from ingest.protocols.ocpi import loads
from warehouse.lake import Lake
from warehouse.registry import Registry

FIRST = datetime(2026, 10, 10, 8, tzinfo=UTC)


def asked(limit: int) -> ListQuery:
    return ListQuery(date_from=None, date_to=None, offset=0, limit=limit, cap=100)


def following(query: ListQuery, page: Page) -> ListQuery | None:
    link = headers(query, page, "https://x/y").get("Link")
    if link is None:
        return None
    return read_query(dict(parse_qsl(urlsplit(link[1 : link.index(">")]).query)), query.cap)


def test_cdrs_that_come_in_during_a_crawl_wait_for_the_next(
    tmp_path: Path, registry: Registry, make_cdr: Any, write_lake: Any
) -> None:
    lake = Lake(tmp_path)
    cdrs = [make_cdr(n, "NL-AAA", FIRST + timedelta(hours=n)) for n in range(5)]
    write_lake(lake, cdrs)
    queries = LakeQueries(tmp_path)
    charges = Charges(queries, Publication(registry, lambda: None))
    query: ListQuery | None = asked(2)
    seen: list[str] = []
    while query is not None:
        page = charges.cdrs("2.2.1", "NL-AAA", query)
        seen += [loads(text)["id"] for text in page.texts]
        assert page.total == 5
        cdrs.append(make_cdr(len(cdrs), "NL-AAA", FIRST + timedelta(hours=len(cdrs))))
        write_lake(lake, cdrs)
        query = following(query, page)
    assert seen == [f"cdr-{n:05}" for n in range(5)]
    assert charges.cdrs("2.2.1", "NL-AAA", asked(100)).total == len(cdrs)
    queries.close()


def test_a_credited_session_is_invalid_and_a_replaced_one_moves_only_in_time(
    tmp_path: Path, registry: Registry, make_cdr: Any, write_lake: Any
) -> None:
    later = FIRST + timedelta(days=1)
    credit = {"credit": True, "credit_reference_id": "cdr-00001",
              "total_cost": {"excl_vat": -2.63, "incl_vat": -3.18}}  # fmt: skip
    cdrs = [make_cdr(n, "NL-AAA", FIRST + timedelta(hours=n)) for n in range(3)]
    cdrs += [
        make_cdr(10 + n, "NL-AAA", later, session_id=f"session-{n:05}", **credit) for n in (0, 1)
    ]
    replaced = make_cdr(20, "NL-AAA", later, session_id="session-00001", total_energy=9)
    cdrs.append(replaced)
    write_lake(Lake(tmp_path), cdrs, versions={replaced.id: 2})
    queries = LakeQueries(tmp_path)
    page = Charges(queries, Publication(registry, lambda: None)).sessions(
        "2.2.1", "NL-AAA", asked(10)
    )
    told = [loads(text) for text in page.texts]
    assert [(s["id"], s["status"], s["kwh"]) for s in told] == [
        ("session-00000", "INVALID", loads("7.5")),
        ("session-00001", "COMPLETED", 9),
        ("session-00002", "COMPLETED", loads("7.5")),
    ]
    assert [s["last_updated"] for s in told] == [
        "2026-10-11T08:00:00Z", "2026-10-11T08:00:00Z", "2026-10-10T10:00:00Z"
    ]  # fmt: skip
    queries.close()


@given(
    st.lists(st.integers(0, 5), max_size=12),
    st.lists(st.tuples(st.integers(0, 20), st.integers(6, 9)), max_size=12),
    st.integers(1, 4),
)
def test_no_skip_and_no_double_while_objects_move_and_come(
    created: list[int], changes: list[tuple[int, int]], limit: int
) -> None:
    """Objects are (created, id); a change bumps last_updated or adds one created later."""
    items = {f"o{n}": (at, FIRST) for n, at in enumerate(created)}
    before = set(items)
    moves = iter(changes)
    seen: list[str] = []
    query: ListQuery | None = asked(limit)
    while query is not None:
        page = page_of(
            [
                Item((at, name), updated, lambda name=name: {"id": name})  # type: ignore[misc]
                for name, (at, updated) in items.items()
            ],
            query,
        )
        seen += [loads(text)["id"] for text in page.texts]
        change = next(moves, None)
        if change is not None:
            name = f"o{change[0]}"
            items[name] = (
                items[name][0] if name in items else change[1],
                FIRST + timedelta(days=1),
            )
        query = following(query, page)
    assert len(seen) == len(set(seen))
    assert set(seen) == before
