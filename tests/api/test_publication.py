"""A partner that polls from its last poll on gets every CDR once, however late it was derived."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.lake_queries import LakeQueries
from api.ocpi.charges import Charges
from api.ocpi.paging import ListQuery
from api.ocpi.publication import Publication, published
from ingest.protocols.ocpi import loads
from warehouse.clock import to_ns
from warehouse.lake import Lake
from warehouse.registry import Change, Registry

FIRST = datetime(2026, 10, 10, 8, tzinfo=UTC)
MS = timedelta(milliseconds=1)


def finish(registry: Registry, index: int, watermark: datetime, at: datetime) -> None:
    run = {"watermark_ns": to_ns(watermark), "finished_ns": to_ns(at)}
    registry.project([Change("run", (index,), run)], origin="books", next_index=index + 1)


def polled(charges: Charges, since: datetime | None, until: datetime | None = None) -> list[Any]:
    query = ListQuery(since, until, offset=0, limit=100, cap=100)
    return [loads(text) for text in charges.cdrs("2.2.1", "NL-AAA", query).texts]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Registry]:
    with closing(Registry.open(tmp_path / "empty.sqlite")) as registry:
        yield registry


def test_a_cdr_is_seen_once_its_run_has_finished_and_dated_by_that(
    tmp_path: Path, empty: Registry, make_cdr: Any, write_lake: Any
) -> None:
    write_lake(
        Lake(tmp_path), [make_cdr(n, "NL-AAA", FIRST + n * timedelta(hours=1)) for n in (0, 1)]
    )
    with closing(LakeQueries(tmp_path)) as queries:
        charges = Charges(queries, Publication(empty, lambda: None))
        assert polled(charges, None) == []
        first_poll = FIRST + timedelta(hours=3)
        finish(empty, 0, FIRST + timedelta(minutes=10), first_poll - MS)
        assert [cdr["id"] for cdr in polled(charges, None)] == ["cdr-00000"]
        late = first_poll + timedelta(hours=2)
        finish(empty, 1, first_poll, late)
        (second,) = polled(charges, first_poll)
        assert second["id"] == "cdr-00001"
        assert second["last_updated"] == "2026-10-10T13:00:00Z"
        assert polled(charges, late + MS) == []
        assert [cdr["id"] for cdr in polled(charges, None, late)] == ["cdr-00000"]


def test_sessions_follow_the_same_instants(
    tmp_path: Path, empty: Registry, make_cdr: Any, write_lake: Any
) -> None:
    write_lake(Lake(tmp_path), [make_cdr(0, "NL-AAA", FIRST)])
    query = ListQuery(None, None, offset=0, limit=100, cap=100)
    with closing(LakeQueries(tmp_path)) as queries:
        charges = Charges(queries, Publication(empty, lambda: None))
        assert charges.sessions("2.2.1", "NL-AAA", query).texts == []
        finish(empty, 0, FIRST, FIRST + timedelta(hours=9))
        (session,) = charges.sessions("2.2.1", "NL-AAA", query).texts
        assert loads(session)["last_updated"] == "2026-10-10T17:00:00Z"


RUNS = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 900)), min_size=1, max_size=6)


@given(RUNS, st.lists(st.integers(0, 2_000), max_size=8), st.lists(st.integers(0, 9_000)))
def test_polls_in_a_row_see_everything_once(
    runs: list[tuple[int, int]], emitted: list[int], polls: list[int]
) -> None:
    """Runs are (how far the watermark moved, how long it took), in ticks of 0.3 ms."""
    with closing(Registry.open("sqlite://")) as registry:
        tick = timedelta(microseconds=300)
        mark = done = FIRST
        for index, (moved, took) in enumerate(runs):
            mark += moved * tick
            done = max(done, mark) + took * tick
            finish(registry, index, mark, done)
        publication = Publication(registry, lambda: None)
        visible = publication.bound()
        seen = [at for at in (FIRST + n * tick for n in emitted) if at < visible]
        told = publication.instants(seen)
        edges = [FIRST + n * tick for n in sorted(polls)]
        bounds = [datetime(1970, 1, 1, tzinfo=UTC), *map(publication.bound, edges), visible]
        assert bounds == sorted(bounds)
        for at, instant in zip(seen, told, strict=True):
            assert instant.microsecond % 1000 == 0
            for edge, bound in zip(edges, bounds[1:], strict=False):
                assert (at < bound) == (instant < edge)


def test_only_the_last_field_is_told_anew() -> None:
    text = '{"id":"1","tariffs":[{"last_updated":"2026-01-01T00:00:00Z"}],"last_updated":"x"}'
    again = loads(published(text, FIRST))
    assert again["last_updated"] == "2026-10-10T08:00:00Z"
    assert again["tariffs"][0]["last_updated"] == "2026-01-01T00:00:00Z"
