"""Terms: what the house, or one partner, has decided on the open questions of pricing.

Knows how a partner's own decisions go before those of the house, and these before our defaults.
Refuses to know when anything was decided: that is for whoever asks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import get_args, get_type_hints

from billing.policy import PricingPolicy, policy_from

Decisions = Mapping[str, str]
"""Name of a pricing policy -> the answer chosen."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    name: get_args(hint) for name, hint in get_type_hints(PricingPolicy).items()
}
"""Every open question and its possible answers, as `PricingPolicy` has them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Decisions of a party (its code, such as NL-ABC) or of the house (""); the rest is open."""

    party: str = ""
    decisions: Decisions = field(default_factory=dict)

    def told(self, decisions: Decisions) -> "Terms":
        """These terms after some more decisions, which replace earlier ones of the same name."""
        return Terms(self.party, {**self.decisions, **decisions})

    def without(self, names: Iterable[str]) -> "Terms":
        """These terms after some decisions were taken back: their questions are open again."""
        gone = set(names)
        kept = {name: one for name, one in self.decisions.items() if name not in gone}
        return Terms(self.party, kept)


HOUSE = ""
"""The party of the terms that hold for everybody without terms of their own."""


def policy_under(terms: Iterable[Terms | None]) -> PricingPolicy:
    """The policy under several terms, the later ones first asked; None decides nothing.

    Raises ValueError for a name or an answer that does not exist.
    """
    decided: dict[str, str] = {}
    for one in terms:
        if one is not None:
            decided.update(one.decisions)
    return policy_from(decided.items())


def is_decision(name: str, answer: object) -> bool:
    """Whether this is an open question of pricing, and this one of its answers."""
    return answer in CHOICES.get(name, ())
