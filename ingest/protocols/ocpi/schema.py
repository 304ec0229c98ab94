"""Checks a wire object against the field tables of an OCPI version: names, types, cardinalities.

Knows the tables (`tables/<version>.json`: facts only) and nothing of what a field means. It never
raises on bad input: it lists issues, each a stable code, a JSON pointer and a sentence.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TypeGuard

from ingest.protocols.ocpi.errors import UnknownVersionError
from ingest.protocols.ocpi.wire import Note, is_written_as_specified

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")

_TYPE = re.compile(r"(\w+)(?:[(\[](\d+)[)\]])?")
_TEXTS = frozenset({"string", "cistring", "url"})
_NUMBERS = frozenset({"int", "number"})
_SCALARS = _TEXTS | _NUMBERS | {"boolean", "datetime"}
_URL_LENGTH = 255
_MOST_DIGITS = 40


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field: what it holds, how long it may be (0: any length), and how often it stands there.

    `card` is OCPI's: `1` required, `?` optional, `*` list, `+` list with at least one.
    """

    kind: str
    longest: int
    card: str


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one version."""

    version: str
    objects: dict[str, dict[str, FieldRule]]
    one_of: dict[str, frozenset[str]]
    enums: dict[str, frozenset[str]]
    open_enums: frozenset[str]
    session_only: dict[str, frozenset[str]]
    required: dict[str, tuple[str, ...]]
    """By object, the fields it cannot be without, those of `one_of` apart."""
    fits: dict[str, dict[str, Callable[[object], bool]]]
    """By object and field of one plain value: whether a value surely is as the rule has it. What is
    not sure is looked at again, for what there is to say."""


@cache
def schema(version: str) -> Schema:
    """The tables of `version`; raises UnknownVersionError for another one."""
    if version not in VERSIONS:
        raise UnknownVersionError(version, VERSIONS)
    table = files("ingest.protocols.ocpi").joinpath(f"tables/{version}.json").read_text("utf-8")
    facts = json.loads(table)
    objects = {n: {f: _rule(t) for f, t in o.items()} for n, o in facts["objects"].items()}
    one_of = {name: frozenset(fields) for name, fields in facts["one_of"].items()}
    enums = {name: frozenset(values) for name, values in facts["enums"].items()}
    session_only = {name: frozenset(values) for name, values in facts["session_only"].items()}
    sure = {name: values - session_only.get(name, frozenset()) for name, values in enums.items()}
    return Schema(
        version=version,
        objects=objects,
        one_of=one_of,
        enums=enums,
        open_enums=frozenset(facts["open_enums"]),
        session_only=session_only,
        required={
            name: tuple(
                field
                for field, rule in rules.items()
                if rule.card in "1+" and field not in one_of.get(name, ())
            )
            for name, rules in objects.items()
        },
        fits={
            name: {
                field: _fits(rule, sure)
                for field, rule in rules.items()
                if rule.card not in "*+" and rule.kind not in objects
            }
            for name, rules in objects.items()
        },
    )


def check(version: str, name: str, wire: object) -> tuple[Note, ...]:
    """Every way in which `wire` differs from the object `name` of `version`, in field order.

    Codes: required_field, unexpected_field, needless_null, wrong_type, string_number, too_long,
    unknown_value (a closed enum), timestamp_form, empty_list, session_only (a dimension that only
    a Session may carry).
    """
    found = _Check(schema(version), name, [])
    found.whole(name, wire, "")
    return tuple(found.notes)


def check_field(version: str, rule: FieldRule, value: object) -> tuple[Note, ...]:
    """The same for the value of a single field."""
    found = _Check(schema(version), "", [])
    found.field(rule, value, "")
    return tuple(found.notes)


@dataclass(frozen=True, slots=True)
class _Check:
    schema: Schema
    root: str
    notes: list[Note]

    def note(self, code: str, at: str, message: str) -> None:
        self.notes.append(Note(code, at, message))

    def whole(self, name: str, wire: object, at: str) -> None:
        rules, fits = self.schema.objects[name], self.schema.fits[name]
        if not isinstance(wire, dict):
            self.note("wrong_type", at, f"expected the object {name}")
            return
        self._absences(name, wire, at)
        for field, value in wire.items():
            if field in fits and fits[field](value):
                continue
            rule = rules.get(field)
            if rule is None:
                here = f"{at}/{str(field).replace('~', '~0').replace('/', '~1')}"
                text = f"{name} of OCPI {self.schema.version} has no field {field}"
                self.note("unexpected_field", here, text)
            elif value is None:
                self.note("needless_null", f"{at}/{field}", "null where absence would do")
            else:
                self.field(rule, value, f"{at}/{field}")

    def _absences(self, name: str, wire: dict[str, object], at: str) -> None:
        either = self.schema.one_of.get(name)
        if either and not any(wire.get(field) is not None for field in either):
            self.note("required_field", at, f"one of {', '.join(sorted(either))} is required")
        for field in self.schema.required[name]:
            if wire.get(field) is None:
                self.note("required_field", f"{at}/{field}", f"{name}.{field} is required")

    def field(self, rule: FieldRule, value: object, at: str) -> None:
        if rule.card not in "*+":
            self._value(rule, value, at)
        elif not isinstance(value, list):
            self.note("wrong_type", at, f"expected a list of {rule.kind}")
        else:
            if rule.card == "+" and not value:
                self.note("empty_list", at, "expected at least one")
            for index, item in enumerate(value):
                self._value(rule, item, f"{at}/{index}")

    def _value(self, rule: FieldRule, value: object, at: str) -> None:
        kind = rule.kind
        if kind in self.schema.objects:
            self.whole(kind, value, at)
        elif kind in self.schema.enums:
            self._enum(kind, value, at)
        elif (fault := _scalar_fault(rule, value)) is not None:
            self.note(fault[0], at, fault[1])

    def _enum(self, kind: str, value: object, at: str) -> None:
        if not isinstance(value, str):
            self.note("wrong_type", at, f"expected a {kind}")
        elif value not in self.schema.enums[kind] and kind not in self.schema.open_enums:
            self.note("unknown_value", at, f"{kind} has no value {value[:40]}")
        elif self.root == "CDR" and value in self.schema.session_only.get(kind, frozenset()):
            self.note("session_only", at, f"{value} belongs in a Session, not in a CDR")


def _rule(text: str) -> FieldRule:
    kind, card = text.split(" ")
    match = _TYPE.fullmatch(kind)
    assert match is not None, f"table entry {text}"
    name = match[1].lower() if match[1].lower() in _SCALARS else match[1]
    longest = _URL_LENGTH if name == "url" else int(match[2] or 0)
    return FieldRule(name, longest, card)


def _fits(rule: FieldRule, enums: dict[str, frozenset[str]]) -> Callable[[object], bool]:
    """The shortest test that lets only values pass which the rule has nothing against."""
    kind, longest = rule.kind, rule.longest or _ANY_LENGTH
    if kind in enums:
        return lambda value: type(value) is str and value in enums[kind]
    if kind == "int":
        most = 10 ** (rule.longest or _MOST_DIGITS)
        return lambda value: type(value) is int and -most < value < most
    if kind == "cistring":
        return lambda value: _is_text(value, longest) and value.isascii() and value.isprintable()
    return _FITS.get(kind) or (lambda value: _is_text(value, longest))


_ANY_LENGTH = 2**63


def _is_text(value: object, longest: int) -> TypeGuard[str]:
    return type(value) is str and len(value) <= longest


def _is_number(value: object) -> bool:
    if type(value) is Decimal:
        return value.is_finite() and value.adjusted() <= _MOST_DIGITS
    return type(value) is int


def _is_instant(value: object) -> bool:
    return type(value) is str and is_written_as_specified(value)


_FITS: dict[str, Callable[[object], bool]] = {
    "number": _is_number,
    "datetime": _is_instant,
    "boolean": lambda value: type(value) is bool,
}


def _scalar_fault(rule: FieldRule, value: object) -> tuple[str, str] | None:
    if rule.kind in _TEXTS:
        return _text_fault(rule, value)
    if rule.kind in _NUMBERS:
        return _number_fault(rule, value)
    if rule.kind == "datetime":
        if not isinstance(value, str):
            return ("wrong_type", "expected an instant")
        return None if is_written_as_specified(value) else ("timestamp_form", "expected UTC, …Z")
    return None if isinstance(value, bool) else ("wrong_type", "expected true or false")


def _text_fault(rule: FieldRule, value: object) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return ("wrong_type", "expected a text")
    if rule.longest and len(value) > rule.longest:
        return ("too_long", f"{len(value)} characters, {rule.longest} are allowed")
    if rule.kind == "cistring" and not (value.isascii() and value.isprintable()):
        return ("wrong_type", "expected printable ASCII")
    return None


def _number_fault(rule: FieldRule, value: object) -> tuple[str, str] | None:
    if isinstance(value, str):
        return ("string_number", "a number in quotes")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return ("wrong_type", "expected a number")
    whole = isinstance(value, int)
    if not whole:
        exact = Decimal(value)
        if not exact.is_finite() or exact.adjusted() > _MOST_DIGITS:
            return ("wrong_type", "expected a number of a quantity")
        whole = exact == int(exact)
    if rule.kind == "int" and not whole:
        return ("wrong_type", "expected a whole number")
    if rule.longest and rule.kind == "int" and len(str(abs(int(value)))) > rule.longest:
        return ("too_long", f"more than {rule.longest} digits")
    return None
