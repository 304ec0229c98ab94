"""A CDR read for its price: what the price needs must be there, all else may be missing.

Partners' CDRs lack fields that a price has no use for. `read_cdr` refuses such an object, because
it is a party's word; here it is read all the same, every lack noted with its pointer. Needed are
the stamps, the charging periods with their volumes, and tariffs with elements.
OCPI 2.2.1 mod_cdrs, CDR, ChargingPeriod, CdrDimension.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from billing.cdr import CDR
from billing.money import UnknownCurrency, minor_unit
from billing.tariff import Tariff
from ingest.protocols.ocpi.errors import Problem, UnknownVersionError
from ingest.protocols.ocpi.guess import version_of
from ingest.protocols.ocpi.periods import PRICED, stated_periods
from ingest.protocols.ocpi.published import original_text
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import VERSIONS, check, schema
from ingest.protocols.ocpi.v211 import cdrs as cdrs_v211
from ingest.protocols.ocpi.v211 import tariffs as tariffs_v211
from ingest.protocols.ocpi.v221 import cdrs as cdrs_v221
from ingest.protocols.ocpi.v221 import tariffs as tariffs_v221
from ingest.protocols.ocpi.v230 import tariffs as tariffs_v230
from ingest.protocols.ocpi.wire import Note, Notes, Wire

_TARIFFS: dict[str, Callable[[Reader], Tariff]] = {
    "2.1.1": tariffs_v211.read_from,
    "2.2.1": tariffs_v221.read_from,
    "2.3.0": tariffs_v230.read_from,
}
END = {"2.1.1": "stop_date_time", "2.2.1": "end_date_time", "2.3.0": "end_date_time"}
"""What the instant of a CDR's end is called."""

_PLACEHOLDER = datetime(1970, 1, 2, tzinfo=UTC)
_LONGEST = timedelta(days=3_660)
_TARIFF_FIELDS = (
    "currency", "elements", "min_price", "max_price", "start_date_time", "end_date_time",
    "tax_included",
)  # fmt: skip


def read_priceable(version: str, wire: Wire, *, by_start: bool = False) -> tuple[CDR, Notes]:
    """The CDR with the times its periods state; raises MalformedObjectError for what is needed.

    What is missing and not needed is empty, zero or 1970-01-01. Of a 2.2.1 or 2.3.0 CDR the time
    zone is read where a peer added one to its location. A credit is positive, as in `read_cdr`.
    `by_start` prices periods in the order of their starts, else they stand as given.
    """
    read_tariff = _reader_of(version)
    fields = Reader(_with_currency(wire))
    periods_of = partial(stated_periods, by_start=by_start)
    cdr = (
        cdrs_v211.read_from(fields, read_tariff, periods_of)
        if version == "2.1.1"
        else cdrs_v221.read_from(fields, version, read_tariff, periods_of)
    )
    location = replace(cdr.location, time_zone=_zone(fields, version))
    cdr = replace(cdr, location=location)
    _check(fields, version, cdr)
    needed = partial(_is_needed, version, wire)
    checked = _checked(version, wire) if isinstance(wire, dict) else check(version, "CDR", wire)
    notes = fields.settle(f"CDR of OCPI {version}", needed, checked)
    return cdr, _gravest_first(wire, notes)


_LIKENESS = 0.7


def _gravest_first(wire: Wire, notes: Notes) -> Notes:
    """The notes, those on volumes that have no price in front, in words of their own; none on a
    dimension that was read all the same.
    """
    read = {note.pointer for note in notes if note.code == "dimension_case"}
    lost, others = [], []
    for note in notes:
        unpriced = _unpriced(wire, note) if note.code == "unknown_value" else None
        if unpriced is not None:
            lost.append(unpriced)
        elif note.code != "unknown_value" or note.pointer not in read:
            others.append(note)
    return (*lost, *others)


def _unpriced(wire: Wire, note: Note) -> Note | None:
    """What to say of a type of dimension that no version has; None of any other value."""
    path = note.pointer.split("/")[1:]
    if path[:1] != ["charging_periods"] or path[-1] != "type":
        return None
    name = str(_within(wire, *path))
    if any(name.upper() in schema(version).enums["CdrDimensionType"] for version in VERSIONS):
        return None
    near = get_close_matches(name.upper(), sorted(PRICED), 1, _LIKENESS)
    meant = f" ({near[0]}?)" if near else ""
    volume = _within(wire, *path[:-1], "volume")
    text = f"{name[:40]} is no dimension of OCPI{meant}: its volume of {volume} has no price"
    return Note("unknown_dimension", note.pointer, text)


def read_priceable_tariff(version: str, wire: Wire) -> tuple[Tariff, Notes]:
    """A tariff of which only what a price needs must be there; raises MalformedObjectError."""
    read_tariff = _reader_of(version)
    fields = Reader(_in_capitals(wire))
    tariff = read_tariff(fields)
    _check_currency(fields)
    own = _spoken(version, fields.fields)
    notes = fields.settle(
        f"Tariff of OCPI {own}",
        lambda pointer: _tariff_needs(pointer.split("/")[1:], wire),
        _of_own_version(version, own, check(own, "Tariff", wire)),
    )
    return tariff, notes


def _reader_of(version: str) -> Callable[[Reader], Tariff]:
    if version not in _TARIFFS:
        raise UnknownVersionError(version, VERSIONS)
    return partial(_tariff, version)


class _Known(NamedTuple):
    """A tariff that was read, with what there was to tell of it and of its tables."""

    tariff: Tariff
    faults: tuple[Problem, ...]
    notes: Notes
    checked: Notes


_KNOWN: dict[tuple[str, str], _Known] = {}
_MOST_KNOWN = 4_096


def _known(version: str, wire: Wire) -> _Known:
    """Many CDRs carry the same tariff: it is read once, and the same text gives the same object,
    which pricing knows again.
    """
    key = (version, original_text(wire))
    found = _KNOWN.get(key)
    if found is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        own, alone = _spoken(version, wire), Reader(wire)
        tariff = _TARIFFS[own](alone)
        faults, notes = alone.told()
        if own != version:
            text = f"it has fields of OCPI {own} that bear on the price: read as that"
            notes = (Note("tariff_of_newer_version", "", text), *notes)
            faults = tuple(one for one in faults if one.pointer not in _OWNER)
        checked = _of_own_version(version, own, check(own, "Tariff", wire))
        found = _KNOWN[key] = _Known(tariff, faults, notes, checked)
    return found


_OWNER = frozenset({"/country_code", "/party_id"})


def _of_own_version(version: str, own: str, checked: Notes) -> Notes:
    """The notes on a tariff, without that it names no owner, where its CDR's version has none."""
    if own == version or version != "2.1.1":
        return checked
    return tuple(one for one in checked if one.pointer not in _OWNER)


def _spoken(version: str, wire: Wire) -> str:
    """The version to read a tariff by: a newer one than asked for, where the tariff has fields of
    it that bear on the price. Passed over, they would leave elements that price what they do not.
    """
    own = version_of(wire, "Tariff")
    return own if own > version and _bearing(wire) & _SINCE[version] else version


_SINCE = {
    "2.1.1": frozenset(
        {"vat", "min_current", "max_current", "reservation", "min_price", "max_price"}
        | {"start_date_time", "end_date_time", "tax_included", "booking"}
    ),
    "2.2.1": frozenset({"tax_included", "booking"}),
    "2.3.0": frozenset[str](),
}
"""Version -> fields of a tariff that bear on a price and came later."""


def _bearing(tariff: Wire) -> set[str]:
    """The fields of a tariff, its elements, components and restrictions that say anything."""
    objects: list[object] = [tariff]
    for element in _listed(tariff.get("elements")):
        if isinstance(element, dict):
            objects += _listed(element.get("price_components"))
            objects += _listed(element.get("restrictions"))
    return {
        name
        for one in objects
        if isinstance(one, dict)
        for name, value in one.items()
        if value is not None
    }


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _tariff(version: str, fields: Reader) -> Tariff:
    known = _known(version, fields.fields)
    fields.hear(known.faults, known.notes)
    return known.tariff


def _checked(version: str, wire: Wire) -> Notes:
    """`check` of a CDR, its tariffs by their own; a pointer leads into the CDR all the same."""
    tariffs = wire.get("tariffs")
    if not isinstance(tariffs, list) or not all(isinstance(one, dict) for one in tariffs):
        return check(version, "CDR", wire)
    found = list(check(version, "CDR", {**wire, "tariffs": []}))
    for number, one in enumerate(tariffs):
        own = _known(version, one).checked
        found += [replace(note, pointer=f"/tariffs/{number}{note.pointer}") for note in own]
    return tuple(found)


def _with_currency(wire: Wire) -> Wire:
    """The object in which a tariff that names no currency has the CDR's, and the CDR a tariff's."""
    tariffs = wire.get("tariffs") if isinstance(wire, dict) else None
    if not isinstance(tariffs, list):
        return wire
    named = [one.get("currency") for one in (wire, *tariffs) if isinstance(one, dict)]
    known = next((one for one in named if one), None)
    whole = [_in_capitals(one, known) if isinstance(one, dict) else one for one in tariffs]
    return {**_in_capitals(wire, known), "tariffs": whole}


def _in_capitals(wire: Wire, otherwise: object = None) -> Wire:
    """The object with its currency as ISO 4217 writes it, or `otherwise` where it has none."""
    code = (wire.get("currency") or otherwise) if isinstance(wire, dict) else None
    return {**wire, "currency": code.upper()} if isinstance(code, str) else wire


def _zone(fields: Reader, version: str) -> str:
    name = "location" if version == "2.1.1" else "cdr_location"
    place = fields.fields.get(name)
    zone = place.get("time_zone") if isinstance(place, dict) else None
    return zone if isinstance(zone, str) else ""


def _check(fields: Reader, version: str, cdr: CDR) -> None:
    """Faults and notes that only the whole CDR shows."""
    end = END[version]
    known = [_check_instant(fields, name) for name in ("start_date_time", end)]
    if all(known):
        _check_span(fields, end, cdr.end_at - cdr.start_at)
    tariffs = fields.objects("tariffs")
    currencies = [_check_currency(tariff) for tariff in tariffs]
    for tariff, code in zip(tariffs, currencies, strict=True):
        if code != currencies[0]:
            text = f"expected {currencies[0]}, as in the first tariff, got {code}"
            tariff.fault("currency", text)
    if currencies and cdr.currency != currencies[0]:
        text = f"the CDR says {cdr.currency}, its tariff {currencies[0]}: priced in the latter"
        fields.note("currency_differs", "currency", text)
    periods = fields.objects("charging_periods", required=True)
    for period in periods:
        _check_instant(period, "start_date_time")
    _note_order(periods)
    if cdr.periods and all(one.expired for one in cdr.periods):
        text = "only reserved time: taken as a reservation that was never used"
        fields.note("reservation_never_used", "charging_periods", text)


def _check_instant(fields: Reader, name: str) -> bool:
    """Whether it is known. 1970-01-01 stands for what nobody knows: no time is priced from it."""
    at = fields.instant_or_none(name)
    known = at is not None and at > _PLACEHOLDER
    if at is not None and not known:
        fields.fault(name, f"{at:%F} stands for an instant that is not known")
    return known


def _check_span(fields: Reader, end: str, span: timedelta) -> None:
    if span < timedelta():
        fields.fault(end, f"the session ends {-span} before it starts")
    elif span > _LONGEST:
        fields.fault(end, f"expected a session, got one of {span.days} days")


def _check_currency(tariff: Reader) -> str:
    """The tariff's currency; one that no price can be rounded to is a fault."""
    code = tariff.text("currency")
    try:
        minor_unit(code)
    except UnknownCurrency:
        tariff.fault("currency", f"expected a currency of ISO 4217, got {code[:40]!r}")
    return code


def _note_order(periods: list[Reader]) -> None:
    starts = [period.instant("start_date_time") for period in periods]
    for number, (before, after) in enumerate(pairwise(starts), 1):
        if after < before:
            text = f"starts at {after:%H:%M:%S}, before the one before it"
            periods[number].note("periods_out_of_order", "start_date_time", text)


def _is_needed(version: str, wire: object, pointer: str) -> bool:
    """Whether a fault at the pointer leaves the price in doubt."""
    path = pointer.split("/")[1:]
    if path[:1] == ["tariffs"]:
        return _tariff_needs(path[2:], _within(wire, *path[:2]))
    if path[:1] == ["charging_periods"]:
        return _period_needs(wire, path)
    return path in ([], ["start_date_time"], [END[version]])


def _period_needs(wire: object, path: list[str]) -> bool:
    """Volumes of dimensions that a price depends on; a period that states nothing has none."""
    if path[-1] == "tariff_id" or (path[-1] == "dimensions" and _within(wire, *path) == []):
        return False
    dimension = _within(wire, *path[:-1]) if path[-1] == "volume" else None
    kind = dimension.get("type") if isinstance(dimension, dict) else None
    return not isinstance(kind, str) or kind.upper() in PRICED


def _tariff_needs(path: list[str], tariff: object) -> bool:
    """Whether a fault there leaves a tariff without a price; the step of a FLAT does not."""
    if path[-1:] == ["step_size"]:
        component = _within(tariff, *path[:-1])
        has = isinstance(component, dict) and component.get("step_size") is not None
        return has or not isinstance(component, dict) or component.get("type") != "FLAT"
    return not path or path[0] in _TARIFF_FIELDS


def _within(value: object, *path: str) -> object:
    """What stands at a path of names and numbers; None where nothing does."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
