"""Dimensions and steps of an element's components: doubled ones, and steps that do nothing.

OCPI 2.2.1 mod_tariffs, PriceComponent.step_size: Wh for ENERGY, seconds for the times; once per
session, and where parking was priced only parking is rounded.
"""

from collections.abc import Iterator

from billing.lint.finding import Finding
from billing.lint.subject import Part, Subject
from billing.tariff import Dimension


def steps(subject: Subject) -> Iterator[Finding]:
    """Findings about each component's dimension and step."""
    parking = any(
        part.rule.dimension is Dimension.PARKING_TIME and part.rule.price for part in subject.parts
    )
    seen: dict[tuple[int, Dimension], int] = {}
    for part in subject.parts:
        first = seen.setdefault((part.element, part.rule.dimension), part.component)
        if first != part.component:
            counts = first if subject.policy.duplicate_component == "first" else part.component
            yield Finding(
                "duplicate_dimension",
                part.at("type"),
                f"the element prices {part.rule.dimension} twice; component {counts + 1} counts",
                "leave one out",
            )
        if part.rule.step_size != 1:
            yield from _step(part, parking=parking)


def _step(part: Part, *, parking: bool) -> Iterator[Finding]:
    """What there is to say of a step other than 1."""
    step, dimension = part.rule.step_size, part.rule.dimension
    if step < 0:
        text = f"step_size is {step}: no quantity can be rounded to that"
        yield Finding("negative_step_size", part.at("step_size"), text, "step_size 1")
    elif dimension is Dimension.FLAT:
        text = f"step_size {step} on FLAT has no meaning: it is charged once"
        yield Finding("flat_step_size", part.at("step_size"), text, "step_size 1")
    elif step == 0:
        text = "step_size 0 is read as no rounding; others may read it as 1, or divide by it"
        yield Finding("zero_step_size", part.at("step_size"), text, "step_size 1")
    elif dimension is Dimension.TIME and parking and part.limits.reservation is None:
        text = f"step_size {step} of TIME is not used in a session that parked at a price"
        advice = "round by the step_size of PARKING_TIME"
        yield Finding("unused_time_step_size", part.at("step_size"), text, advice)
