"""The frame of OCPP-J: a JSON array around every call, result, error and send.

Reads any text without raising and says what is wrong with it; numbers are `int` or `Decimal`, never
float. Writes compact frames with exact decimals. Knows no action and no version.
OCPP-J 1.6 §4.2, OCPP 2.0.1 part 4 §4.2, OCPP 2.1 part 4 (CALLRESULTERROR, SEND).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from ingest.protocols.errors import LocalProtocolError

CALL = 2
CALLRESULT = 3
CALLERROR = 4
CALLRESULTERROR = 5
SEND = 6
_TYPES = {2: CALL, 3: CALLRESULT, 4: CALLERROR, 5: CALLRESULTERROR, 6: SEND}

MAX_DEPTH = 100
"""Deeper nesting than this is refused whatever the stack: no OCPP message goes beyond 12."""
MAX_MESSAGE_ID = 36

Problems = tuple[tuple[str, str], ...]
"""(rule, what was expected and what came)"""


@dataclass(slots=True)
class Frame:
    """What could be read of a frame, and what was wrong with it.

    `type` is None where the text is no frame. `message_id` is always text; `reply_id` is the id as
    the peer wrote it (text or number), for `write_result` and `write_error` to echo. `payload` is
    `{}` where none could be read, and an error's details.
    """

    type: int | None
    message_id: str
    action: str
    payload: dict[str, Any]
    text: str
    problems: Problems = ()
    reply_id: str | int = ""
    error_code: str = ""
    error_description: str = ""


def read_frame(text: str) -> Frame:
    """Reads any text, never raises. Not JSON: the header is recognised where it is legible."""
    problems: list[tuple[str, str]] = []
    try:
        array, end = _scan(text, 0)
        exact = end == len(text) and "\\ud" not in text and "\\uD" not in text
    except (StopIteration, ValueError, ArithmeticError, RecursionError):
        exact = False
    if not exact or _too_deep(text):
        try:
            array = _second_look(text, problems)
        except _NotJSON as error:
            return _illegible(text, error)
    if type(array) is not list:
        return _not_an_array(text, array)
    if (
        len(array) == 4
        and array[0] == CALL
        and type(array[1]) is type(array[2]) is str
        and type(array[3]) is dict
        and not problems
        and type(array[0]) is int
        and 0 < len(array[1]) <= MAX_MESSAGE_ID
    ):
        return Frame(CALL, array[1], array[2], array[3], text, (), array[1])
    return _parts(text, array, problems)


def write_call(message_id: str, action: str, payload: Mapping[str, Any]) -> str:
    """`[2,id,action,payload]`. Raises LocalProtocolError where the payload is not JSON."""
    return _written([CALL, message_id, action, payload])


def write_result(message_id: str | int, payload: Mapping[str, Any]) -> str:
    """`[3,id,payload]`; decimals keep their digits, datetimes become UTC with milliseconds."""
    return result_bytes(message_id, payload).decode()


def result_bytes(message_id: str | int, payload: Mapping[str, Any]) -> bytes:
    """`write_result` as it goes over the wire."""
    return _encoded([CALLRESULT, message_id, payload])


def write_error(
    message_id: str | int,
    code: str,
    description: str = "",
    details: Mapping[str, Any] | None = None,
) -> str:
    """`[4,id,code,description,details]`. An id that was illegible is `-1` (2.0.1 part 4 §4.2.3)."""
    return _written([CALLERROR, message_id, code, description[:255], details or {}])


class _NotJSON(Exception):  # noqa: N818 - never leaves this module
    """Why the text could not be read as JSON, as (rule, message)."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


# `raw_decode` without its wrapper: half a microsecond of every frame
_scan: Callable[[str, int], tuple[Any, int]] = vars(
    json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)
)["scan_once"]
_lenient = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant, strict=False)
_SURROGATE = re.compile("[\ud800-\udfff]")
_OUTSIDE = "\ufeff\x00 \t\r\n"


def _second_look(text: str, problems: list[tuple[str, str]]) -> object:
    """The same text, forgiving only what leaves no doubt about its meaning. Raises _NotJSON."""
    if _too_deep(text):
        raise _NotJSON("too_deep", f"expected at most {MAX_DEPTH} levels of nesting")
    stripped = text.strip(_OUTSIDE)
    try:
        array, end = _lenient.raw_decode(stripped)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise _NotJSON("not_json", f"expected JSON, came: {_reason(error)}") from None
    if end != len(stripped):
        raise _NotJSON("not_json", f"expected the end after character {end}, came more text")
    try:
        _scan(stripped, 0)
    except ValueError:
        problems.append(("not_strict_json", "control characters inside a text, unescaped"))
    if stripped != text.strip(" \t\r\n"):
        problems.append(("not_strict_json", "a byte order mark or NUL around the frame"))
    return _without_surrogates(array, stripped, problems)


def _reason(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__


def _without_surrogates(array: object, text: str, problems: list[tuple[str, str]]) -> object:
    r"""Half a surrogate pair (`\ud83d` alone) cannot be stored as UTF-8: it becomes U+FFFD."""
    if "\\ud" not in text.lower():
        return array
    plain = json.dumps(array, ensure_ascii=False, default=_exact)
    if not _SURROGATE.search(plain):
        return array
    problems.append(("not_strict_json", "half of a surrogate pair, read as U+FFFD"))
    return _replaced(array)


def _exact(value: object) -> str:
    return str(value)


def _replaced(value: object) -> object:
    """The same JSON value without lone surrogates; its depth is at most MAX_DEPTH."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_replaced(item) for item in value]
    if isinstance(value, dict):
        return {_SURROGATE.sub("\ufffd", key): _replaced(item) for key, item in value.items()}
    return value


_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def _too_deep(text: str) -> bool:
    """Whether brackets outside of texts nest deeper than MAX_DEPTH."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for match in _STRUCTURE.finditer(text):
        mark = match[0]
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif mark in "]}":
            depth -= 1
    return False


_HEADER = re.compile(
    r'\s*+\[\s*+"?(\d+)"?\s*+,\s*+("(?:[^"\\]|\\.){0,200}"|\d{1,40})\s*+,\s*+(.*)', re.DOTALL
)
_ACTION = re.compile(r'"([A-Za-z0-9]{1,60})"')


def _illegible(text: str, error: _NotJSON) -> Frame:
    """A frame from what can be recognised of broken text: type, id, action."""
    header = _HEADER.match(text.lstrip(_OUTSIDE))
    if header is None:
        return Frame(None, "", "", {}, text, ((error.rule, error.message),), "-1")
    kind = _TYPES.get(int(header[1])) if len(header[1]) == 1 else None
    message_id = header[2].strip('"')
    action = _ACTION.match(header[3]) if kind in (CALL, SEND, None) else None
    return Frame(
        kind,
        message_id,
        action[1] if action else "",
        {},
        text,
        ((error.rule, error.message),),
        message_id,
    )


def _not_an_array(text: str, value: object) -> Frame:
    came = {dict: "an object", str: "a text", bool: "a boolean"}.get(type(value), "a number")
    message = f"expected a JSON array, came {'null' if value is None else came}"
    return Frame(None, "", "", {}, text, (("not_array", message),), "-1")


def _parts(text: str, array: list[Any], problems: list[tuple[str, str]]) -> Frame:
    """The general way: every part may be missing or of the wrong kind."""
    if len(array) < 2:
        problems.append(("frame_too_short", f"expected at least 3 elements, came {len(array)}"))
        return Frame(None, "", "", {}, text, tuple(problems), "-1")
    kind = _type(array[0], problems)
    message_id, reply_id = _message_id(array[1], problems)
    frame = Frame(kind, message_id, "", {}, text, (), reply_id)
    if kind in (CALL, SEND):
        _call(frame, array, problems)
    elif kind == CALLRESULT:
        _length(array, 3, problems)
        frame.payload = _payload(array[2], problems) if len(array) > 2 else {}
    elif kind in (CALLERROR, CALLRESULTERROR):
        _error(frame, array, problems)
    elif len(array) > 2 and isinstance(array[2], str):
        frame.action = array[2]
    frame.problems = tuple(problems)
    return frame


def _type(value: object, problems: list[tuple[str, str]]) -> int | None:
    if type(value) is int and value in _TYPES:
        return value
    text = str(value).strip() if not isinstance(value, list | dict | bool) else ""
    kind = _TYPES.get(int(text[0])) if text in {"2", "3", "4", "5", "6", "2.0", "3.0"} else None
    if kind is not None:
        problems.append(("message_type_not_integer", f"expected the number {kind}, came {value!r}"))
    else:
        came = str(value)[:40]
        problems.append(("unknown_message_type", f"expected 2, 3, 4, 5 or 6, came {came}"))
    return kind


def _message_id(value: object, problems: list[tuple[str, str]]) -> tuple[str, str | int]:
    if isinstance(value, str):
        if not value:
            problems.append(("msgid_missing", "expected a message id, came an empty text"))
        elif len(value) > MAX_MESSAGE_ID:
            problems.append(("msgid_too_long", f"expected 36 characters, came {len(value)}"))
        return value, value
    if type(value) is int or isinstance(value, Decimal):
        text = str(value)[:200]
        problems.append(("msgid_numeric", f"expected a text, came the number {text[:40]}"))
        return text, value if type(value) is int and abs(value) < 2**63 else text
    problems.append(("msgid_missing", f"expected a text, came {type(value).__name__}"))
    return "", "-1"


def _call(frame: Frame, array: list[Any], problems: list[tuple[str, str]]) -> None:
    _length(array, 4, problems)
    action = array[2] if len(array) > 2 else ""
    if not isinstance(action, str):
        problems.append(("action_not_text", f"expected an action, came {type(action).__name__}"))
        return
    frame.action = action
    frame.payload = _payload(array[3], problems) if len(array) > 3 else {}


def _error(frame: Frame, array: list[Any], problems: list[tuple[str, str]]) -> None:
    _length(array, 5, problems)
    frame.error_code = str(array[2])[:200] if len(array) > 2 else ""
    frame.error_description = str(array[3])[:2000] if len(array) > 3 else ""
    frame.payload = array[4] if len(array) > 4 and isinstance(array[4], dict) else {}


def _length(array: list[Any], expected: int, problems: list[tuple[str, str]]) -> None:
    if len(array) < expected:
        problems.append(("frame_too_short", f"expected {expected} elements, came {len(array)}"))
    elif len(array) > expected:
        problems.append(("frame_too_long", f"expected {expected} elements, came {len(array)}"))


def _payload(value: object, problems: list[tuple[str, str]]) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if value is None:
        problems.append(("null_payload", "expected an object, came null: read as {}"))
    else:
        problems.append(
            ("payload_not_object", f"expected an object, came {type(value).__name__}: read as {{}}")
        )
    return {}


def _written(array: list[Any]) -> str:
    return _encoded(array).decode()


def _encoded(array: list[Any]) -> bytes:
    try:
        return orjson.dumps(array, _plain, orjson.OPT_PASSTHROUGH_DATETIME)
    except (TypeError, ValueError) as error:
        raise LocalProtocolError(f"the frame cannot be written as JSON: {error}") from error


def _plain(value: object) -> object:
    """What JSON has no type for: exact decimals, UTC stamps with milliseconds."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a JSON number")
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        stamp = value.astimezone(UTC)
        return f"{stamp:%Y-%m-%dT%H:%M:%S}.{stamp.microsecond // 1000:03d}Z"
    raise TypeError(f"{type(value).__name__} is not JSON")
