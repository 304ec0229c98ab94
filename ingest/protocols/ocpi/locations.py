"""What a Location on the wire holds beyond `billing.party.Location`: EVSEs with status and tariffs.

Versions differ in names and in which fields they have, not in this.
"""

from dataclasses import dataclass

from billing.party import EVSE, Connector, Location


@dataclass(frozen=True, slots=True)
class OfferedEVSE:
    """An EVSE as partners see it: OCPI Status, and the tariffs offered at its connectors."""

    evse: EVSE
    status: str = "UNKNOWN"
    tariff_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferedLocation:
    """A location as partners see it. `operator` is a display name; `publish` as in OCPI 2.2.1."""

    location: Location
    evses: tuple[OfferedEVSE, ...] = ()
    operator: str = ""
    publish: bool = True


def alone(location: Location, evse: EVSE, connector: Connector) -> OfferedLocation:
    """The location with only the EVSE and connector of one session: what a 2.1.1 CDR embeds."""
    only = EVSE(evse.uid, evse.evse_id, evse.ocpp_evse, (connector,))
    return OfferedLocation(location, (OfferedEVSE(only),))
