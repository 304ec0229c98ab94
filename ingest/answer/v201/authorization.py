"""OCPP 2.0.1 C, Authorization: how an idToken stands."""

from typing import Any

from ingest.answer.call import Answer, Call, Payload, instant, nested, text
from ingest.authorization import Standing, Verdict, authorize
from ingest.view import View

ID_TOKEN_LIMIT = 36


def authorize_request(call: Call, view: View, now_ns: int) -> Answer:
    """AuthorizeResponse (C01–C08).

    A contract certificate can't be checked yet: it is refused with NoCertificateAvailable, and the
    token with it (C07: a certificate that is not valid makes the token Invalid).
    """
    if call.payload.get("certificate") or call.payload.get("iso15118CertificateHashData"):
        payload = {
            "idTokenInfo": {"status": "Invalid"},
            "certificateStatus": "NoCertificateAvailable",
        }
        return Answer(payload)
    verdict = standing(view, nested(call.payload, "idToken"), now_ns)
    return Answer({"idTokenInfo": id_token_info(verdict)})


def standing(
    view: View, id_token: Payload, now_ns: int, *, besides: tuple[str, str] = ("", "")
) -> Verdict:
    """The standing of an IdTokenType. NoAuthorization is a start button: nobody to refuse (C02)."""
    if text(id_token, "type") == "NoAuthorization":
        return Verdict(Standing.ACCEPTED)
    return authorize(view, text(id_token, "idToken"), now_ns, besides=besides)


def id_token_info(verdict: Verdict) -> dict[str, Any]:
    """IdTokenInfoType (part 2, 2.29)."""
    info: dict[str, Any] = {"status": verdict.standing.value}
    if 0 < len(verdict.group_id) <= ID_TOKEN_LIMIT:
        info["groupIdToken"] = {"idToken": verdict.group_id, "type": "Central"}
    if verdict.valid_until is not None:
        at_ns = int(verdict.valid_until.timestamp()) * 1_000_000_000
        info["cacheExpiryDateTime"] = instant(at_ns)
    return info
