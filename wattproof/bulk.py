"""Many things at once: JSON objects from a file or standard input, one per line or in an array."""

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from wattproof.refusals import RefusalError


def objects(path: Path) -> list[dict[str, Any]]:
    """The objects of a file (`-`: standard input); numbers are int and Decimal.

    Raises `RefusalError` naming the line that is no JSON object.
    """
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RefusalError(
            f"{path} can't be read: {error}", "give the path of a JSON file"
        ) from None
    found = _whole(text)
    values = list(_lines(text, path)) if found is None else found
    for place, value in enumerate(values, 1):
        if not isinstance(value, dict):
            raise RefusalError(f"{path}, object {place}: expected a JSON object, got {value!r:.60}")
    if not values:
        raise RefusalError(f"{path} holds nothing", "give one JSON object per line")
    return values


def _whole(text: str) -> list[Any] | None:
    """The file as one JSON value, or None where it is one per line."""
    try:
        value = json.loads(text, parse_float=Decimal)
    except ValueError:
        return None
    return value if isinstance(value, list) else [value]


def _lines(text: str, path: Path) -> Iterator[Any]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line, parse_float=Decimal)
            except ValueError as error:
                raise RefusalError(
                    f"{path}, line {number}: not JSON: {error}", "correct the line"
                ) from None
