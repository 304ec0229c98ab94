"""One finding about a tariff: what is wrong, where, and what to do about it."""

from dataclasses import dataclass

from billing.lint.codes import CODES, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """`pointer` is the JSON pointer (RFC 6901; "" is the tariff) of what the finding is about.

    For a missing field it points where the field belongs. `suggestion` is empty where there is
    nothing to advise.
    """

    code: str
    pointer: str
    message: str
    suggestion: str = ""

    @property
    def severity(self) -> Severity:
        """What it does to the money."""
        return CODES[self.code].severity


def limits_at(element: int, name: str = "") -> str:
    """The pointer of an element's restrictions, or of one of them."""
    return f"/elements/{element}/restrictions" + (f"/{name}" if name else "")


def component_at(element: int, component: int, name: str = "") -> str:
    """The pointer of a price component, or of one of its fields."""
    pointer = f"/elements/{element}/price_components/{component}"
    return f"{pointer}/{name}" if name else pointer
