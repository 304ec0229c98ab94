"""The OCPP schemas: does a payload have the shape its action promises?

The schema files are the `ocpp` package's, compiled by jsonschema_rs on first use, one by one: so
that starting costs nothing. Times are not checked here (chargers' stamps are read leniently and
flagged by `stamps`), and a breach is a list of sentences, never an exception.
"""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ingest.protocols.ocpp.actions import VERSIONS, known_actions

if TYPE_CHECKING:
    from jsonschema_rs import Validator

__all__ = ["known_actions", "problems", "validity"]

MOST = 20
"""Sentences per payload: a thousand broken samples say the same thing a thousand times"""


def problems(version: str, action: str, payload: object, *, response: bool = False) -> list[str]:
    """What is wrong with a call's payload (or a response's); empty where it is valid.

    `version` is `v16`, `v201`, `v21` or the subprotocol. Numbers may be int, Decimal or float. An
    action the version does not know yields one sentence that says so.
    """
    schema = _validator(VERSIONS[version], action, response=response)
    if schema is None:
        known = action in known_actions(version)
        what = "has no response in" if known else "is not an action of"
        return [f"{action or 'an empty action'} {what} {version}"]
    try:
        if schema.is_valid(payload):
            return []
        return _sentences(schema, payload)
    except (ValueError, RecursionError) as error:
        return [f"the payload cannot be checked: {error}"]


def validity(version: str, action: str) -> Callable[[Any], bool]:
    """Whether a call's payload has no `problems`, as a function that says no more than that.

    It may raise ValueError and RecursionError. KeyError for an action the version does not know.
    """
    schema = _validator(VERSIONS[version], action, response=False)
    if schema is None:
        raise KeyError(action)
    return schema.is_valid


def _sentences(schema: "Validator", payload: object) -> list[str]:
    found: list[str] = []
    for error in schema.iter_errors(payload):
        path = ".".join(str(part) for part in error.instance_path)
        found.append(f"{path or 'payload'}: {error.message[:300]}")
        if len(found) == MOST:
            found.append("… and more")
            break
    return found


@cache
def _validator(version: str, action: str, *, response: bool) -> "Validator | None":
    """Compiled on first use: 0.5 ms."""
    if action not in known_actions(version):
        return None
    from jsonschema_rs import validator_for  # noqa: PLC0415 - 20 ms that starting up must not pay

    folder = files("ocpp") / version / "schemas"
    # 1.6 names a request after its action alone, and so does 2.1 a SEND, which has no response
    suffixes = ("Response",) if response else ("Request", "")
    for suffix in suffixes:
        file = folder / f"{action}{suffix}.json"
        if file.is_file():
            return validator_for(file.read_text("utf-8"), validate_formats=False)
    return None
