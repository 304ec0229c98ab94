"""OCPI 2.3.0: each module's read and write, side by side."""

from ingest.protocols.ocpi.v230 import cdrs, locations, sessions, tariffs, tokens
from ingest.protocols.ocpi.version import Module, VersionModules

MODULES = VersionModules(
    cdrs=Module(cdrs.read, cdrs.write),
    locations=Module(locations.read, locations.write),
    sessions=Module(sessions.read, sessions.write),
    tariffs=Module(tariffs.read, tariffs.write),
    tokens=Module(tokens.read, tokens.write),
)
