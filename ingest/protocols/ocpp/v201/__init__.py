"""OCPP 2.0.1, and 2.1 where its messages are the same: TransactionEvent, EVSEs, typed tokens."""
