"""OCPP 1.6 Core: authorize, boot, transactions, meter values, status, data transfer (§4)."""

from typing import Any

from ingest.answer import registration, status, transactions
from ingest.answer.call import EMPTY, Answer, Call, instant, number, text
from ingest.authorization import Standing, Verdict, authorize
from ingest.view import View
from warehouse.registry import Change

ID_TAG_LIMIT = 20
"""CiString20Type: a longer group id can't be told to a charge point."""


def authorize_request(call: Call, view: View, now_ns: int) -> Answer:
    """Authorize.conf (§4.1): how the idTag stands now."""
    return Answer({"idTagInfo": _id_tag_info(authorize(view, text(call.payload, "idTag"), now_ns))})


def boot_notification(call: Call, view: View, now_ns: int) -> Answer:
    """BootNotification.conf (§4.2)."""
    plate = {
        "vendor": text(call.payload, "chargePointVendor"),
        "model": text(call.payload, "chargePointModel"),
        "serial_number": text(call.payload, "chargePointSerialNumber")
        or text(call.payload, "chargeBoxSerialNumber"),
        "firmware": text(call.payload, "firmwareVersion"),
    }
    return registration.boot(call, view, now_ns, plate)


def start_transaction(call: Call, view: View, now_ns: int) -> Answer:
    """StartTransaction.conf (§4.8): the id this start has, or the next one of the sequence.

    A stamp that tells nothing repeats itself with every charge: then no ended transaction is meant.
    The token's standing never decides whether there is an id: what was charged is charged.
    """
    identity = transactions.identity(call)
    id_tag = text(call.payload, "idTag")
    known = view.start(call.station, identity)
    if known is not None and known["ended_ns"] and transactions.is_undated(call):
        known = None
    transaction = view.next_transaction() if known is None else int(known["transaction"])
    verdict = authorize(view, id_tag, now_ns, besides=(call.station, str(transaction)))
    payload = {"transactionId": transaction, "idTagInfo": _id_tag_info(verdict)}
    if known is not None:
        return Answer(payload)
    opened = transactions.started(
        view,
        call,
        str(transaction),
        now_ns,
        identity=identity,
        connector=number(call.payload, "connectorId"),
        id_token=id_tag,
    )
    following = Change("sequence", ("transaction",), {"next": transaction + 1})
    return Answer(payload, (following, *opened))


def stop_transaction(call: Call, view: View, now_ns: int) -> Answer:
    """StopTransaction.conf (§4.10): always accepted; idTagInfo only where an idTag was given."""
    transaction = text(call.payload, "transactionId")
    payload: dict[str, Any] = {}
    id_tag = text(call.payload, "idTag")
    if id_tag:
        besides = (call.station, transaction)
        payload["idTagInfo"] = _id_tag_info(authorize(view, id_tag, now_ns, besides=besides))
    return Answer(payload, transactions.ended(call, transaction, now_ns))


def meter_values(_call: Call, _view: View, _now_ns: int) -> Answer:
    """MeterValues.conf (§4.7): empty; the log has the values."""
    return EMPTY


def status_notification(call: Call, view: View, now_ns: int) -> Answer:
    """StatusNotification.conf (§4.9). Connector 0 is the charge point itself."""
    connector = number(call.payload, "connectorId")
    values = {
        "status": text(call.payload, "status"),
        "error_code": text(call.payload, "errorCode"),
        "info": text(call.payload, "info"),
        "stamp": text(call.payload, "timestamp"),
    }
    return Answer({}, status.report(call, view, now_ns, (connector, connector), values))


def data_transfer(_call: Call, _view: View, _now_ns: int) -> Answer:
    """DataTransfer.conf (§4.3): no vendor's extension is spoken here; the log has the data."""
    return Answer({"status": "UnknownVendorId"})


def _id_tag_info(verdict: Verdict) -> dict[str, Any]:
    """IdTagInfo (§7.19). What 2.0.1 calls Unknown is Invalid here."""
    unknown = verdict.standing is Standing.UNKNOWN
    info: dict[str, Any] = {"status": "Invalid" if unknown else verdict.standing.value}
    if 0 < len(verdict.group_id) <= ID_TAG_LIMIT:
        info["parentIdTag"] = verdict.group_id
    if verdict.valid_until is not None:
        info["expiryDate"] = instant(int(verdict.valid_until.timestamp()) * 1_000_000_000)
    return info
