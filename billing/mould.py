"""Frozen values, cast quickly: millions of readings a day are built one by one.

A frozen dataclass pays `object.__setattr__` per field: 10 µs for a MeterReading where an open one
of the same slots takes 1. Python lets an object change its class to one with the same `__slots__`
(language reference §3.3.2.4), so that a value is filled open and handed over frozen. The caster is
a function, not a class: arguments given by name cost a class twice as much.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


def mould(kind: Callable[P, T]) -> Callable[P, T]:
    """A constructor like `kind`'s own, defaults and keywords included, several times as fast.

    `kind` is a dataclass with slots, without `__post_init__` and of no other base.
    """
    assert isinstance(kind, type)
    assert not hasattr(kind, "__post_init__")
    assert kind.__bases__ == (object,)
    parts = fields(kind)
    opened = type(f"Open{kind.__name__}", (), {"__slots__": [part.name for part in parts]})
    known: dict[str, Any] = {"_kind": kind, "_opened": opened, "_new": object.__new__}
    source = [f"def _cast({', '.join(_argument(part, known) for part in parts)}):"]
    source += ["    _value = _new(_opened)", *(_filled(part) for part in parts)]
    source += ["    _value.__class__ = _kind", "    return _value"]
    exec("\n".join(source), known)  # noqa: S102 - as dataclasses makes an __init__: of field names
    assert not {"_value", *known} & {part.name for part in parts}, "a field hides what casts it"
    return cast("Callable[P, T]", known["_cast"])


def _argument(part: Field[Any], known: dict[str, Any]) -> str:
    """A field as a parameter; what it is without an argument becomes known."""
    assert part.init, "every field is an argument"
    assert not part.kw_only, "every field has its place"
    if part.default is MISSING and part.default_factory is MISSING:
        return part.name
    known[f"_default_{part.name}"] = part.default
    known[f"_make_{part.name}"] = part.default_factory
    return f"{part.name}=_default_{part.name}"


def _filled(part: Field[Any]) -> str:
    """A field as a statement that fills it."""
    if part.default_factory is MISSING:
        return f"    _value.{part.name} = {part.name}"
    given = f"{part.name} is not _default_{part.name}"
    return f"    _value.{part.name} = {part.name} if {given} else _make_{part.name}()"
