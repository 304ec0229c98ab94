"""What is wrong with a Tariff as it was published, and with what it means.

Holds the object against the field tables, reads what can be read, and lets `billing.lint` judge
that: a bad field never ends the linting, and nothing is concluded from one. Never raises on JSON.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from billing.lint import CODES, Finding, Severity
from billing.lint import lint as lint_meaning
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.tariff import Tariff
from ingest.protocols.ocpi import v211, v221, v230
from ingest.protocols.ocpi.elements import NO_STEP
from ingest.protocols.ocpi.errors import MalformedObjectError, Problem, UnknownVersionError
from ingest.protocols.ocpi.lint_fields import alike, misplaced, nearest_value
from ingest.protocols.ocpi.published_text import PublishedText
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import VERSIONS, check
from ingest.protocols.ocpi.wire import Note, Wire

_READ: dict[str, Callable[[Reader], Tariff]] = {
    "2.1.1": v211.tariffs.read_from,
    "2.2.1": v221.tariffs.read_from,
    "2.3.0": v230.tariffs.read_from,
}
_GENERIC = frozenset({"wrong_type", "too_long", "unknown_value", "needless_null"})
"""Codes that say less than any other at the same place."""
_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_DAYS = "/day_of_week"


def lint(
    version: str,
    published: PublishedText,
    *,
    policy: PricingPolicy = DEFAULT_POLICY,
    now: datetime | None = None,
) -> tuple[Finding, ...]:
    """Every finding about a Tariff object of `version`, the gravest first, then by place.

    A finding `unreadable`, `required_field`, `weekday_unknown` or `negative_step_size` where
    reading failed means that `read_tariff` refuses the object. Raises UnknownVersionError only.
    """
    if version not in _READ:
        raise UnknownVersionError(version, VERSIONS)
    wire = published.value
    if not isinstance(wire, dict):
        return (Finding("unreadable", "", "a tariff is a JSON object", "give one object each"),)
    reader = Reader(wire)
    try:
        tariff = _READ[version](reader)
    except MalformedObjectError as error:
        return (Finding("not_json", "", str(error), "send less deeply nested JSON"),)
    faults, notes = reader.told()
    checked = [*check(version, "Tariff", wire), *_inside_lists(version, wire)]
    found = [*_faults(version, wire, faults, checked), *_of_text(published)]
    found += _notes(version, wire, [*checked, *notes], {fault.pointer for fault in faults})
    found += _empty_restrictions(wire)
    doubts = _doubts(faults, found) if found else frozenset[str]()
    meaning = lint_meaning(tariff, doubts=doubts, policy=policy, now=now)
    return _in_order([*found, *(_in_list(wire, finding) for finding in meaning)])


def _doubts(faults: Iterable[Problem], found: Iterable[Finding]) -> frozenset[str]:
    """The pointers of what was not understood, or is not what was meant."""
    hidden = {one.pointer for one in found if one.severity is Severity.ERROR and _hides(one)}
    return _meant(found) | hidden | {fault.pointer for fault in faults}


def _faults(
    version: str, wire: Wire, faults: Iterable[Problem], checked: Iterable[Note]
) -> Iterator[Finding]:
    """What could not be read: each outermost place once."""
    missing = {note.pointer for note in checked if note.code == "required_field"}
    broken: set[str] = set()
    for fault in sorted(faults, key=lambda fault: fault.pointer.count("/")):
        at = fault.pointer
        if any(at.startswith(f"{outer}/") for outer in broken):
            continue
        broken.add(at)
        if at in missing:
            yield Finding("required_field", at, fault.message, _required(at))
        elif _DAYS in at:
            yield Finding("weekday_unknown", at, fault.message, "MONDAY to SUNDAY")
        elif fault.message.startswith(NO_STEP):
            yield Finding("negative_step_size", at, fault.message, "step_size 1")
        else:
            yield Finding("unreadable", at, fault.message, nearest_value(version, wire, at))


def _notes(version: str, wire: Wire, notes: Iterable[Note], faulty: set[str]) -> Iterator[Finding]:
    """What was understood although it is not as specified."""
    for note in notes:
        at = note.pointer
        if note.code == "required_field":
            if at not in faulty and not any(_inside(at, outer) for outer in faulty):
                yield Finding(note.code, at, note.message, _required(at))
        elif at in faulty or any(_inside(at, outer) for outer in faulty):
            continue
        elif note.code == "unexpected_field":
            yield misplaced(version, wire, note)
        elif note.code == "unknown_value" and _DAYS in at:
            yield Finding("weekday_case", at, note.message, nearest_value(version, wire, at))
        elif note.code != "weekday_case" and not _is_list_of_restrictions(wire, note):
            code = note.code if note.code in CODES else "wrong_type"
            advice = _ADVICE.get(code, "") or nearest_value(version, wire, at)
            yield Finding(code, at, note.message, advice)


_ADVICE = {
    "needless_null": "leave the field out",
    "string_number": "send the number without quotes",
    "number_as_text": "send it in quotes",
    "integer_form": "send it without decimals",
    "timestamp_form": "write it as 2026-10-01T12:00:00Z",
    "time_form": "write HH:MM; the end of the day is 00:00",
    "restrictions_as_list": "send one object",
}


def _inside(at: str, outer: str) -> bool:
    return at.startswith(f"{outer}/")


def _required(at: str) -> str:
    return f"add {at.rpartition('/')[2]}"


def _of_text(published: PublishedText) -> Iterator[Finding]:
    for at in published.doubled:
        text = "the field stands twice in its object; readers take the last one, or the first"
        yield Finding("duplicate_field", at, text, "leave one out")
    for at in published.beyond:
        text = "a number beyond any quantity: the whole object is refused"
        yield Finding("unreadable", at, text, "correct the number")


def _inside_lists(version: str, wire: Wire) -> Iterator[Note]:
    """The field tables on restrictions that stand in a list of one."""
    for at, restrictions in _restrictions(wire):
        if isinstance(restrictions, list) and len(restrictions) == 1:
            for note in check(version, "TariffRestrictions", restrictions[0]):
                yield Note(note.code, f"{at}/0{note.pointer}", note.message)


def _empty_restrictions(wire: Wire) -> Iterator[Finding]:
    for at, restrictions in _restrictions(wire):
        inner = restrictions
        if isinstance(restrictions, list) and len(restrictions) == 1:
            inner = restrictions[0]
        if isinstance(inner, dict | list) and not any(map(_says, _values(inner))):
            text = "it restricts nothing: the element always applies"
            yield Finding("empty_restrictions", at, text, "leave restrictions out")


def _values(inner: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return inner.values() if isinstance(inner, dict) else inner


def _says(value: object) -> bool:
    return value is not None and value != []


def _restrictions(wire: Wire) -> Iterator[tuple[str, Any]]:
    elements = wire.get("elements")
    for number, element in enumerate(elements if isinstance(elements, list) else ()):
        if isinstance(element, dict) and "restrictions" in element:
            yield f"/elements/{number}/restrictions", element["restrictions"]


def _is_list_of_restrictions(wire: Wire, note: Note) -> bool:
    """A list where an object belongs has a code of its own."""
    if note.code != "wrong_type" or not note.pointer.endswith("/restrictions"):
        return False
    return any(at == note.pointer and isinstance(value, list) for at, value in _restrictions(wire))


def _in_list(wire: Wire, finding: Finding) -> Finding:
    """The same finding, pointing into the list where restrictions stand in one."""
    parts = finding.pointer.split("/")
    if len(parts) < 5 or parts[1] != "elements" or parts[3] != "restrictions":
        return finding
    if not isinstance(wire["elements"][int(parts[2])]["restrictions"], list):
        return finding
    pointer = "/".join([*parts[:4], "0", *parts[4:]])
    return Finding(finding.code, pointer, finding.message, finding.suggestion)


def _hides(finding: Finding) -> bool:
    """Whether what stands at the finding is not what was meant."""
    return finding.code in {"duplicate_field", "unreadable", "restriction_not_in_version"}


def _meant(found: Iterable[Finding]) -> frozenset[str]:
    """The places that misspelt fields were meant for."""
    return frozenset(
        f"{f.pointer.rpartition('/')[0]}/{alike(f)}" for f in found if f.code == "misspelt_field"
    )


def _in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each code once per place, general codes only where nothing better is said; gravest first."""
    kept = {(finding.code, finding.pointer): finding for finding in found}
    told = {pointer for code, pointer in kept if code not in _GENERIC}
    return tuple(
        sorted(
            (f for f in kept.values() if f.code not in _GENERIC or f.pointer not in told),
            key=lambda f: (_RANK[f.severity], _place(f.pointer), f.code),
        )
    )


def _place(pointer: str) -> tuple[tuple[int, str], ...]:
    """Sorts pointers as people read them: element 2 before element 10."""
    return tuple(
        (int(part), "") if part.isdecimal() and part.isascii() and len(part) < 10 else (-1, part)
        for part in pointer.split("/")
    )
