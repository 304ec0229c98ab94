"""Whether the tariff in a CDR is the one we hold: all that can change a price, place by place.

Texts, links and time stamps of publication may differ: they cost nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import datetime
from itertools import zip_longest
from typing import Any, NamedTuple

from billing.period import ChargingPeriod
from billing.price import is_valid
from billing.tariff import PriceComponent, PriceLimit, Restrictions, Tariff, TariffElement
from billing.verify.report import Check, Group, Kind, Place

_WIRE_NAMES = {
    "start_at": "start_date_time",
    "end_at": "end_date_time",
    "dimension": "type",
    "before_tax": "excl_vat",
    "after_tax": "incl_vat",
}


class Named(NamedTuple):
    """Which tariff: whose, and by what id. OCPI 2.2.1 types, CiString: no case is told apart.

    2.1.1 does not say whose: an owner that is not known is anybody.
    """

    country_code: str
    party_id: str
    id: str

    def means(self, tariff: Tariff) -> bool:
        """Whether it is this tariff, in whatever version."""
        return self.id.upper() == tariff.id.upper() and self.may_own(tariff)

    def may_own(self, tariff: Tariff) -> bool:
        """Whether it is of the owner of this tariff."""
        return _agree(self.country_code, tariff.country_code) and _agree(
            self.party_id, tariff.party_id
        )


def _agree(one: str, other: str) -> bool:
    return not one or not other or one.upper() == other.upper()


def name_of(tariff: Tariff) -> Named:
    """What a tariff is known by."""
    return Named(tariff.country_code, tariff.party_id, tariff.id)


def spelled(
    periods: tuple[ChargingPeriod, ...], tariffs: Sequence[Tariff]
) -> tuple[ChargingPeriod, ...]:
    """The periods with the ids of their tariffs as those write them."""
    ids = {one.id.upper(): one.id for one in reversed(tariffs)} | {
        one.id: one.id for one in tariffs
    }

    def own(name: str) -> str:
        return ids.get(name) or ids.get(name.upper(), name)

    if all(own(one.tariff_id) == one.tariff_id for one in periods):
        return periods
    return tuple(replace(one, tariff_id=own(one.tariff_id)) for one in periods)


def held_version(named: Named, held: Sequence[Tariff], at: datetime) -> Tariff | None:
    """The newest version of a tariff that we held for a session that started at `at` (UTC)."""
    ours = [one for one in held if named.means(one)]
    known = [one for one in ours if is_valid(one, at) and one.last_updated <= at]
    valid = known or [one for one in ours if is_valid(one, at)] or ours
    return max(valid, key=lambda one: one.last_updated) if valid else None


def compared(number: int, copy: Tariff, held: Tariff | None) -> Iterator[Check]:
    """A row per place in which the CDR's copy differs from the version we hold."""
    place: Place = ("tariffs", number)
    if held is None:
        text = f"tariff {copy.id} is not among the tariffs we hold: priced by the CDR's own copy"
        yield Check(
            Group.TARIFF, "tariffs", Kind.NOT_CHECKED, place, cause="tariff_not_held", message=text
        )
        return
    found = list(_differences(copy, held))
    if not found:
        yield Check(Group.TARIFF, "tariffs", Kind.EXACT, place)
    for where, theirs, ours in found:
        at = "/".join(map(str, where))
        text = f"tariff {copy.id}, {at}: {_shown(theirs)} in the CDR, {_shown(ours)} in ours"
        yield Check(
            Group.TARIFF,
            "tariffs",
            Kind.UNEXPLAINED,
            (*place, *where),
            cause="tariff_differs",
            message=text,
        )


def _differences(copy: Tariff, held: Tariff) -> Iterator[tuple[Place, object, object]]:
    for name in ("currency", "tax_included", "start_at", "end_at"):
        yield from _pair((_WIRE_NAMES.get(name, name),), getattr(copy, name), getattr(held, name))
    for name in ("min_price", "max_price"):
        yield from _limits((name,), getattr(copy, name), getattr(held, name))
    for number, (one, other) in enumerate(zip_longest(copy.elements, held.elements)):
        yield from _elements(("elements", number), one, other)


def _limits(
    place: Place, one: PriceLimit | None, other: PriceLimit | None
) -> Iterator[tuple[Place, object, object]]:
    if one is None or other is None:
        yield from _pair(place, one and one.before_tax, other and other.before_tax)
    else:
        yield from _fields(place, one, other)


def _elements(
    place: Place, one: TariffElement | None, other: TariffElement | None
) -> Iterator[tuple[Place, object, object]]:
    if one is None or other is None:
        yield (
            place,
            "absent" if one is None else "present",
            "absent" if other is None else "present",
        )
        return
    pairs = zip_longest(one.components, other.components)
    for number, (ours, theirs) in enumerate(pairs):
        here = (*place, "price_components", number)
        if ours is None or theirs is None:
            yield here, _named(ours), _named(theirs)
        else:
            yield from _fields(here, ours, theirs)
    yield from _fields((*place, "restrictions"), one.restrictions, other.restrictions)


def _fields(
    place: Place,
    one: PriceComponent | Restrictions | PriceLimit,
    other: PriceComponent | Restrictions | PriceLimit,
) -> Iterator[tuple[Place, object, object]]:
    for item in fields(one):
        name = _WIRE_NAMES.get(item.name, item.name)
        yield from _pair((*place, name), getattr(one, item.name), getattr(other, item.name))


def _pair(place: Place, one: object, other: object) -> Iterator[tuple[Place, object, object]]:
    if one != other:
        yield place, one, other


def _named(component: PriceComponent | None) -> str:
    return "absent" if component is None else f"{component.dimension} {component.price}"


def _shown(value: Any) -> str:  # noqa: ANN401 - any field of a tariff
    if value is None:
        return "absent"
    if isinstance(value, frozenset):
        return " ".join(day.name for day in sorted(value)) or "absent"
    if isinstance(value, datetime):
        return f"{value:%FT%TZ}"
    return str(value)
