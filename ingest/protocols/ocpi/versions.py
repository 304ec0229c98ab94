"""Versions and version details: which OCPI versions and modules stand where.

OCPI 2.2.1 version_information_endpoint; 2.1.1 says no role of an endpoint.
"""

from dataclasses import dataclass

from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import VERSIONS, check
from ingest.protocols.ocpi.wire import Notes, Wire


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a module is served. `role` is SENDER or RECEIVER; "" in 2.1.1, which does not say."""

    module: str
    role: str
    url: str


def write_versions(urls: dict[str, str]) -> list[Wire]:
    """The list of versions, version → absolute URL of its details, in the order given."""
    return [{"version": version, "url": url} for version, url in urls.items()]


def read_versions(wire: list[Wire]) -> dict[str, str]:
    """version → URL of its details; raises MalformedObjectError."""
    urls = {}
    for index, item in enumerate(wire):
        fields = Reader(item, f"/{index}")
        urls[fields.text("version")] = fields.text("url")
        fields.finish("Versions")
    return urls


def write_details(version: str, endpoints: tuple[Endpoint, ...]) -> Wire:
    """Version details; of two roles of one module 2.1.1 names each by its URL only."""
    return {
        "version": version,
        "endpoints": [
            {"identifier": e.module, "url": e.url}
            if version == "2.1.1"
            else {"identifier": e.module, "role": e.role, "url": e.url}
            for e in endpoints
        ],
    }


def read_details(wire: Wire) -> tuple[str, tuple[Endpoint, ...], Notes]:
    """The version named, its endpoints, and notes (none for a version not spoken here)."""
    fields = Reader(wire)
    version = fields.text("version")
    endpoints = tuple(
        Endpoint(e.text("identifier"), e.text("role", ""), e.text("url"))
        for e in fields.objects("endpoints", required=True)
    )
    checked = check(version, "VersionDetails", wire) if version in VERSIONS else ()
    return version, endpoints, fields.finish("VersionDetails", checked)
