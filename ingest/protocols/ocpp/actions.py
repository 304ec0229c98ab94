"""Which actions there are, and who may send them, per version of OCPP.

OCPP 1.6 §3 with the security white paper; OCPP 2.0.1 part 2; OCPP 2.1 part 2. Only names: the
shapes are in the schemas.
"""

from dataclasses import dataclass

VERSIONS = {
    "ocpp1.6": "v16",
    "ocpp2.0.1": "v201",
    "ocpp2.1": "v21",
    "v16": "v16",
    "v201": "v201",
    "v21": "v21",
}
"""Subprotocol (or version) to version."""


@dataclass(frozen=True, slots=True)
class Actions:
    """`from_charger` a charger may send, `from_csms` we may send; DataTransfer goes both ways."""

    from_charger: frozenset[str]
    from_csms: frozenset[str]

    def __contains__(self, action: object) -> bool:
        return action in self.from_charger or action in self.from_csms


def known_actions(version: str) -> Actions:
    """Of `v16`, `v201`, `v21` (or the subprotocol). KeyError for another version."""
    return _ACTIONS[VERSIONS[version]]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CHARGER_16 = _names("""
    Authorize BootNotification DataTransfer DiagnosticsStatusNotification
    FirmwareStatusNotification Heartbeat LogStatusNotification MeterValues
    SecurityEventNotification SignCertificate SignedFirmwareStatusNotification StartTransaction
    StatusNotification StopTransaction
""")
_CSMS_16 = _names("""
    CancelReservation CertificateSigned ChangeAvailability ChangeConfiguration ClearCache
    ClearChargingProfile DataTransfer DeleteCertificate ExtendedTriggerMessage
    GetCompositeSchedule GetConfiguration GetDiagnostics GetInstalledCertificateIds
    GetLocalListVersion GetLog InstallCertificate RemoteStartTransaction RemoteStopTransaction
    ReserveNow Reset SendLocalList SetChargingProfile SignedUpdateFirmware TriggerMessage
    UnlockConnector UpdateFirmware
""")
_CHARGER_201 = _names("""
    Authorize BootNotification ClearedChargingLimit DataTransfer FirmwareStatusNotification
    Get15118EVCertificate GetCertificateStatus Heartbeat LogStatusNotification MeterValues
    NotifyChargingLimit NotifyCustomerInformation NotifyDisplayMessages NotifyEVChargingNeeds
    NotifyEVChargingSchedule NotifyEvent NotifyMonitoringReport NotifyReport
    PublishFirmwareStatusNotification ReportChargingProfiles ReservationStatusUpdate
    SecurityEventNotification SignCertificate StatusNotification TransactionEvent
""")
_CSMS_201 = _names("""
    CancelReservation CertificateSigned ChangeAvailability ClearCache ClearChargingProfile
    ClearDisplayMessage ClearVariableMonitoring CostUpdated CustomerInformation DataTransfer
    DeleteCertificate GetBaseReport GetChargingProfiles GetCompositeSchedule GetDisplayMessages
    GetInstalledCertificateIds GetLocalListVersion GetLog GetMonitoringReport GetReport
    GetTransactionStatus GetVariables InstallCertificate PublishFirmware
    RequestStartTransaction RequestStopTransaction ReserveNow Reset SendLocalList
    SetChargingProfile SetDisplayMessage SetMonitoringBase SetMonitoringLevel SetNetworkProfile
    SetVariableMonitoring SetVariables TriggerMessage UnlockConnector UnpublishFirmware
    UpdateFirmware
""")
_CHARGER_21 = _CHARGER_201 | _names("""
    BatterySwap ClosePeriodicEventStream GetCertificateChainStatus NotifyDERAlarm
    NotifyDERStartStop NotifyPeriodicEventStream NotifyPriorityCharging NotifySettlement
    OpenPeriodicEventStream PullDynamicScheduleUpdate ReportDERControl VatNumberValidation
""")
_CSMS_21 = _CSMS_201 | _names("""
    AFRRSignal AdjustPeriodicEventStream ChangeTransactionTariff ClearDERControl ClearTariffs
    GetDERControl GetPeriodicEventStream GetTariffs NotifyAllowedEnergyTransfer
    NotifyWebPaymentStarted RequestBatterySwap SetDERControl SetDefaultTariff
    UpdateDynamicSchedule UsePriorityCharging
""")
_ACTIONS = {
    "v16": Actions(_CHARGER_16, _CSMS_16),
    "v201": Actions(_CHARGER_201, _CSMS_201),
    "v21": Actions(_CHARGER_21, _CSMS_21),
}

MONEY = _names("StartTransaction StopTransaction MeterValues TransactionEvent")
"""Messages that carry energy: never answered with CALLERROR, held when they cannot be read."""
