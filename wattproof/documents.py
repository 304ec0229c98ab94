"""JSON documents named on a command line: one object, several, or one per line without end.

Numbers are int and Decimal, never float. Knows files and standard input (`-`); refuses to know
what an object means. An OCPI response is taken for the data it carries.
"""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from ingest.protocols.ocpi import Wire, loads
from wattproof.refusals import RefusalError


def document(path: Path, kind: str) -> Wire:
    """The one object of a file. Raises RefusalError, naming what stands there instead."""
    found = documents(path, kind)
    if len(found) > 1:
        raise RefusalError(
            f"{path} holds {len(found)} objects, expected one {kind}", "give one at a time"
        )
    return found[0]


def documents(path: Path, kind: str) -> list[Wire]:
    """The objects of a file: one, or a list of them. Raises RefusalError."""
    text = b""
    try:
        text = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        value = loads(text)
    except OSError as error:
        raise RefusalError(f"{path} can't be read: {error.strerror}", "check the path") from None
    except (ValueError, RecursionError) as error:
        raise _no_json(path, kind, text, error) from None
    value = carried(value)
    found = value if isinstance(value, list) else [value]
    for place, one in enumerate(found):
        if not isinstance(one, dict):
            got = (
                "a list"
                if isinstance(one, list)
                else "a text"
                if isinstance(one, str)
                else "a value"
            )
            raise RefusalError(f"{path}, object {place + 1}: expected a {kind}, got {got}")
    if not found:
        raise RefusalError(f"{path} holds no {kind}", f"give a {kind} as JSON")
    return found


def _no_json(path: Path, kind: str, text: bytes, error: Exception) -> RefusalError:
    """Why a text is not taken: it holds an object per line, or no JSON at all."""
    many = [line for line in text.splitlines() if line.strip()]
    if len(many) > 1 and all(_is_object(line) for line in many[:2]):
        return RefusalError(
            f"{path} holds one object per line ({len(many)} lines), expected one {kind} as JSON",
            f"give one {kind}",
        )
    return RefusalError(f"{path} is not JSON: {error}", f"give a {kind} as JSON")


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(loads(line), dict)
    except (ValueError, RecursionError):
        return False


def carried(value: Any) -> Any:  # noqa: ANN401 - JSON is any
    """The data of an OCPI response, where the value is one; else the value itself."""
    if isinstance(value, dict) and "status_code" in value and "data" in value:
        return value["data"]
    return value


def lines(path: Path) -> Iterator[tuple[int, bytes, int]]:
    """(number, text, bytes read so far) of each line that is not empty; numbers from 1."""
    try:
        source = nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise RefusalError(f"{path} can't be read: {error.strerror}", "check the path") from None
    with source as file:
        read = 0
        for number, line in enumerate(file, 1):
            read += len(line)
            if line.strip():
                yield number, line, read


Item = tuple[int, Wire | bytes, int]


def records(path: Path) -> Iterator[Item]:
    """The objects of a file, one per line or in one list: number from 1, object or its text, bytes
    read so far. A list, and one object over several lines, is read whole; lines are read as they
    come.
    """
    found = lines(path)
    first = next(found, None)
    if first is None:
        return
    if first[1].strip()[:1] == b"[" or first[1].strip() == b"{":
        kept = [first, *found]
        try:
            value = carried(loads(b"\n".join(line for _, line, _ in kept)))
        except (ValueError, RecursionError):
            yield from kept
            return
        whole = value if isinstance(value, list) else [value]
        yield from ((number, one, kept[-1][2]) for number, one in enumerate(whole, 1))
        return
    yield first
    yield from found


def size(path: Path) -> int | None:
    """The bytes of a file; None where they cannot be told, as of standard input."""
    return path.stat().st_size if path.is_file() else None
