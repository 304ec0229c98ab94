"""One entry of the log as the OCPP readers need it: who said which text when, on which connection.

Knows nothing of how the log stores it.
"""

from dataclasses import dataclass
from datetime import datetime

from billing.finding import Source


@dataclass(frozen=True, slots=True)
class Message:
    """A frame in or out, or a connection opened or closed.

    `protocol` is the negotiated subprotocol: `ocpp1.6`, `ocpp2.0.1`, `ocpp2.1`. `direction` is
    `in` (charger to us) or `out`. `kind` is the log's: `message` or `connection`; the text of a
    connection entry is a JSON object whose `event` (or `action`) ends in `opened` or `closed`.
    """

    source: Source
    received_at: datetime
    station: str
    protocol: str
    direction: str
    connection: str
    kind: str
    text: str
