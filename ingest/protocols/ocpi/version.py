"""The table that a version fills: one read and one write per module."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from billing.cdr import CDR
from billing.party import Token
from billing.tariff import Tariff
from ingest.protocols.ocpi.locations import OfferedLocation
from ingest.protocols.ocpi.sessions import SharedSession
from ingest.protocols.ocpi.wire import Notes, Wire

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Module(Generic[T]):
    """A module of one version: wire object → value with notes, and value → wire object."""

    read: Callable[[Wire], tuple[T, Notes]]
    write: Callable[[T], Wire]


@dataclass(frozen=True, slots=True)
class VersionModules:
    """All modules of one version, under OCPI's own names."""

    cdrs: Module[CDR]
    locations: Module[OfferedLocation]
    sessions: Module[SharedSession]
    tariffs: Module[Tariff]
    tokens: Module[Token]
