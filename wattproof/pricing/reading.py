"""What a price is reckoned from: a CDR, its tariffs, its site's time zone, and what was noted.

Knows where each comes from and which word goes before which. Refuses to guess a time zone and to
price what a price needs and the CDR does not say; every lack is named with its JSON pointer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from json import JSONDecodeError
from typing import Any
from zoneinfo import ZoneInfo

from billing.cdr import CDR
from billing.money import EXACT
from billing.policy import DEFAULT_POLICY, PricingPolicy, policy_from
from billing.price import is_valid
from billing.tariff import Dimension
from ingest.protocols.ocpi import VERSIONS, MalformedObjectError, Note, Wire, loads
from ingest.protocols.ocpi.errors import Problem
from ingest.protocols.ocpi.guess import version_of
from ingest.protocols.ocpi.priceable import read_priceable, read_priceable_tariff
from wattproof.documents import carried
from wattproof.pricing.wrapping import Kind, other_kind
from wattproof.refusals import RefusalError

Policy = PricingPolicy | Mapping[str, str] | None
"""Decisions on the open questions of OCPI: a policy, those that differ by name, or all defaults."""
Tariffs = Wire | str | bytes | Sequence[Wire | str | bytes] | None
"""OCPI Tariffs: an object, its JSON text (that of a list, too), several of these, or none."""


class UnpriceableError(RefusalError):
    """Why there is no price. `problems` are all that was found, each with its JSON pointer."""

    def __init__(self, subject: str, problems: Sequence[Problem], advice: str) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{subject}: {'; '.join(map(str, self.problems))}", advice)


class TariffMissingError(UnpriceableError):
    """The CDR carries no tariff, and none was given."""


class ZoneUnknownError(RefusalError):
    """The CDR names no time zone, and none was given."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A CDR ready to price. `cdr` holds the tariffs that count and the times its periods state.

    `policy` is the one asked for, with what was done about the time zone. `notes` are about the
    wire object: codes, pointers into it (into the tariff given, where one was: `/tariffs/0/…` all
    the same), sentences.
    """

    version: str
    cdr: CDR
    zone: ZoneInfo
    policy: PricingPolicy
    notes: tuple[Note, ...]


def reading(
    cdr: Wire | str | bytes,
    *,
    tariff: Tariffs = None,
    time_zone: str = "",
    ocpi: str = "",
    policy: Policy = None,
) -> Reading:
    """Read a CDR of any OCPI version (JSON text, or a dict with Decimal or int numbers).

    `tariff` stands for the CDR's own, `time_zone` (IANA) for its location's, `ocpi` for the
    version that is else told by its fields. Raises UnpriceableError and RefusalError.
    """
    decided = chosen(policy)
    wire = parsed(cdr)
    version = ocpi or version_of(wire, "CDR")
    if version not in VERSIONS:
        raise RefusalError(f"OCPI {version} is not spoken here", f"one of {', '.join(VERSIONS)} is")
    given = tariffs_of(tariff)
    own = {name: value for name, value in wire.items() if name != "tariffs"} if given else wire
    try:
        found, notes = read_priceable(version, own, by_start=decided.period_order == "by_start")
        if given:
            found, notes = _under(found, given, version, ocpi, notes)
    except MalformedObjectError as error:
        raise UnpriceableError(error.subject, error.problems, _ADVICE) from None
    if not found.tariffs:
        lack = Problem("/tariffs", "the CDR carries no tariff")
        raise TariffMissingError(f"CDR of OCPI {version}", [lack], "give one: --tariff T.json")
    if version == "2.1.1":
        found = _named(found)
    _refuse_by_policy(version, notes, decided)
    zone, about_zone = _zone(version, found, time_zone)
    if found.location.time_zone not in ("", zone.key):
        decided = _by_site(decided)
    return Reading(version, found, zone, decided, (*notes, *about_zone, *_unstated(found)))


def chosen(policy: Policy) -> PricingPolicy:
    """The policy meant. Raises RefusalError for a name or an answer that does not exist."""
    if isinstance(policy, PricingPolicy):
        return policy
    try:
        return policy_from((policy or {}).items()) if policy else DEFAULT_POLICY
    except ValueError as error:
        raise RefusalError(str(error), "see wattproof policy list") from None


def parsed(value: Wire | str | bytes, kind: Kind = "CDR") -> Wire:
    """A JSON object, from its text where it is one. Raises UnpriceableError, also for an object
    that is plainly of the other kind.
    """
    value = carried(_from_text(value, kind))
    if not isinstance(value, dict):
        problem = Problem("", f"expected an object, got {type(value).__name__}")
        raise UnpriceableError(kind, [problem], _ADVICE)
    if wrong := other_kind(value, kind):
        raise UnpriceableError(kind, [Problem("", wrong)], f"give a {kind}")
    return value


def tariffs_of(given: Tariffs) -> list[Wire]:
    """The tariffs given, each as an object. Raises UnpriceableError."""
    if given is None:
        return []
    if isinstance(given, str | bytes):
        value = carried(_from_text(given, "Tariff"))
        given = value if isinstance(value, list) else [value]
    elif isinstance(given, Mapping):
        given = [given]
    return [parsed(one, "Tariff") for one in given]


def _from_text(value: Any, kind: Kind) -> Any:  # noqa: ANN401 - JSON is any
    """What a text says, and anything else as it is."""
    if not isinstance(value, str | bytes):
        return value
    try:
        return loads(value)
    except (ValueError, RecursionError) as error:
        raise UnpriceableError(kind, [Problem("", not_json(error))], _ADVICE) from None


def not_json(error: Exception) -> str:
    """Why a text is no JSON; of a text on one line, such as one of many, where by its column."""
    told = str(error)
    if isinstance(error, JSONDecodeError) and "\n" not in error.doc.strip():
        told = f"{error.msg}: column {error.pos + 1}"
    return f"not JSON: {told}"


_ADVICE = "correct the object, or ask its sender to"


def _under(
    cdr: CDR, given: list[Wire], version: str, ocpi: str, notes: tuple[Note, ...]
) -> tuple[CDR, tuple[Note, ...]]:
    """The CDR under the tariffs given. Only one: it prices every period, whatever they name."""
    read = []
    for place, wire in enumerate(given):
        whole = {"currency": cdr.currency, **wire} if isinstance(wire, dict) else wire
        own = ocpi or max(version, version_of(wire, "Tariff"))
        tariff, found = read_priceable_tariff(own, whole)
        read.append(tariff)
        notes += tuple(replace(one, pointer=f"/tariffs/{place}{one.pointer}") for one in found)
        if tariff.currency != read[0].currency:
            text = f"expected {read[0].currency}, as in the first tariff, got {tariff.currency}"
            raise MalformedObjectError("Tariffs", (Problem(f"/tariffs/{place}/currency", text),))
    periods = cdr.periods
    if len(read) == 1:
        periods = tuple(replace(period, tariff_id=read[0].id) for period in periods)
    about = Note("tariff_given", "/tariffs", "priced by the tariff given, not by the CDR's own")
    return replace(cdr, tariffs=tuple(read), periods=periods), (*notes, about)


def _named(cdr: CDR) -> CDR:
    """A CDR of 2.1.1, whose periods cannot name a tariff: the first valid one prices them all."""
    first = next((one for one in cdr.tariffs if is_valid(one, cdr.start_at)), cdr.tariffs[0])
    periods = tuple(replace(one, tariff_id=one.tariff_id or first.id) for one in cdr.periods)
    return replace(cdr, periods=periods)


_ACCEPTED = {
    "restrictions_as_list": "list_restrictions",
    "string_number": "lenient_number",
    "unexpected_field": "unknown_fields",
}
"""Code of a note about a tariff -> the policy that can refuse what it notes."""


@cache
def _by_site(policy: PricingPolicy) -> PricingPolicy:
    """The policy by which the zone given goes before the location's; one object: it is looked up by
    what is kept for it.
    """
    return replace(policy, zone_source="site_then_location")


def _refuse_by_policy(version: str, notes: tuple[Note, ...], policy: PricingPolicy) -> None:
    found = []
    for note in notes:
        name = _ACCEPTED.get(note.code, "")
        if name and note.pointer.startswith("/tariffs/") and getattr(policy, name) == "refused":
            found.append(Problem(note.pointer, f"{note.message} (policy {name}=refused)"))
    if found:
        raise UnpriceableError(f"Tariff of OCPI {version}", found, _ADVICE)


def _zone(version: str, cdr: CDR, given: str) -> tuple[ZoneInfo, tuple[Note, ...]]:
    """The site's time zone: the one given, else the location's own; never guessed."""
    own = cdr.location.time_zone
    name = given or own
    if not name:
        raise ZoneUnknownError(
            "the CDR does not name its site's time zone, and prices may follow the local clock",
            "give it: --time-zone Europe/Amsterdam",
        )
    pointer = "/location/time_zone" if version == "2.1.1" else "/cdr_location/time_zone"
    try:
        zone = ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        lack = Problem("" if given else pointer, f"time zone {name[:40]!r} does not exist")
        raise UnpriceableError("Time zone", [lack], "give one of IANA's names") from None
    if own in ("", name):
        return zone, ()
    text = f"time zone {name}, as given, where the location says {own}"
    return zone, (Note("zone_from_configuration", pointer, text),)


_NONE = Decimal(0)
_WIRE_GRAIN = Decimal("0.0001")
"""OCPI 2.2.1 types, number: what a volume and a total are rounded to."""


def _unstated(cdr: CDR) -> list[Note]:
    """What a CDR's totals say, its tariffs price, and its periods state only in part: the rest is
    free. A total of times holds reserved and parked time too, where the CDR counts them in.
    """
    prices = {
        part.dimension
        for tariff in cdr.tariffs
        for element in tariff.elements
        for part in element.components
        if part.price and element.restrictions.reservation is None
    }
    energy = sum((one.energy_wh for one in cdr.periods), _NONE) / 1000
    parked = sum((one.parking_s or _NONE for one in cdr.periods), _NONE) / 3600
    timed = sum((one.time_s or _NONE for one in cdr.periods), _NONE) / 3600
    parked_h = max(cdr.total_parking_time_h, parked)
    found = (
        (Dimension.ENERGY, "energy", cdr.total_energy_kwh, energy, "kWh"),
        (Dimension.TIME, "time", cdr.total_time_h - parked_h, timed, "h of charging"),
        (Dimension.PARKING_TIME, "parking_time", cdr.total_parking_time_h, parked, "h"),
    )
    rounding = _WIRE_GRAIN * (len(cdr.periods) + 1) / 2
    return [
        Note(f"{name}_not_in_periods", f"/total_{name}", _rest(total, stated, unit))
        for dimension, name, total, stated, unit in found
        if dimension in prices and total - stated > rounding
    ]


def _rest(total: Decimal, stated: Decimal, unit: str) -> str:
    """What of a total no price can be taken from."""
    if not stated:
        return f"{total:f} {unit} in total, none in a period: none is priced"
    told, rest = (round(one, 4).normalize(EXACT) for one in (stated, total - stated))
    return f"{total:f} {unit} in total, {told:f} in the periods: {rest:f} are not priced"
