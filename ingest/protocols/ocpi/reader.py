"""Reads a wire object field by field: tolerant, exact, and collecting every problem on the way.

A note is something that was understood although it is not as specified; a fault is something that
was not. All faults are raised together at the end, with their JSON pointers.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from ingest.protocols.ocpi.errors import MalformedObjectError, Problem
from ingest.protocols.ocpi.wire import (
    Note,
    Notes,
    Wire,
    dumps,
    is_written_as_specified,
    parse_instant,
)

_NO_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
_T = TypeVar("_T")
_MOST_DIGITS = 15
_MOST_WHOLE = 10**_MOST_DIGITS


@dataclass(slots=True)
class _Log:
    faults: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


class Reader:
    """One JSON object under reading, at its JSON pointer. Null counts as absent.

    The getters return a placeholder after a fault, so that reading goes on; `finish` raises then.
    """

    __slots__ = ("_log", "fields", "pointer")

    def __init__(self, fields: object, pointer: str = "", log: _Log | None = None) -> None:
        self._log = log or _Log()
        self.pointer = pointer
        self.fields: Wire = fields if isinstance(fields, dict) else {}
        if not isinstance(fields, dict):
            self._log.faults.append(Problem(pointer, f"expected an object, got {_shown(fields)}"))

    def at(self, name: str | int) -> str:
        """The JSON pointer of a field."""
        return f"{self.pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"

    def fault(self, name: str, message: str, *, place: int | None = None) -> None:
        """Record that a field could not be understood, or the item at `place` of its list."""
        pointer = self.at(name) if place is None else f"{self.at(name)}/{place}"
        self._log.faults.append(Problem(pointer, message))

    def note(self, code: str, name: str, message: str) -> None:
        """Record that a field was understood although it is not as specified."""
        self._log.notes.append(Note(code, self.at(name), message))

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.fields.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """A text; a number is taken as its digits, with a note. Required without `default`."""
        value = self.fields.get(name)
        if value is None:
            return self._missing(name, "") if default is None else default
        if isinstance(value, str):
            return value
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            self.note("number_as_text", name, f"expected a text, took the digits of {value}")
            return str(value)
        return self._wrong(name, "a text", value, "")

    def text_or_none(self, name: str) -> str | None:
        """A text; an empty one is one. None where absent, or where it is no text: a fault."""
        value = self.fields.get(name)
        if value is None or isinstance(value, str):
            return value
        return self.text(name, "") or None

    def number(self, name: str) -> Decimal:
        """A required number."""
        value = self.number_or_none(name)
        return self._missing(name, Decimal(0)) if value is None else value

    def number_or_none(self, name: str) -> Decimal | None:
        """A number, exactly as its digits stand; a number in quotes is taken, with a note."""
        value = self.fields.get(name)
        if value is None:
            return None
        if isinstance(value, Decimal):
            found = value
        elif type(value) is int and -_MOST_WHOLE < value < _MOST_WHOLE:
            return Decimal(value)
        elif isinstance(value, bool):
            return self._wrong(name, "a number", value, Decimal(0))
        elif isinstance(value, int | float):
            found = Decimal(repr(value))
        else:
            found = self._number_in_quotes(name, value)
        if not found.is_finite() or found.adjusted() > _MOST_DIGITS:
            return self._wrong(name, "a number of a quantity", value, Decimal(0))
        return found

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number; `1.0` is one, with a note. Required without `default`."""
        plain = self.fields.get(name)
        if type(plain) is int and -_MOST_WHOLE < plain < _MOST_WHOLE:
            return plain
        if plain is None:
            return self._missing(name, 0) if default is None else default
        value = self.number(name)
        if value != value.to_integral_value():
            return self._wrong(name, "a whole number", self.fields[name], 0)
        if not isinstance(self.fields[name], int):
            self.note("integer_form", name, f"expected a whole number, took {value} as one")
        return int(value)

    def integer_or_none(self, name: str) -> int | None:
        """A whole number, or None where absent."""
        return self.integer(name) if self.has(name) else None

    def truth(self, name: str, *, default: bool | None = None) -> bool:
        """A boolean. Required without `default`."""
        value = self.fields.get(name)
        if isinstance(value, bool):
            return value
        if value is not None:
            self.fault(name, f"expected true or false, got {_shown(value)}")
        elif default is None:
            self.fault(name, "required field missing")
        return bool(default)

    def instant(self, name: str) -> datetime:
        """A required instant (UTC)."""
        at = self.instant_or_none(name)
        return self._missing(name, _NO_INSTANT) if at is None else at

    def instant_or_none(self, name: str) -> datetime | None:
        """An instant (UTC); an offset or a finer fraction is understood, with a note."""
        value = self.fields.get(name)
        if value is None:
            return None
        at = parse_instant(value) if isinstance(value, str) else None
        if at is None:
            return self._wrong(name, "an RFC 3339 instant", value, _NO_INSTANT)
        if not is_written_as_specified(value):
            self.note("timestamp_form", name, f"expected UTC written …Z, took {value}")
        return at

    def nested(self, name: str) -> "Reader | None":
        """A nested object, or None where absent."""
        return Reader(self.fields[name], self.at(name), self._log) if self.has(name) else None

    def required_nested(self, name: str) -> "Reader":
        """A nested object that must be there."""
        if not self.has(name):
            self._missing(name, None)
        return Reader(self.fields.get(name) or {}, self.at(name), self._log)

    def objects(self, name: str, *, required: bool = False) -> "list[Reader]":
        """A list of objects; `required` demands at least one. A single object is not a list."""
        items = self.items(name)
        if required and not items:
            self.fault(name, "expected a list with at least one object")
        at = self.at(name)
        return [Reader(v, f"{at}/{i}", self._log) for i, v in enumerate(items)]

    def items(self, name: str) -> list[object]:
        """A list of anything; absent is empty."""
        value = self.fields.get(name)
        if value is None:
            return []
        return list(value) if isinstance(value, list) else self._wrong(name, "a list", value, [])

    def finish(self, subject: str, checked: Notes = ()) -> Notes:
        """The notes, and those of the table check, one per code and pointer.

        Raises MalformedObjectError where anything was not understood.
        """
        if self._log.faults:
            raise MalformedObjectError(subject, tuple(dict.fromkeys(self._log.faults)))
        notes = {(note.code, note.pointer): note for note in (*checked, *self._log.notes)}
        return tuple(notes.values())

    def settle(self, subject: str, needed: Callable[[str], bool], checked: Notes = ()) -> Notes:
        """As `finish`, but only a fault at a pointer that is `needed` raises; others are noted."""
        faults = dict.fromkeys(self._log.faults)
        grave = tuple(fault for fault in faults if needed(fault.pointer))
        if grave:
            raise MalformedObjectError(subject, grave)
        missing = tuple(f"{note.pointer}/" for note in checked if note.code == "required_field")
        told = {note.pointer for note in checked}
        passed = [
            Note("not_understood", fault.pointer, fault.message)
            for fault in faults
            if fault.pointer not in told
        ]
        own = (n for n in (*self._log.notes, *passed) if not n.pointer.startswith(missing))
        notes = {(note.code, note.pointer): note for note in (*checked, *own)}
        return tuple(notes.values())

    def told(self) -> tuple[tuple[Problem, ...], Notes]:
        """Every fault and every note so far, each once, for a reader who goes on all the same."""
        return tuple(dict.fromkeys(self._log.faults)), tuple(dict.fromkeys(self._log.notes))

    def hear(self, faults: Iterable[Problem], notes: Iterable[Note]) -> None:
        """Take over what was told when this very object was read by itself."""
        at = self.pointer
        self._log.faults += [Problem(f"{at}{one.pointer}", one.message) for one in faults]
        self._log.notes += [Note(one.code, f"{at}{one.pointer}", one.message) for one in notes]

    def _number_in_quotes(self, name: str, value: object) -> Decimal:
        try:
            found = Decimal(value.strip()) if isinstance(value, str) else None
        except InvalidOperation:
            found = None
        if found is None or not found.is_finite():
            return self._wrong(name, "a number", value, Decimal(0))
        self.note("string_number", name, f'expected a number, took the text "{value}" as one')
        return found

    def _missing(self, name: str, alternative: _T) -> _T:
        self.fault(name, "required field missing")
        return alternative

    def _wrong(self, name: str, expected: str, value: object, alternative: _T) -> _T:
        self.fault(name, f"expected {expected}, got {_shown(value)}")
        return alternative


def _shown(value: object) -> str:
    """A value as JSON, short enough for a sentence."""
    try:
        text = dumps(value)
    except TypeError:
        text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
