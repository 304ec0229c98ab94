"""Where a session took place: the EVSE and connector of a station that its numbers mean.

OCPP 1.6 numbers the outlets of a station, whichever EVSE they belong to; 2.0.1 numbers EVSEs and,
within each, connectors. Chargers leave either out.
"""

from billing.billable import Place
from billing.party import EVSE, Connector, Station


def outlet(station: Station, session: Place) -> tuple[EVSE | None, Connector | None]:
    """The EVSE numbered `session.evse` and its connector; a single one needs no number."""
    evse = next((one for one in station.evses if one.ocpp_evse == session.evse), None)
    if evse is None and not session.evse and len(station.evses) == 1:
        evse = station.evses[0]
    return evse, _connector(evse, session) if evse else None


def _connector(evse: EVSE, session: Place) -> Connector | None:
    named = next((one for one in evse.connectors if one.id == session.connector), None)
    implied = len(evse.connectors) == 1 and (not session.connector or session.protocol == "ocpp1.6")
    return named or (evse.connectors[0] if implied else None)
