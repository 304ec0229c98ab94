"""The policies of the house: their names, their defaults, and what a value of each must be.

Knows what somebody reads: the derivation of sessions, the pricing of each partner's and the answers
to chargers. Refuses to know what is set; that is in the log and the registry.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches

from billing.policy import DEFAULT_POLICY
from billing.session_policy import SessionPolicy
from billing.terms import CHOICES
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
"""Every policy of the house alone that is read, and what holds where it is not set."""
PRICING: Mapping[str, str] = dict(DEFAULT_POLICY.pairs())
"""Every policy of pricing, which a party may have its own answer to, and our default."""


def checked(name: str, text: str, party: str = "") -> PolicyValue:
    """The value of a policy as an operator writes it, for one party or all. Raises RefusalError."""
    if name in PRICING:
        return checked_answer(name, text)
    default = DEFAULTS.get(name)
    if default is None:
        raise _unknown(name, [*PRICING] if party else [*DEFAULTS, *PRICING])
    if party:
        raise RefusalError(
            f"policy {name} holds for the whole house, so not for {party} alone",
            "leave out --party",
        )
    if isinstance(default, bool):
        if text not in {"true", "false"}:
            raise RefusalError(f"policy {name} is true or false, not {text!r}")
        return text == "true"
    if not (text.isascii() and text.isdecimal()):
        raise RefusalError(f"policy {name} is a whole number, 0 or more, not {text!r}")
    return int(text)


def checked_answer(name: str, text: str) -> str:
    """The answer to an open question of pricing. Raises RefusalError."""
    if name in DEFAULTS:
        raise RefusalError(
            f"{name} is a policy of the house, not one of pricing",
            f"it holds from when it is set: wattproof policy set {name}={text}",
        )
    if name not in PRICING:
        raise _unknown(name, [*PRICING])
    if text not in CHOICES[name]:
        choices = ", ".join(CHOICES[name])
        raise RefusalError(f"policy {name} cannot be {text!r}", f"choose from {choices}")
    return text


def _unknown(name: str, known: list[str]) -> RefusalError:
    near = get_close_matches(name, known, n=1)
    advice = f"did you mean {near[0]}?" if near else "see wattproof policy list"
    return RefusalError(f"there is no policy {name}", advice)
