"""OCPP 2.0.1 O, Display messages."""

from ingest.answer.call import EMPTY, Answer, Call
from ingest.view import View


def notify_display_messages(_call: Call, _view: View, _now_ns: int) -> Answer:
    """NotifyDisplayMessagesResponse (O03, O04): empty."""
    return EMPTY
