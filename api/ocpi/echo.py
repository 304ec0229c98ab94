"""Headers that every OCPI answer carries: request ids echoed, routing between parties.

OCPI 2.2.1 transport_and_format, Message routing: on functional modules only, on errors too.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.exchange import is_below

_ECHOED = ("x-request-id", "x-correlation-id")


class EchoHeaders:
    """ASGI shell: adds the headers to whatever is answered below `/ocpi`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on whatever is not OCPI."""
        if scope["type"] != "http" or not is_below(scope["path"], "/ocpi"):
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name in _ECHOED:
                    if name in asked:
                        headers[name] = asked[name]
                for name, value in _routing(scope.get("state", {})).items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with)


def _routing(state: dict[str, tuple[str, str]]) -> dict[str, str]:
    if "ocpi_to" not in state:
        return {}
    routed: dict[str, str] = {}
    for way in ("to", "from"):
        country_code, party_id = state[f"ocpi_{way}"]
        routed |= {f"OCPI-{way}-country-code": country_code, f"OCPI-{way}-party-id": party_id}
    return routed
