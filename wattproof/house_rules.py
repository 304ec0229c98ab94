"""The policies of the house: their names, their defaults, and what a value of each must be.

Knows what somebody reads: the derivation of sessions and the answers to chargers. Refuses to know
what is set; that is in the log and the registry.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal

from billing.session_policy import SessionPolicy
from ingest.protocols.actions import PolicyValue
from ingest.view import HEARTBEAT_INTERVAL_S
from wattproof.refusals import RefusalError


def _of_sessions() -> dict[str, PolicyValue]:
    """What `pipelines.house_policy` reads: times in whole seconds, Wh and W as whole numbers."""
    found: dict[str, PolicyValue] = {}
    house = SessionPolicy()
    for field in fields(SessionPolicy):
        value = getattr(house, field.name)
        if isinstance(value, timedelta):
            found[f"{field.name}_s"] = value // timedelta(seconds=1)
        elif isinstance(value, Decimal):
            found[field.name] = int(value)
    return found


DEFAULTS: Mapping[str, PolicyValue] = {
    **_of_sessions(),
    "heartbeat_interval_s": HEARTBEAT_INTERVAL_S,
    "refuse_concurrent": False,
    "free_vend": False,
}
"""Every policy that is read, and what holds where it is not set."""


def checked(name: str, text: str) -> PolicyValue:
    """The value of a policy as an operator writes it. Raises RefusalError."""
    default = DEFAULTS.get(name)
    if default is None:
        raise RefusalError(f"there is no policy {name}", f"there are {', '.join(sorted(DEFAULTS))}")
    if isinstance(default, bool):
        if text not in {"true", "false"}:
            raise RefusalError(f"policy {name} is true or false, not {text!r}")
        return text == "true"
    if not (text.isascii() and text.isdecimal()):
        raise RefusalError(f"policy {name} is a whole number, 0 or more, not {text!r}")
    return int(text)
