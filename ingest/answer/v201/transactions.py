"""OCPP 2.0.1 E, Transactions: TransactionEvent is always accepted, whatever it says."""

from typing import Any

from ingest.answer import transactions
from ingest.answer.call import Answer, Call, nested, number, text
from ingest.answer.v201.authorization import id_token_info, standing
from ingest.view import View
from warehouse.registry import Change


def transaction_event(call: Call, view: View, now_ns: int) -> Answer:
    """TransactionEventResponse (E01–E15): idTokenInfo only where an idToken was given."""
    id_token = nested(call.payload, "idToken")
    transaction = text(nested(call.payload, "transactionInfo"), "transactionId")
    payload: dict[str, Any] = {}
    if id_token:
        verdict = standing(view, id_token, now_ns, besides=(call.station, transaction))
        payload["idTokenInfo"] = id_token_info(verdict)
    return Answer(payload, _changes(call, view, now_ns, transaction, text(id_token, "idToken")))


def _changes(
    call: Call, view: View, now_ns: int, transaction: str, id_token: str
) -> tuple[Change, ...]:
    event = text(call.payload, "eventType")
    if not transaction:
        return ()
    if event == "Ended":
        return transactions.ended(call, transaction, now_ns)
    if view.transaction(call.station, transaction) is not None:
        return ()
    evse = number(nested(call.payload, "evse"), "id")
    return transactions.started(view, call, transaction, now_ns, connector=evse, id_token=id_token)
