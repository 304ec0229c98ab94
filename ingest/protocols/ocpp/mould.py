"""The facts of a message, cast quickly (`billing.mould`)."""

from billing.events import MeterReading, Stamp, TransactionEvent
from billing.mould import mould

new_event = mould(TransactionEvent)
new_reading = mould(MeterReading)
new_stamp = mould(Stamp)
