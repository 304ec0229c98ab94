"""One attempt to mend broken JSON, so that a human sees what the charger probably meant.

Evidence only: nothing mended ever becomes a fact, because a guess about energy is not a reading.
"""

import json
import re
from decimal import Decimal
from typing import Any

LONGEST = 200_000
"""Longer texts are not mended: a broken megabyte is looked at in the log."""

_TEXT = r'"(?:[^"\\]|\\.)*+"?'
"""A text, or the rest where its end is missing: always matches, so the search stays linear."""
_FAULTS: tuple[tuple[re.Pattern[str], str], ...] = (
    # a missing first, middle or last element: `[,` `,,` `,]`
    (re.compile(rf"({_TEXT})|([\[{{,])\s*(?:,\s*)+", re.DOTALL), r"\1\2"),
    (re.compile(rf"({_TEXT})|,\s*([\]}}])", re.DOTALL), r"\1\2"),
    # a missing value: `"transactionId":,`
    (re.compile(rf"({_TEXT})|:\s*(?=[,}}\]])", re.DOTALL), "value"),
    # a missing comma between two members: `1 "idTag"`
    (re.compile(r'(?<=[\d"}\]el])\s+(?="[^"]*"\s*:)'), ","),
)


def mended_payload(text: str) -> dict[str, Any] | None:
    """The payload of the frame that the text probably was, or None."""
    array = mended(text)
    return next((part for part in array or () if isinstance(part, dict)), None)


def mended(text: str) -> list[Any] | None:
    """The array that the text becomes with its gaps filled and its end closed, or None."""
    if len(text) > LONGEST:
        return None
    for fault, cure in _FAULTS:
        if cure == "value":
            text = fault.sub(lambda match: match[1] or ":null", text)
        else:
            text = fault.sub(cure, text)
    try:
        array = json.loads(_closed(text), parse_float=Decimal, parse_constant=str, strict=False)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return array if isinstance(array, list) else None


_MARK = re.compile(rf"{_TEXT}|[\[\]{{}}]", re.DOTALL)
_WHOLE = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_CLOSES = {"[": "]", "{": "}"}


def _closed(text: str) -> str:
    """The text with its last open text and every open bracket closed."""
    stack: list[str] = []
    tail = ""
    for match in _MARK.finditer(text):
        mark = match[0]
        if mark in _CLOSES:
            stack.append(_CLOSES[mark])
        elif stack and mark == stack[-1]:
            stack.pop()
        elif mark[0] == '"' and not _WHOLE.fullmatch(mark):
            tail = '"'
    whole = (text + tail).rstrip().rstrip(",")
    if whole.endswith(":"):
        whole += "null"
    return whole + "".join(reversed(stack))
