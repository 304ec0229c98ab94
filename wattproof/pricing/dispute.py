"""Verified CDRs as rows to work through: JSON, flat rows and a data frame, with pointers.

Knows names and order. Refuses to judge, and to hide: an unreadable CDR is a row too.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl

from billing.verify.report import Check, Kind
from ingest.protocols.ocpi import Wire
from ingest.protocols.ocpi.wire import instant
from wattproof.pricing.columns import values
from wattproof.pricing.reading import Policy, TariffMissingError, Tariffs, ZoneUnknownError
from wattproof.pricing.verify import DEFAULT_TERMS, Terms, Verified, verify_many
from wattproof.pricing.written import digits
from wattproof.refusals import RefusalError

_EXACT = pl.Decimal(38, 12)
SCHEMA: dict[str, Any] = {
    "row": pl.Int64,
    "cdr": pl.String,
    "partner": pl.String,
    "start": pl.String,
    "currency": pl.String,
    "at_stake": _EXACT,
    "group": pl.String,
    "field": pl.String,
    "side": pl.String,
    "kind": pl.String,
    "claimed": _EXACT,
    "computed": _EXACT,
    "difference": _EXACT,
    "tolerance": _EXACT,
    "unit": pl.String,
    "cause": pl.String,
    "message": pl.String,
    "pointer": pl.String,
}
"""Columns of a row: a CDR and one of its fields. `at_stake` is the CDR's, in its currency."""
LACKS: dict[type[RefusalError], str] = {
    TariffMissingError: "tariff_missing",
    ZoneUnknownError: "zone_unknown",
}
"""What a CDR lacks that whoever verifies it can give."""


def as_json(verified: Verified) -> Wire:
    """A report. Amounts before rounding to the wire are never shown: claimed as written, computed
    at the claim's precision. Print it with `ingest.protocols.ocpi.dumps`.
    """
    report, found = verified.report, verified.report.explanation
    return {
        "id": report.cdr_id,
        "version": verified.version,
        "partner": verified.partner,
        "start_date_time": instant(verified.cdr.start_at),
        "credit": verified.cdr.credit,
        "currency": report.currency,
        "claimed": digits(report.claimed),
        "computed": None if report.computed is None else digits(report.computed),
        "at_stake": digits(report.at_stake),
        "kind": verified.kind.value,
        "explanation": None
        if found is None
        else {
            "kind": found.kind.value,
            "code": found.code,
            "message": found.message,
            "also": list(found.also),
        },
        "fields": [_field(verified, check) for check in report.checks],
        "notes": [
            {"code": one.code, "message": one.message, "pointer": one.pointer}
            for one in verified.notes
        ],
    }


def _field(verified: Verified, check: Check) -> Wire:
    return {
        "group": check.group.value,
        "field": check.field,
        "side": check.side.value,
        "kind": check.kind.value,
        "claimed": _digits(check.claimed),
        "computed": _digits(check.computed),
        "difference": _digits(check.difference),
        "tolerance": digits(check.tolerance),
        "unit": check.unit,
        "cause": check.cause,
        "message": check.message,
        "pointer": verified.pointer(check),
    }


def _digits(value: Decimal | None) -> Decimal | None:
    return None if value is None else digits(value)


def cause_of(refusal: RefusalError) -> str:
    """The code of why a CDR was not verified at all."""
    return LACKS.get(type(refusal), "unreadable")


def rows(number: int, one: Verified | RefusalError) -> Iterator[dict[str, Any]]:
    """Every field of a CDR as a flat row with the columns of SCHEMA; `number` is the CDR's."""
    if isinstance(one, RefusalError):
        yield dict.fromkeys(SCHEMA) | {
            "row": number,
            "cdr": one.about or None,
            "kind": Kind.NOT_CHECKED.value,
            "cause": cause_of(one),
            "message": one.reason,
        }
        return
    whole = {
        "row": number,
        "cdr": one.report.cdr_id,
        "partner": one.partner,
        "start": instant(one.cdr.start_at),
        "currency": one.report.currency,
        "at_stake": one.report.at_stake,
    }
    for check in one.report.checks:
        yield whole | _field(one, check)


def verify_frame(
    frame: pl.DataFrame,
    *,
    column: str = "cdr",
    terms: Terms = DEFAULT_TERMS,
    tariff: Tariffs = None,
    time_zone: str | None = None,
    policy: Policy = None,
    ocpi: str = "",
) -> pl.DataFrame:
    """A row for each field of each CDR of `frame`, whose `column` holds CDRs as JSON text.

    `row` is the CDR's place in `frame`, from 0; keep the kinds policy, mistake and unexplained for
    what differs. A CDR that cannot be read has one row of kind not_checked, cause unreadable
    (zone_unknown, tariff_missing: what can be given).
    Options as of `verify`. Raises ValueError for a frame without the column.
    """
    texts = values(frame, column, "CDRs as JSON text")
    reports = verify_many(
        texts, terms, tariff=tariff, time_zone=time_zone, policy=policy, ocpi=ocpi
    )
    found = [row for at, one in enumerate(reports) for row in rows(at, one)]
    return pl.DataFrame(found, schema=SCHEMA)
