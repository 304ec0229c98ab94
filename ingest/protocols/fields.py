"""JSON objects with typed fields: clear words when one is missing, and canonical bytes.

Numbers are int and Decimal, never float. Duplicate names and unknown names are refused: what an
operator misspelt must not silently do nothing.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_CODE = re.compile(r"[A-Z]{2}-[A-Z0-9]{3}")


class ActionError(ValueError):
    """An operator action that can't be read: one sentence fit for the operator's eyes."""


class Fields:
    """One JSON object being read: each field is taken once, `finish` refuses what is left over."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = dict(values)
        self._path = path
        self._taken: list[str] = []

    @classmethod
    def of(cls, payload: bytes | Mapping[str, Any]) -> Self:
        """The fields of a JSON object; raises `ActionError` where it is none."""
        if isinstance(payload, Mapping):
            return cls(payload)
        try:
            value = json.loads(
                payload, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_unique
            )
        except ValueError as error:
            raise ActionError(f"expected a JSON object: {error}") from error
        if not isinstance(value, dict):
            raise ActionError(f"expected a JSON object, got {type(value).__name__}")
        return cls(value)

    def text(
        self,
        name: str,
        *,
        default: str | None = None,
        limit: int | None = None,
        exactly: int | None = None,
        among: Sequence[str] = (),
    ) -> str:
        """A text of at most `limit` characters; without `default` it must be there."""
        value = self._take(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, "a text", value)
        if value == "" and default is None:
            raise self._wrong(name, "a text that is not empty", value)
        if limit is not None and len(value) > limit:
            raise self._wrong(name, f"at most {limit} characters", value)
        if exactly is not None and value != default and len(value) != exactly:
            raise self._wrong(name, f"{exactly} characters", value)
        if among and value not in among:
            raise self._wrong(name, "one of " + " ".join(among), value)
        return value

    def code(self, name: str, default: str | None = None) -> str:
        """A party's code, `NL-ABC`."""
        value = self.text(name, default=default)
        if value != default and not _CODE.fullmatch(value):
            raise self._wrong(name, "a party code like NL-ABC", value)
        return value

    def zone(self, name: str, default: str | None = None) -> str:
        """A time zone by its IANA name."""
        value = self.text(name, default=default)
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise self._wrong(name, "an IANA time zone like Europe/Amsterdam", value) from error
        return value

    def integer(self, name: str, *, least: int = 0, default: int | None = None) -> int:
        """A whole number of at least `least`."""
        value = self._take(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._wrong(name, f"a whole number of at least {least}", value)
        return value

    def yes(self, name: str) -> bool:
        """Whether something is so; not where the field is absent."""
        value = self._take(name, default=False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def decimal(self, name: str) -> Decimal:
        """A decimal number above 0, as text (`"22"`) or number."""
        value = self._take(name, None)
        if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal):
            raise self._wrong(name, "a decimal number", value)
        try:
            number = Decimal(value)
        except InvalidOperation as error:
            raise self._wrong(name, "a decimal number", value) from error
        if not number.is_finite() or number <= 0:
            raise self._wrong(name, "a number above 0", value)
        return number

    def instant(self, name: str, *, optional: bool = False) -> datetime | None:
        """A UTC instant from ISO 8601 text with a zone."""
        value = self._take(name, "" if optional else None)
        if value == "" and optional:
            return None
        try:
            at = datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise self._wrong(name, "a time like 2026-10-01T00:00:00Z", value) from error
        if at.tzinfo is None:
            raise self._wrong(name, "a time with its zone, such as a Z at the end", value)
        return at.astimezone(UTC)

    def texts(self, name: str, among: Sequence[str] = ()) -> tuple[str, ...]:
        """A list of texts; none where the field is absent."""
        value = self._take(name, ())
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise self._wrong(name, "a list of texts", value)
        for one in value:
            if not isinstance(one, str) or not one:
                raise self._wrong(name, "a list of texts", value)
            if among and one not in among:
                raise self._wrong(name, "a list out of " + " ".join(among), value)
        return tuple(value)

    def objects(self, name: str) -> list["Fields"]:
        """A list of objects with at least one in it."""
        value = self._take(name, None)
        if not isinstance(value, list | tuple) or not value:
            raise self._wrong(name, "a list with at least one object", value)
        for one in value:
            if not isinstance(one, Mapping):
                raise self._wrong(name, "a list of objects", value)
        return [Fields(one, f"{self._path}{name}[{place}].") for place, one in enumerate(value)]

    def nested(self, name: str, *, optional: bool = False) -> "Fields | None":
        """An object, or None where it is absent and may be."""
        value = self._take(name, {} if optional else None)
        if not isinstance(value, Mapping):
            raise self._wrong(name, "an object", value)
        if optional and not value:
            return None
        return Fields(value, f"{self._path}{name}.")

    def raw_object(self, name: str) -> dict[str, Any]:
        """An object as it came, for a language that has its own reader."""
        value = self._take(name, None)
        if not isinstance(value, Mapping):
            raise self._wrong(name, "an object", value)
        return dict(value)

    def rest(self) -> dict[str, Any]:
        """Every field not yet taken."""
        rest = dict(self._values)
        self._values.clear()
        return rest

    def finish(self) -> None:
        """Raises `ActionError` for the first field that nobody knows."""
        for name in self._values:
            near = get_close_matches(name, self._taken, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ActionError(f"{self._path}{name}: not a field of this action{hint}")

    def _take(self, name: str, default: Any) -> Any:  # noqa: ANN401 - any JSON value
        self._taken.append(name)
        value = self._values.pop(name, None)
        if value is not None:
            return value
        if default is None:
            raise ActionError(f"{self._path}{name}: expected, but missing")
        return default

    def _wrong(self, name: str, expected: str, value: object) -> ActionError:
        return ActionError(f"{self._path}{name}: expected {expected}, got {_shown(value)}")


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """RFC 8785 bytes. Decimals are written exactly, in plain notation without trailing zeros.

    That is RFC 8785's own form for every number a double carries exactly; a longer one is kept to
    its last digit rather than rounded. Raises `ActionError` for a float or a lone surrogate.
    """
    try:
        return _canonical(value).encode()
    except UnicodeEncodeError as error:
        raise ActionError(f"text is not valid Unicode: {error}") from error


def instant_text(at: datetime | None) -> str:
    """`2026-10-01T00:00:00Z`, with as many decimals as it needs; "" for None."""
    if at is None:
        return ""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _canonical(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        body = ",".join(f"{_canonical(name)}:{_canonical(value[name])}" for name in names)
        return "{" + body + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_canonical, value)) + "]"
    raise ActionError(f"{type(value).__name__} has no place in an action: {value!r}")


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ActionError(f"{value} is not a number")
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _no_number(text: str) -> Any:  # noqa: ANN401 - the signature json.loads expects
    raise ValueError(f"{text} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return found


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
