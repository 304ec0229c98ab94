"""CDRs and sessions for partners, from the lake: each party sees its own, and nobody else's."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from api.envelope import instant_of
from api.lake_queries import LakeQueries
from api.ocpi.paging import ListQuery, Page, Place
from billing.cdr import CDR
from billing.record import loads as load_record
from ingest.protocols.ocpi import completed, dumps, write_session
from ingest.protocols.ocpi.wire import instant

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = datetime(9000, 1, 1, tzinfo=UTC)
_BEFORE_ALL: Place = (-1, "")
_AFTER_ALL: Place = (2**62, "")


class Charges:
    """The lake's CDRs and sessions as OCPI lists."""

    def __init__(self, lake: LakeQueries) -> None:
        self._lake = lake
        self._totals = lru_cache(maxsize=512)(self._count)

    def cdrs(self, version: str, party: str, query: ListQuery) -> Page:
        """A page of CDR texts, as they were written when they came to be."""
        upto = query.upto or _AFTER_ALL
        bounds = (version, party, query.date_from or _FIRST, query.date_to or _NEVER, upto)
        total, newest = self._totals(self._lake.signature("ocpi_export"), bounds)
        after = query.after or _BEFORE_ALL
        rows = self._lake.rows(
            "ocpi_cdr_page",
            "ocpi_export",
            **_parameters(bounds, not_before=after[0]),
            after_us=after[0],
            after_id=after[1],
            page_size=query.limit + 1,
            skipped=0 if query.after else query.offset,
        )
        shown = rows[: query.limit]
        return Page(
            texts=[row["object"] for row in shown],
            total=total,
            last=(shown[-1]["created_us"], shown[-1]["cdr_id"]) if shown else None,
            more=len(rows) > query.limit,
            upto=query.upto or newest,
        )

    def sessions(self, version: str, party: str, query: ListQuery) -> Page:
        """A page of Session texts: ended sessions, each as its newest CDR tells it.

        A session whose every CDR was credited is INVALID: nothing is charged for it any more.
        """
        upto = query.upto or _AFTER_ALL
        bounds = (version, party, query.date_from or _FIRST, query.date_to or _NEVER, upto)
        found = self._lake.rows("ocpi_session_page", "cdr", **_parameters(bounds))
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

    def _session_texts(self, version: str, shown: list[dict[str, Any]]) -> list[str]:
        wanted = [row["cdr_id"] for row in shown]
        records = {
            row["cdr_id"]: row["record"]
            for row in self._lake.rows("ocpi_cdr_record", "cdr", cdr_ids=wanted)
        }
        return [_session_text(version, records[row["cdr_id"]], row) for row in shown]

    def _count(
        self, _files: tuple[str, ...], bounds: tuple[str, str, datetime, datetime, Place]
    ) -> tuple[int, Place | None]:
        """Total and newest place; the files are named so that an answer dies with them."""
        for row in self._lake.rows("ocpi_cdr_total", "ocpi_export", **_parameters(bounds)):
            if row["total"]:
                return row["total"], (row["newest"]["at_us"], row["newest"]["id"])
        return 0, None


def _session_text(version: str, record: str, row: dict[str, Any]) -> str:
    wire = write_session(version, completed(load_record(CDR, record)))
    if not row["live"]:
        wire["status"] = "INVALID"
    wire["last_updated"] = instant(instant_of(row["updated_us"] * 1000))
    return dumps(wire)


def _parameters(
    bounds: tuple[str, str, datetime, datetime, Place], *, not_before: int = 0
) -> dict[str, object]:
    version, party, date_from, date_to, upto = bounds
    first = max(date_from, _FIRST + timedelta(microseconds=max(0, not_before)))
    return {
        "ocpi_version": version,
        "party": party,
        "date_from": date_from,
        "date_to": date_to,
        "first_day": first.astimezone(UTC).date(),
        "last_day": date_to.astimezone(UTC).date(),
        "upto_us": upto[0],
        "upto_id": upto[1],
    }
