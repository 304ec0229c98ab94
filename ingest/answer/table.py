"""Which function answers which action: every one a charger may send, per protocol."""

from collections.abc import Callable, Mapping

from ingest.answer import registration
from ingest.answer.call import Answer, Call
from ingest.answer.v16 import core, firmware, security
from ingest.answer.v201 import (
    authorization,
    availability,
    certificates,
    data_transfer,
    diagnostics,
    display,
    metering,
    provisioning,
    reservation,
    smart_charging,
    transactions,
)
from ingest.answer.v201 import firmware as firmware_201
from ingest.answer.v201 import security as security_201
from ingest.view import View

Answerer = Callable[[Call, View, int], Answer]
V16, V201 = "ocpp1.6", "ocpp2.0.1"

_V16: Mapping[str, Answerer] = {
    "Authorize": core.authorize_request,
    "BootNotification": core.boot_notification,
    "DataTransfer": core.data_transfer,
    "DiagnosticsStatusNotification": firmware.diagnostics_status_notification,
    "FirmwareStatusNotification": firmware.firmware_status_notification,
    "Heartbeat": registration.heartbeat,
    "LogStatusNotification": security.log_status_notification,
    "MeterValues": core.meter_values,
    "SecurityEventNotification": security.security_event_notification,
    "SignCertificate": security.sign_certificate,
    "SignedFirmwareStatusNotification": security.signed_firmware_status_notification,
    "StartTransaction": core.start_transaction,
    "StatusNotification": core.status_notification,
    "StopTransaction": core.stop_transaction,
}
_V201: Mapping[str, Answerer] = {
    "Authorize": authorization.authorize_request,
    "BootNotification": provisioning.boot_notification,
    "ClearedChargingLimit": smart_charging.cleared_charging_limit,
    "DataTransfer": data_transfer.data_transfer,
    "FirmwareStatusNotification": firmware_201.firmware_status_notification,
    "Get15118EVCertificate": certificates.get_15118_ev_certificate,
    "GetCertificateStatus": certificates.get_certificate_status,
    "Heartbeat": registration.heartbeat,
    "LogStatusNotification": diagnostics.log_status_notification,
    "MeterValues": metering.meter_values,
    "NotifyChargingLimit": smart_charging.notify_charging_limit,
    "NotifyCustomerInformation": diagnostics.notify_customer_information,
    "NotifyDisplayMessages": display.notify_display_messages,
    "NotifyEVChargingNeeds": smart_charging.notify_ev_charging_needs,
    "NotifyEVChargingSchedule": smart_charging.notify_ev_charging_schedule,
    "NotifyEvent": diagnostics.notify_event,
    "NotifyMonitoringReport": diagnostics.notify_monitoring_report,
    "NotifyReport": provisioning.notify_report,
    "PublishFirmwareStatusNotification": firmware_201.publish_firmware_status_notification,
    "ReportChargingProfiles": smart_charging.report_charging_profiles,
    "ReservationStatusUpdate": reservation.reservation_status_update,
    "SecurityEventNotification": security_201.security_event_notification,
    "SignCertificate": security_201.sign_certificate,
    "StatusNotification": availability.status_notification,
    "TransactionEvent": transactions.transaction_event,
}
ANSWERS: Mapping[str, Mapping[str, Answerer]] = {V16: _V16, V201: _V201}
"""By subprotocol, then action."""

NOTED = frozenset(("MeterValues", "NotifyEvent", "SecurityEventNotification"))
"""Busy notifications that change nothing: `EMPTY` is the answer, whatever they say."""

PATIENT = frozenset(
    {
        "Authorize",
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "SecurityEventNotification",
        "SignedFirmwareStatusNotification",
        "StatusNotification",
    }
)
"""Beside the money messages: answered normally whatever shape they have.

Chargers repeat a refused boot for ever and hang up after a few refused notifications.
"""
