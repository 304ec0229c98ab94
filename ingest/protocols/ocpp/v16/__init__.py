"""OCPP 1.6 edition 2 with its errata: transactions by number, connectors without EVSEs."""
