"""Canonical JSON of the core's values: the same value has the same text, and text reads back equal.

Knows how to write any frozen dataclass of this room by its type hints, and to read it again.
Refuses floats, naive times and anything that is not a value. RFC 8785 for everything it writes:
sorted keys, no spaces, plain UTF-8.

| Python | JSON |
| --- | --- |
| dataclass | object, every field present; missing fields take their default on reading |
| union of dataclasses | object with the class name under `type` |
| Decimal | text without exponent or trailing zeros: `"0.25"`, `"5"` |
| datetime | text, UTC with `Z`; date and time: ISO 8601 text |
| enum | its value |
| tuple, frozenset (sorted) | array |
| Mapping[str, T] | object |

A field declared `Shared[T]` holds a value that many records repeat (a tariff, a location): its text
is made once and its object read once, for as long as they are kept.
"""

# ruff: noqa: ANN401 - a codec handles values of every type there is
import types
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from json import dumps as _json
from json import loads as _parse
from json.encoder import encode_basestring as quote
from marshal import dumps as _marshal
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from billing.mould import mould

T = TypeVar("T")


class _Shared:
    """Marks a type hint: see the table above."""


Shared = Annotated[T, _Shared]


class RecordError(ValueError):
    """The text is not a record of the class asked for, or the value cannot be written as one."""


def dumps(value: object) -> str:
    """The value (a dataclass instance) as canonical JSON text. Raises RecordError."""
    return _codec_of(type(value)).encode(value)


def loads(cls: type[T], text: str | bytes) -> T:
    """Read what `dumps` wrote for `cls`. Raises RecordError naming class and cause."""
    return from_plain(cls, _read(cls, text))


def to_plain(value: object) -> Any:
    """The value as what `json.loads` of its record gives: dicts, lists, text, numbers, None."""
    return _parse(dumps(value))


def from_plain(cls: type[T], plain: object) -> T:
    """Read a value from what `to_plain` gave. Raises RecordError."""
    try:
        return cast("T", _codec_of(cls).decode(plain))
    except RecordError:
        raise
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise RecordError(f"not a {cls.__name__}: {type(error).__name__}: {error}") from error


def decimal_text(value: Decimal) -> str:
    """A Decimal in plain notation, without trailing zeros or a negative zero."""
    text = str(value)
    if not value.is_finite():
        raise RecordError(f"{value} is not a finite number")
    if text[-1] != "0" and "E" not in text:
        return text
    if "E" in text:
        text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def instant_text(value: datetime) -> str:
    """An instant as UTC ISO 8601 text with Z; fractions only where there are any."""
    if value.tzinfo is None:
        raise RecordError(f"{value} has no time zone")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat()[:-6] + "Z"


def _read(cls: type, text: str | bytes) -> object:
    try:
        return _parse(text)
    except ValueError as error:
        raise RecordError(f"not a {cls.__name__}: not JSON: {error}") from error


Encode = Callable[[Any], str]
Decode = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Codec:
    encode: Encode
    decode: Decode
    optional: bool = False
    """None is allowed, and not known to `encode` and `decode`: a field tests it in place."""
    plain: type | None = None
    """Needs no conversion on reading, only a check that it is of this type."""
    bare: Encode | None = None
    """What stands between quotes: `encode` without them."""
    item: Encode | None = None
    """Of an array: what encodes one of its items."""


def _codec_of(cls: type) -> _Codec:
    key: Hashable = cls
    return _codec(key)


@cache
def _codec(hint: Any) -> _Codec:
    """The codec of a type hint, built once."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if get_origin(hint) in _GENERIC:
        return _GENERIC[get_origin(hint)](*get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _object(hint)
    raise RecordError(f"{hint!r} cannot be written as a record")


def _object(cls: type) -> _Codec:
    """Encoder and decoder of a dataclass, compiled as `dataclasses` itself compiles `__init__`.

    A loop over the fields costs four times as much, and a day has 28,000 CDRs of 300 fields.
    """
    hints = get_type_hints(cls, include_extras=True)
    own = [item for item in fields(cls) if item.init]
    codecs = {item.name: _codec(hints[item.name]) for item in own}
    scope: dict[str, Any] = {"cls": cls, "make": _maker(cls), "wrong": _wrong, "null": "null"}
    scope["absent"] = _absent(cls, own, codecs)
    for name, codec in codecs.items():
        scope[f"encode_{name}"], scope[f"decode_{name}"] = codec.encode, codec.decode
        scope[f"bare_{name}"], scope[f"item_{name}"] = codec.bare, codec.item
    written = ",".join(
        f'"{name}":{_written(f"value.{name}", name, codecs[name])}' for name in sorted(codecs)
    )
    read = ", ".join(_read_back(name, codec) for name, codec in codecs.items())
    source = f'''
def encode(value):
    if value.__class__ is not cls:
        wrong(cls, value)
    return f"""{{{{{written}}}}}"""

def decode(plain):
    try:
        return make({read})
    except KeyError:
        return absent(plain)
'''
    exec(source, scope)  # noqa: S102 - made of the field names of our own classes
    return _Codec(scope["encode"], scope["decode"])


def _maker(cls: type) -> Callable[..., object]:
    """The class itself, or a faster way to its values where it has one."""
    mouldable = cls.__bases__ == (object,) and "__slots__" in cls.__dict__
    if not mouldable or hasattr(cls, "__post_init__") or not all(one.init for one in fields(cls)):
        return cls
    return mould(cls)


def _written(value: str, name: str, codec: _Codec) -> str:
    """The part of an f-string that writes what the expression `value` gives."""
    if codec.optional:
        return f"{{null if (part := {value}) is None else encode_{name}(part)}}"
    if codec.bare is not None:
        return f'"{{bare_{name}({value})}}"'
    if codec.item is not None:
        joined = f"','.join([item_{name}(one) for one in part]) if (part := {value}) else ''"
        return f"[{{{joined}}}]"
    return f"{{encode_{name}({value})}}"


def _read_back(name: str, codec: _Codec) -> str:
    """The expression that reads a field: what needs no conversion is checked in place."""
    found = f'(part := plain["{name}"])'
    if codec.plain is not None:
        kind = codec.plain.__name__
        return f"part if {found}.__class__ is {kind} else wrong({kind}, part)"
    if codec.optional:
        return f"None if {found} is None else decode_{name}(part)"
    return f'decode_{name}(plain["{name}"])'


def _wrong(expected: type, value: object) -> None:
    raise RecordError(f"expected {expected.__name__}, got {value!r}")


def _absent(cls: type, own: list[Any], codecs: dict[str, _Codec]) -> Decode:
    """The decoder of a record that lacks fields: they take their defaults, or it is refused."""

    def decode(plain: dict[str, Any]) -> Any:
        found = {}
        for item in own:
            codec = codecs[item.name]
            if item.name in plain:
                part = plain[item.name]
                found[item.name] = None if codec.optional and part is None else codec.decode(part)
            elif item.default is MISSING and item.default_factory is MISSING:
                raise RecordError(f"not a {cls.__name__}: {item.name} is missing")
        return cls(**found)

    return decode


def _union(*args: Any) -> _Codec:
    kinds = [arg for arg in args if arg is not types.NoneType]
    inner = _codec(kinds[0]) if len(kinds) == 1 else _tagged(kinds)
    return (
        replace(inner, optional=True, plain=None, bare=None, item=None)
        if types.NoneType in args
        else inner
    )


def _tagged(kinds: list[Any]) -> _Codec:
    if not all(isinstance(kind, type) and is_dataclass(kind) for kind in kinds):
        raise RecordError(f"a union of {kinds} cannot be read back: name one type")
    by_name = {kind.__name__: _codec(kind) for kind in kinds}

    def encode(value: Any) -> str:
        name = type(value).__name__
        text = by_name[name].encode(value)
        plain = _parse(text)
        return _json(
            plain | {"type": name}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )

    def decode(plain: Any) -> Any:
        rest = {key: part for key, part in plain.items() if key != "type"}
        return by_name[plain["type"]].decode(rest)

    for kind in kinds:
        if "type" in {item.name for item in fields(kind)}:
            raise RecordError(f"{kind.__name__}.type would hide which class of the union it is")
    return _Codec(encode, decode)


def _whole(hint: Any) -> _Codec:
    """The codec of an element of an array or mapping: it knows None itself."""
    codec = _codec(hint)
    if not codec.optional:
        return codec
    encode, decode = codec.encode, codec.decode
    return _Codec(
        lambda value: "null" if value is None else encode(value),
        lambda plain: None if plain is None else decode(plain),
    )


def _tuple(*hints: Any) -> _Codec:
    return _array(hints[0]) if hints[1:] == (...,) else _fixed(hints)


def _array(hint: Any) -> _Codec:
    codec = _whole(hint)
    encode, decode = codec.encode, codec.decode
    return _Codec(
        lambda values: "[" + ",".join([encode(value) for value in values]) + "]",
        lambda plain: tuple([decode(part) for part in plain]),
        item=encode,
    )


def _fixed(hints: tuple[Any, ...]) -> _Codec:
    codecs = [_whole(hint) for hint in hints]
    names = [f"item{number}" for number in range(len(codecs))]
    scope: dict[str, Any] = {}
    for name, codec in zip(names, codecs, strict=True):
        scope[f"encode_{name}"], scope[f"decode_{name}"] = codec.encode, codec.decode
        scope[f"bare_{name}"], scope[f"item_{name}"] = codec.bare, codec.item
    unpacked = "".join(f"{name}, " for name in names)
    written = ",".join(_written(*pair) for pair in zip(names, names, codecs, strict=True))
    read = "".join(f"decode_{name}({name}), " for name in names)
    source = f'''
def encode(values):
    {unpacked} = values
    return f"""[{written}]"""

def decode(plain):
    {unpacked} = plain
    return ({read})
'''
    exec(source, scope)  # noqa: S102 - made of numbers only
    return _Codec(scope["encode"], scope["decode"])


def _set(hint: Any) -> _Codec:
    codec = _whole(hint)
    encode, decode = codec.encode, codec.decode
    return _Codec(
        lambda values: "[" + ",".join(sorted([encode(value) for value in values])) + "]",
        lambda plain: frozenset([decode(part) for part in plain]),
    )


def _mapping(key: Any, hint: Any) -> _Codec:
    if key is not str:
        raise RecordError(f"keys of a mapping are text, not {key!r}")
    codec = _whole(hint)

    def encode(values: Mapping[str, Any]) -> str:
        pairs = [f"{quote(name)}:{codec.encode(values[name])}" for name in sorted(values)]
        return "{" + ",".join(pairs) + "}"

    return _Codec(encode, lambda plain: {name: codec.decode(part) for name, part in plain.items()})


def _enum(cls: type[Enum]) -> _Codec:
    members = {member.value: member for member in cls}
    if issubclass(cls, str):
        return _Codec(quote, members.__getitem__)
    if issubclass(cls, int):
        return _Codec(int.__repr__, members.__getitem__)
    text = {member: _json(member.value, ensure_ascii=False) for member in cls}
    return _Codec(text.__getitem__, members.__getitem__)


def _encode_instant(value: datetime) -> str:
    return f'"{instant_text(value)}"'


def _decode_instant(plain: str) -> datetime:
    value = datetime.fromisoformat(plain)
    if value.tzinfo is None:
        raise RecordError(f"{plain} has no time zone")
    return value.astimezone(UTC)


def _shared(hint: Any, _: type[_Shared]) -> _Codec:
    """Writes a value once, known again by identity; reads a text once, known again by its parts.

    Values are frozen all the way down, so neither can change while it is kept.
    """
    codec = _codec(hint)
    encode, decode = codec.encode, codec.decode
    texts: dict[int, tuple[object, str]] = {}
    values: dict[bytes, object] = {}

    def encode_once(value: Any) -> str:
        kept = texts.get(id(value))
        if kept is not None and kept[0] is value:
            return kept[1]
        if len(texts) >= _KEEP:
            texts.clear()
        text = encode(value)
        texts[id(value)] = (value, text)
        return text

    def decode_once(plain: Any) -> Any:
        key = _marshal(plain, _WITHOUT_REFERENCES)
        kept = values.get(key)
        if kept is None:
            if len(values) >= _KEEP:
                values.clear()
            kept = values[key] = decode(plain)
        return kept

    return replace(codec, encode=encode_once, decode=decode_once, plain=None, bare=None, item=None)


_KEEP = 8_192
_WITHOUT_REFERENCES = 2
"""The version of `marshal` whose bytes depend on nothing but the value."""


def _exactly(kind: type) -> Decode:
    def decode(plain: Any) -> Any:
        if type(plain) is not kind:
            raise RecordError(f"expected {kind.__name__}, got {plain!r}")
        return plain

    return decode


def _decode_decimal(plain: Any) -> Decimal:
    if type(plain) is not str:
        raise RecordError(f"expected a decimal as text, got {plain!r}")
    value = Decimal(plain)
    if not value.is_finite():
        raise RecordError(f"{plain} is not a finite number")
    return value


_PLAIN: dict[Any, _Codec] = {
    str: _Codec(quote, _exactly(str), plain=str),
    bool: _Codec(lambda value: "true" if value else "false", _exactly(bool), plain=bool),
    int: _Codec(int.__repr__, _exactly(int), plain=int),
    Decimal: _Codec(lambda value: f'"{decimal_text(value)}"', _decode_decimal, bare=decimal_text),
    datetime: _Codec(_encode_instant, _decode_instant, bare=instant_text),
    date: _Codec(lambda value: f'"{value.isoformat()}"', date.fromisoformat),
    time: _Codec(lambda value: f'"{value.isoformat()}"', time.fromisoformat),
}

_GENERIC: dict[Any, Callable[..., _Codec]] = {
    Annotated: _shared,
    Union: _union,
    types.UnionType: _union,
    tuple: _tuple,
    frozenset: _set,
    dict: _mapping,
    Mapping: _mapping,
}
