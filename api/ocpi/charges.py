"""CDRs and sessions for partners, from the lake: each party sees its own, and nobody else's."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from api.envelope import instant_of
from api.lake_queries import LakeQueries
from api.ocpi.paging import ListQuery, Page, Place
from api.ocpi.publication import Publication, published
from billing.cdr import CDR
from billing.record import loads as load_record
from ingest.protocols.ocpi import completed, dumps, write_session
from ingest.protocols.ocpi.wire import instant

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_BEFORE_ALL: Place = (-1, "")
_AFTER_ALL: Place = (2**62, "")


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What a list request may see: emitted from `date_from` on, before `date_to` and `visible`."""

    ocpi_version: str
    party: str
    date_from: datetime
    date_to: datetime
    visible: datetime
    upto: Place

    def parameters(self, *, not_before_us: int = 0) -> dict[str, object]:
        """The parameters of the queries; `not_before_us` lets whole days be passed over."""
        first = max(self.date_from, _FIRST + timedelta(microseconds=max(0, not_before_us)))
        return {
            "ocpi_version": self.ocpi_version,
            "party": self.party,
            "date_from": self.date_from,
            "date_to": self.date_to,
            "visible": self.visible,
            "first_day": first.date(),
            "last_day": self.date_to.date(),
            "upto_us": self.upto[0],
            "upto_id": self.upto[1],
        }


class Charges:
    """The lake's CDRs and sessions as OCPI lists, as far as finished runs have brought them."""

    def __init__(self, lake: LakeQueries, publication: Publication) -> None:
        self._lake, self._publication = lake, publication
        self._totals = lru_cache(maxsize=512)(self._count)

    def cdrs(self, version: str, party: str, query: ListQuery) -> Page:
        """A page of CDR texts, as they were written when they came to be."""
        bounds = self._bounds(version, party, query)
        total, newest = self._totals(self._lake.signature("ocpi_export"), bounds)
        after = query.after or _BEFORE_ALL
        rows = self._lake.rows(
            "ocpi_cdr_page",
            "ocpi_export",
            **bounds.parameters(not_before_us=after[0]),
            after_us=after[0],
            after_id=after[1],
            page_size=query.limit + 1,
            skipped=0 if query.after else query.offset,
        )
        shown = rows[: query.limit]
        told = self._told([row["created_us"] for row in shown])
        return Page(
            texts=[published(row["object"], at) for row, at in zip(shown, told, strict=True)],
            total=total,
            last=(shown[-1]["created_us"], shown[-1]["cdr_id"]) if shown else None,
            more=len(rows) > query.limit,
            upto=query.upto or newest,
        )

    def sessions(self, version: str, party: str, query: ListQuery) -> Page:
        """A page of Session texts: ended sessions, each as its newest CDR tells it.

        A session whose every CDR was credited is INVALID: nothing is charged for it any more.
        """
        bounds = self._bounds(version, party, query)
        found = self._lake.rows("ocpi_session_page", "cdr", **bounds.parameters())
        places = [(row["created_us"], row["session_id"]) for row in found]
        after = query.after
        start = query.offset if after is None else sum(place <= after for place in places)
        shown = found[start : start + query.limit]
        return Page(
            texts=self._session_texts(version, shown),
            total=len(found),
            last=places[start + len(shown) - 1] if shown else None,
            more=start + len(shown) < len(found),
            upto=query.upto or (places[-1] if places else None),
        )

    def _bounds(self, version: str, party: str, query: ListQuery) -> _Bounds:
        """The request's dates are instants of publication; the lake knows instants of emission."""
        visible = self._publication.bound()
        first = self._publication.bound(query.date_from) if query.date_from else _FIRST
        end = self._publication.bound(query.date_to) if query.date_to else visible
        upto = query.upto or _AFTER_ALL
        return _Bounds(version, party, first, min(end, visible), visible, upto)

    def _session_texts(self, version: str, shown: list[dict[str, Any]]) -> list[str]:
        wanted = [row["cdr_id"] for row in shown]
        records = {
            row["cdr_id"]: row["record"]
            for row in self._lake.rows("ocpi_cdr_record", "cdr", cdr_ids=wanted)
        }
        told = self._told([row["updated_us"] for row in shown])
        return [
            _session_text(version, records[row["cdr_id"]], at, live=bool(row["live"]))
            for row, at in zip(shown, told, strict=True)
        ]

    def _told(self, emitted_us: list[int]) -> list[datetime]:
        return self._publication.instants([instant_of(at_us * 1000) for at_us in emitted_us])

    def _count(self, _files: tuple[str, ...], bounds: _Bounds) -> tuple[int, Place | None]:
        """Total and newest place; the files are named so that an answer dies with them."""
        for row in self._lake.rows("ocpi_cdr_total", "ocpi_export", **bounds.parameters()):
            if row["total"]:
                return row["total"], (row["newest"]["at_us"], row["newest"]["id"])
        return 0, None


def _session_text(version: str, record: str, updated: datetime, *, live: bool) -> str:
    wire = write_session(version, completed(load_record(CDR, record)))
    if not live:
        wire["status"] = "INVALID"
    wire["last_updated"] = instant(updated)
    return dumps(wire)
